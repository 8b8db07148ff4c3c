// What the server asks of the method beyond one run: where networks are scaled, and who does it. Composed in main/.

import type { Result } from '../common/problem.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { ExpandedProposal } from '../protocol/run-files.ts';

/** Paths are absolute. Errors are sentences with a remedy. */
export interface MethodBackend {
  /** Scales the widths that a run proposes, and keeps what comes out in its folder. */
  expand(runFolder: string, request: ExpansionRequest): Promise<Result<ExpandedProposal>>;
}
