// When the last good model of an entry stays, because what was made from the present text is worse.

import type { Problem } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import { isSyntaxError } from './analyzed-model.ts';
import { isLayer } from './document-layers.ts';

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
