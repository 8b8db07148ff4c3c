// What a question is answered with: made by the analysis thread, handed to each feature.

import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { CommittedModels } from '../analysis/committed-models.ts';
import type { Settings } from '../protocol/settings.ts';
import { TextPositions } from './positions.ts';
import type { ProjectFiles } from './project-files.ts';

export interface AnalysisContext {
  readonly session: AnalysisSession;
  readonly projects: ProjectFiles;
  /** Models at the last commit; undefined where no repository can be read. */
  readonly committed: CommittedModels | undefined;
  /** Those of the document that is asked about. */
  readonly settings: Settings;
  /** The workspace's folders: URIs without a trailing slash. */
  readonly roots: readonly string[];
  /** Whether a file or folder is there. */
  readonly exists: (uri: string) => boolean;
  /** Whether the client shows annotated edits before it applies them. */
  readonly canPreview: boolean;
  /** Whether the client asks for an action's edit when it is chosen. */
  readonly canResolve: boolean;
}

/** Positions in the present text of a document, open or on disk; undefined when there is no such document. */
export function positionsIn(session: AnalysisSession, uri: string): TextPositions | undefined {
  const lines = session.linesOf(uri);
  return lines === undefined ? undefined : new TextPositions(lines);
}
