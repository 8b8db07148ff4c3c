// Layers as Keras itself describes them, and where a network that was read differs from that.

import * as v from 'valibot';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import type { Op } from '../server/src/network/op.ts';

export const layerSchema = v.object({
  name: v.string(),
  shape: v.array(v.nullable(v.number())),
  params: v.number(),
  line: v.number(),
});
export type KerasLayer = v.InferOutput<typeof layerSchema>;

/** The ops of a layer, in order. */
export function opsOfLayer(graph: NetworkGraph, name: string): readonly Op[] {
  return graph.ops.filter((op) => op.name === name || op.name.startsWith(`${name}/`));
}

/** What of a layer's shape and parameters differs from what Keras says, as a sentence; undefined when nothing does. */
export function layerDifference(graph: NetworkGraph, layer: KerasLayer): string | undefined {
  const ops = opsOfLayer(graph, layer.name);
  const last = ops.at(-1);
  if (last === undefined) return layer.params > 0 ? `${layer.name} is not there` : undefined;
  const shape = graph.values[last.outputs[0] ?? -1]?.shape.slice(1) ?? [];
  const fits = shape.length === layer.shape.length && shape.every((size, i) => (layer.shape[i] ?? size) === size);
  if (!fits) return `${layer.name} gives ${JSON.stringify(shape)} instead of ${JSON.stringify(layer.shape)}`;
  const params = trainedParams(ops);
  return params === layer.params
    ? undefined
    : `${layer.name} has ${String(params)} parameters instead of ${String(layer.params)}`;
}

function trainedParams(ops: readonly Op[]): number {
  const sizes = new Map(
    ops.flatMap(({ parameters }) =>
      parameters
        .filter(({ role }) => !role.startsWith('running'))
        .map(({ id, shape }) => [id, shape.reduce<number>((all, size) => all * Number(size), 1)] as const),
    ),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
