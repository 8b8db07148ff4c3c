// What a choice of widths is worth before any network is rebuilt for it: the multiply-adds that are left. A layer's are in
// proportion to its width and to that of its input, so the map of channels says how much of them stays.

import { elementCount } from '../network/shape.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import { channelAxisOf, widthsOf } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import type { SlopesOf, WidthEnd, WidthUnit } from './constraints.ts';

interface Layer {
  readonly operations: number;
  readonly ends: readonly { readonly width: number; readonly slopes: ReadonlyMap<string, number> }[];
}

export class Savings {
  readonly #layers: readonly Layer[];
  readonly #before: ReadonlyMap<string, number>;

  constructor(graph: NetworkGraph, slopesOf: SlopesOf, units: readonly WidthUnit[]) {
    this.#before = new Map(units.map(({ key, before }) => [key, before]));
    this.#layers = graph.ops.flatMap((op): readonly Layer[] => {
      const operations = operationsOf(graph, op);
      if (operations === 0) return [];
      const widths = widthsOf(op.attributes);
      const ends = (['out', 'in'] satisfies WidthEnd[]).flatMap((end) => {
        const width = widths[end];
        return width === undefined ? [] : [{ width, slopes: slopesOf(op, end) }];
      });
      return [{ operations, ends }];
    });
  }

  /** The multiply-adds of one image that layers with weights have at these widths, by unit key. */
  left(widths: ReadonlyMap<string, number>): number {
    return this.#layers.reduce((sum, { operations, ends }) => {
      const share = ends.reduce((product, { width, slopes }) => {
        let now = width;
        for (const [key, slope] of slopes) {
          const before = this.#before.get(key) ?? 0;
          now += slope * ((widths.get(key) ?? before) - before);
        }
        return (product * now) / width;
      }, 1);
      return sum + operations * share;
    }, 0);
  }
}

/** Each weight is used once a position of the output. */
function operationsOf(graph: NetworkGraph, op: Op): number {
  const weight = op.parameters.find(({ role }) => role === 'weight');
  const [output] = op.outputs;
  if (weight === undefined || output === undefined) return 0;
  const { shape } = valueOf(graph, output);
  const width = shape[channelAxisOf(op, shape.length) ?? 1];
  const elements = elementCount(shape);
  const weights = elementCount(weight.shape);
  if (elements === undefined || weights === undefined || typeof width !== 'number') return 0;
  return (weights * elements) / width;
}
