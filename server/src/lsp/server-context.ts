// What the features of the server work with: made once in server.ts, handed to each.

import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { MethodBackend } from './method-backend.ts';
import type { ProjectFiles } from './project-files.ts';
import { TextPositions } from './positions.ts';
import type { ServerLog } from './server-log.ts';
import type { SettingsStore } from './settings-store.ts';
import type { WorkspaceRuns } from './workspace-runs.ts';

export interface ServerContext {
  readonly session: AnalysisSession;
  readonly settings: SettingsStore;
  readonly log: ServerLog;
  readonly projects: ProjectFiles;
  readonly runs: WorkspaceRuns;
  /** Absent where the trainer is not installed. */
  readonly methods: MethodBackend | undefined;
  /** The workspace's folders: URIs without a trailing slash. */
  readonly roots: () => readonly string[];
  /** Whether the client shows annotated edits before it applies them. */
  readonly canPreview: () => boolean;
  /** The open document of a URI. */
  readonly openDocument: (uri: string) => TextDocument | undefined;
}

/** Positions in the present text of a document, open or on disk; undefined when there is no such document. */
export function positionsIn(session: AnalysisSession, uri: string): TextPositions | undefined {
  const text = session.textOf(uri);
  return text === undefined ? undefined : new TextPositions(text);
}
