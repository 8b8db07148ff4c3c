// What has to fit before the first step: data to network, network to engine.

import type { Result } from '../../common/problem.ts';
import { opOf, valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { RunLoss } from '../../protocol/run-config.ts';
import { formatShape } from '../../network/shape.ts';
import type { DataSet, ImageShape } from '../data/data-set.ts';
import { shapeIn } from '../data/image-layout.ts';
import type { Engine, Optimizer } from '../engines/engine.ts';
import { imageLayoutOf } from './image-layout-of.ts';
import { objectiveOf, ownScript } from './objective.ts';

/** The images that the network takes: what data sets are read for. */
export function imageShapeOf(graph: NetworkGraph): Result<ImageShape> {
  const [input] = graph.inputs;
  const shape = input === undefined ? [] : valueOf(graph, input).shape.slice(1);
  const [first, second, third] = shape;
  const [channels, height, width] = imageLayoutOf(graph) === 'hwc' ? [third, first, second] : [first, second, third];
  if (shape.length === 3 && typeof channels === 'number' && typeof height === 'number' && typeof width === 'number')
    return { ok: true, value: [channels, height, width] };
  return {
    ok: false,
    error: `The network must take images (channels × height × width), but it takes ${formatShape(shape)}. Name the model's input in its file, # morphnet: input=3x32x32`,
  };
}

/** The images that the network makes, channels first. */
export function outputImagesOf(graph: NetworkGraph): readonly ImageShape[] {
  return graph.outputs.flatMap((output): readonly ImageShape[] => {
    const shape = valueOf(graph, output).shape.slice(1);
    const [first, second, third] = shape;
    const [channels, height, width] = imageLayoutOf(graph) === 'hwc' ? [third, first, second] : [first, second, third];
    return shape.length === 3 && typeof channels === 'number' && typeof height === 'number' && typeof width === 'number'
      ? [[channels, height, width]]
      : [];
  });
}

/** Why this network can't be trained on this data by this engine; undefined when it can. */
export function misfitOf(
  graph: NetworkGraph,
  dataSet: DataSet,
  engine: Engine,
  { batchSize, losses }: { readonly batchSize: number; readonly losses?: readonly RunLoss[] | undefined },
): string | undefined {
  const [input, ...others] = graph.inputs;
  if (input === undefined || others.length > 0)
    return `The network must have one input, but it has ${String(graph.inputs.length)}. ${ownScript}`;
  const shape = valueOf(graph, input).shape.slice(1);
  const images = shapeIn(imageLayoutOf(graph), dataSet.shape);
  if (formatShape(shape) !== formatShape(images)) {
    return `The network takes ${formatShape(shape)}, but the images of ${dataSet.name} are ${formatShape(images)}. If the model can take these, name them in its file, # morphnet: input=${images.join('x')}; otherwise choose other data`;
  }
  const objective = objectiveOf(graph, dataSet, losses);
  if (!objective.ok) return objective.error;
  if (dataSet.training.count < batchSize) {
    return `A batch takes ${String(batchSize)} images, but ${dataSet.name} has ${String(dataSet.training.count)} to train on. Set the batch size to at most ${String(dataSet.training.count)}`;
  }
  const untrainable = engine.untrainable(graph, objective.value.losses);
  if (untrainable.length === 0) return undefined;
  const reasons = untrainable.slice(0, 5).map(({ op, reason }) => `${opOf(graph, op).name}: ${reason}`);
  return `The engine ${engine.info.name} can't train this network. ${reasons.join('; ')}`;
}

/** The optimiser of a run's settings, with the usual constants. */
export function optimizerOf(kind: 'sgd' | 'adam', weightDecay: number): Optimizer {
  return kind === 'sgd'
    ? { kind, momentum: 0.9, weightDecay }
    : { kind, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay };
}

/** A graph that came from a file, as far as a glance can tell. */
export function asNetworkGraph(content: unknown): Result<NetworkGraph> {
  if (isNetworkGraph(content)) return { ok: true, value: content };
  return { ok: false, error: 'network.json is no network of this version; start the run anew' };
}

/** Ours are written whole, so that one of this version with its lists is one. */
function isNetworkGraph(content: unknown): content is NetworkGraph {
  return (
    typeof content === 'object' &&
    content !== null &&
    'version' in content &&
    content.version === 1 &&
    'ops' in content &&
    Array.isArray(content.ops) &&
    'values' in content &&
    Array.isArray(content.values)
  );
}
