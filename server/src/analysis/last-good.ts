// When the last good model of an entry stays, because what was made from the present text is worse, and where it is shown.

import type { Problem } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { DataFlow, SourceReader } from '../frontends/shared/frontend.ts';
import type { ModelEntry, NetworkGraph } from '../network/network-graph.ts';
import { isSyntaxError, type AnalyzedModel } from './analyzed-model.ts';
import { isLayer } from './document-layers.ts';
import { shiftRange, textShift, type TextShift } from './text-shift.ts';

/** A model with the texts that it was made from. */
export interface GoodModel {
  readonly entry: ModelEntry;
  readonly graph: NetworkGraph;
  readonly flows: readonly DataFlow[];
  readonly problems: readonly Problem[];
  readonly dependencies: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

/** Whether a text could not be read somewhere. */
export function isBroken(problems: readonly Problem[]): boolean {
  return problems.some(isSyntaxError);
}

/** A half-typed line swallows layers; a text with an error elsewhere still gives all of them. */
export function isNoPoorer(graph: NetworkGraph, last: NetworkGraph): boolean {
  const layers = (of: NetworkGraph): number => of.ops.filter(isLayer).length;
  const gaps = (of: NetworkGraph): number =>
    of.unknowns.length + of.ops.filter(({ attributes }) => attributes.kind === 'opaque').length;
  return layers(graph) >= layers(last) && gaps(graph) <= gaps(last);
}

/** What is shown of a model whose text does not hold any more: everything where it has been moved to by the edits since. */
export function staleModel(good: GoodModel, present: Pick<SourceReader, 'read'>): AnalyzedModel {
  const shifts = new Map<string, TextShift>();
  const place = (span: SourceSpan): SourceSpan | undefined => {
    const before = good.texts.get(span.document);
    if (before === undefined) return span;
    let shift = shifts.get(span.document);
    if (shift === undefined) {
      shift = textShift(before, present.read(span.document) ?? '');
      shifts.set(span.document, shift);
    }
    const range = shiftRange(shift, span.start, span.end);
    return range && { document: span.document, ...range };
  };
  return { ...good, stale: true, place };
}
