// Alive counts from a file (spec 5.1, 5.4), of a run here or of the published implementation, as a proposal for a model.

import type { Result } from '../common/problem.ts';
import type { DeviceProfile } from '../costs/device-profile.ts';
import type { Fallback } from '../structure/alive-counts.ts';
import { structureOfCounts, withoutCommonPrefix } from '../structure/alive-counts.ts';
import { proposeWidths } from '../structure/propose-widths.ts';
import { channelCounts } from '../structure/rebuild-graph.ts';
import type { AnalysisSession, AttachedProposal } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';

export type { Fallback } from '../structure/alive-counts.ts';

export interface CountsOptions {
  /** What becomes of layers that the file does not name. */
  readonly fallback: Fallback;
  /** Whether a layer at 0 keeps a channel. */
  readonly keepFirst: boolean;
  /** Whether the file's names lose the first part that all of them share. */
  readonly removeCommonPrefix: boolean;
  readonly device: DeviceProfile;
}

/** Reads a file of counts: an object of whole numbers by layer. */
export function parseAliveCounts(text: string): Result<ReadonlyMap<string, number>> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { ok: false, error: 'it is no JSON' };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { ok: false, error: 'it holds no object of counts by layer, { "conv1": 13 }' };
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(content);
  const counts = new Map<string, number>();
  for (const [name, count] of entries) {
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) {
      return { ok: false, error: `${name} has ${JSON.stringify(count)}, which is no number of channels` };
    }
    counts.set(name, count);
  }
  if (counts.size === 0) return { ok: false, error: 'it names no layer' };
  return { ok: true, value: counts };
}

/** What the counts come to for a model; fails with a sentence when they don't fit it. */
export function countedProposal(
  session: AnalysisSession,
  { graph, entry }: AnalyzedModel,
  counts: ReadonlyMap<string, number>,
  options: CountsOptions,
): Result<AttachedProposal> {
  const grouping = session.grouping(graph);
  const names = [...counts.keys()];
  const stripped = options.removeCommonPrefix ? withoutCommonPrefix(names) : names;
  const named = new Map(stripped.map((name, index) => [name, counts.get(names[index] ?? '') ?? 0]));
  const structure = structureOfCounts(grouping, named, options.fallback, options.keepFirst ? 1 : 0);
  if (!structure.ok) return structure;
  const { widths, dead, matched } = structure.value;
  if (matched === 0)
    return { ok: false, error: `No layer of the model is called as the counts are, ${names[0] ?? ''}` };
  const proposed = proposeWidths(grouping, channelCounts(grouping, widths), options.device, 0, dead);
  if (!proposed.ok) return proposed;
  return {
    ok: true,
    value: { runId: 'alive counts', entry: entry.name, input: entry.input.shapes, proposal: proposed.value.proposal },
  };
}
