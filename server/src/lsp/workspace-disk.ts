// What the server asks of the disk; main/ gives it Node's.

import type { SessionOptions } from '../analysis/analysis-session.ts';

/** Reads files below allowed folders only. Folders are URIs without a trailing slash. */
export type WorkspaceDisk = SessionOptions['disk'] & {
  /** Source files of the workspace's folders. */
  sourceFiles?(): readonly string[];
  /** Whether a file or folder is there, wherever: nothing of it is read. */
  exists(uri: string): boolean;
  /** Replaces the folders that may be read; `libraries` are looked up after the workspace. */
  allow(folders: { readonly workspace: readonly string[]; readonly libraries: readonly string[] }): void;
  /** Lets one more file be read, wherever it lies: the user has opened it. */
  allowFile(document: string): void;
};
