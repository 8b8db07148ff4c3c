// Layers where the network ends: detections and losses. They compute nothing that is counted, but they say what width
// they expect, and their input leaves the network.

import type { ValueId } from '../../../network/op.ts';
import type { LayerContext } from '../layer-context.ts';

/** Channels that a detection head expects, with the sum that they come from. */
interface Expected {
  readonly channels: number;
  readonly sum: string;
}

function yoloChannels(context: LayerContext, entries: number): Expected {
  const { options } = context;
  const boxes = options.integer('num', 1, 1);
  const masks = options.integers('mask')?.length ?? boxes;
  const classes = options.integer('classes', 20, 1);
  return {
    channels: masks * (classes + entries),
    sum: `${String(masks)} masks × (${String(classes)} classes + ${String(entries)})`,
  };
}

function regionChannels(context: LayerContext): Expected {
  const { options } = context;
  const boxes = options.integer('num', 1, 1);
  const coordinates = options.integer('coords', 4, 1);
  const classes = options.integer('classes', 20, 1);
  return {
    channels: boxes * (classes + coordinates + 1),
    sum: `${String(boxes)} boxes × (${String(classes)} classes + ${String(coordinates)} coordinates + 1)`,
  };
}

function head(context: LayerContext, expected?: Expected): ValueId {
  const channels = context.channelsOf(context.input);
  if (
    expected !== undefined &&
    context.options.malformed === undefined &&
    typeof channels === 'number' &&
    channels !== expected.channels
  ) {
    context.problem(
      'darknet-head-width',
      'error',
      `${context.name} expects ${String(expected.channels)} channels (${expected.sum}) but gets ${String(channels)}; set filters=${String(expected.channels)} in the layer before it`,
    );
  }
  const value = context.add({ part: '', attributes: { kind: 'identity' }, inputs: [context.input] });
  context.outputs.push(value);
  return value;
}

export const yolo = (context: LayerContext): ValueId => head(context, yoloChannels(context, 5));
/** Each coordinate also has a variance: nine entries and the classes. */
export const gaussianYolo = (context: LayerContext): ValueId => head(context, yoloChannels(context, 9));
export const region = (context: LayerContext): ValueId => head(context, regionChannels(context));
export const detection = (context: LayerContext): ValueId => head(context);

/** A loss on the layer before: the network's output is what it reads. */
export function cost(context: LayerContext): ValueId {
  return context.add({ part: '', attributes: { kind: 'identity' }, inputs: [context.input] });
}
