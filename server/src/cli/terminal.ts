// Where a command writes, and what it is told about that place. Commands never touch `process` themselves.

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
}
