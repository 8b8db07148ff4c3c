// One evaluated entry of a document, and where its places stand in the text as it is now.

import type { Problem } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { DataFlow } from '../frontends/shared/frontend.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';

/**
 * A model as features see it. While the source is broken this is the last good one: `stale` is then true and spans
 * belong to an older text, so features ask `place` before they show one.
 */
export interface AnalyzedModel {
  readonly entry: ModelEntry;
  readonly graph: NetworkGraph;
  /** Where tensors of the network get names in the source. */
  readonly flows: readonly DataFlow[];
  readonly problems: readonly Problem[];
  /** Documents that were read or looked for. */
  readonly dependencies: readonly string[];
  readonly stale: boolean;
  /** The span in the present text, or undefined when an edit since then touched it. */
  readonly place: (span: SourceSpan) => SourceSpan | undefined;
}

/** What is known of one document. */
export interface DocumentAnalysis {
  readonly document: string;
  readonly languageId: string;
  /** Best first; the first is the chosen entry. At most `maxModels` of them. */
  readonly models: readonly AnalyzedModel[];
  /** Findings in the present text, from any document that was read. */
  readonly problems: readonly Problem[];
  /** Documents that were read or looked for, itself among them. */
  readonly dependencies: readonly string[];
}

/** Whether the text itself could not be read somewhere, so that what was made from it may be a part only. */
export function isSyntaxError({ severity, code }: Problem): boolean {
  return severity === 'error' && code.split('-').includes('syntax');
}

/** The models of other documents that may have something to show in a document. */
export function partlyIn(document: string, models: readonly AnalyzedModel[]): readonly AnalyzedModel[] {
  return models.filter(({ dependencies }) => dependencies.includes(document));
}
