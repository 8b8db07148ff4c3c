// Where a command writes, and what it is told about that place. Commands never touch `process` themselves.

import type { MethodMessage, MethodPart } from '../protocol/method-messages.ts';

export interface Terminal {
  /** Results, to standard output. */
  readonly write: (text: string) => void;
  /** Messages about the work, to standard error. */
  readonly note: (text: string) => void;
  /** Whether standard error is watched by a person. */
  readonly isInteractive: boolean;
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  /** Calls back at every Ctrl-C in place of ending the program, until released. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Hears how a command of several trainings goes on, where a program follows it. */
  readonly follow?: (message: Exclude<MethodMessage, { readonly kind: 'ended' }>) => void;
}

/** Says which of a command's trainings begins. */
export function announcePart(terminal: Terminal, part: MethodPart): void {
  terminal.note(`${part.title} (${String(part.number)} of ${String(part.of)}):\n`);
  terminal.follow?.({ kind: 'part', ...part });
}
