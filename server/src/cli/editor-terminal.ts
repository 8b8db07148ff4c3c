// The place where a command works when an editor has started it: it tells how it goes on in lines of JSON, and stops when the
// editor says so or is gone.

import { createInterface } from 'node:readline';
import { stopWord, type ExperimentMessage } from '../protocol/experiment-messages.ts';
import type { Terminal } from './terminal.ts';

export interface EditorTerminal {
  readonly terminal: Terminal;
  /** Says the last line and lets the process end. */
  readonly end: (ok: boolean) => void;
}

export function createEditorTerminal(input: NodeJS.ReadStream, output: NodeJS.WriteStream): EditorTerminal {
  const listeners = new Set<() => void>();
  let stops = false;
  let lastNote = '';
  const tell = (message: ExperimentMessage): void => void output.write(`${JSON.stringify(message)}\n`);
  const stop = (): void => {
    stops = true;
    for (const listener of listeners) listener();
  };
  const lines = createInterface({ input });
  lines.on('line', (line) => {
    if (line === stopWord) stop();
  });
  const stopWithEditor = (): void => {
    if (!stops) stop();
  };
  lines.on('close', stopWithEditor);
  return {
    terminal: {
      // The result is kept in a file, which the editor reads.
      write: () => undefined,
      note: (text) => {
        if (text.trim() !== '') lastNote = text.trim();
      },
      isInteractive: false,
      folder: process.cwd(),
      onInterrupt: (listener) => {
        listeners.add(listener);
        // Asked between two trainings: the next one stops as it begins.
        if (stops) listener();
        return () => listeners.delete(listener);
      },
      follow: tell,
    },
    end: (ok) => {
      lines.off('close', stopWithEditor);
      lines.close();
      input.destroy();
      tell({ kind: 'ended', ok, message: ok ? '' : lastNote });
    },
  };
}
