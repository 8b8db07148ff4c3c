// Where the channels of an activation stand in memory. TensorFlow's convolutions want them last, the network's own axes
// usually have them second; values keep whichever order they came in, and are turned only where an op needs the other.

import { inverseOrder } from '../shape-arithmetic.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** A value of the network. With `channelsLast` the tensor's axes are the network's with axis 1 moved to the end. */
export interface Placed {
  readonly tensor: Tensor;
  readonly channelsLast: boolean;
}

/** A value whose tensor has the network's own axes. */
export function plain(tensor: Tensor): Placed {
  return { tensor, channelsLast: false };
}

/** The shape that the network knows. */
export function networkShape({ tensor, channelsLast }: Placed): readonly number[] {
  if (!channelsLast) return tensor.shape;
  const [batch = 1, ...rest] = tensor.shape;
  return [batch, rest.at(-1) ?? 1, ...rest.slice(0, -1)];
}

/** The tensor's axis that holds an axis of the network, counted from the front. */
export function axisIn(placed: Placed, axis: number): number {
  if (!placed.channelsLast || axis === 0) return axis;
  return axis === 1 ? placed.tensor.shape.length - 1 : axis - 1;
}

/** A transposition that is a mere view when only axes of size 1 move. */
export function transpose(tf: TensorFlow, tensor: Tensor, order: readonly number[]): Tensor {
  const moving = order.filter((axis) => tensor.shape[axis] !== 1);
  if (moving.every((axis, index) => index === 0 || axis > (moving[index - 1] ?? -1))) {
    return order.every((axis, index) => axis === index)
      ? tensor
      : tf.reshape(
          tensor,
          order.map((axis) => tensor.shape[axis] ?? 1),
        );
  }
  return tf.transpose(tensor, [...order]);
}

/** The order that moves `axis` behind all others. */
function lastOrder(rank: number, axis: number): readonly number[] {
  return [...Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis), axis];
}

/** The tensor with the network's own axes. */
export function asPlain(tf: TensorFlow, { tensor, channelsLast }: Placed): Tensor {
  return channelsLast ? transpose(tf, tensor, inverseOrder(lastOrder(tensor.shape.length, 1))) : tensor;
}

/** The tensor in one order or the other; below rank 3 there is only one. */
export function inOrder(tf: TensorFlow, placed: Placed, channelsLast: boolean): Tensor {
  if (!channelsLast || placed.channelsLast || placed.tensor.shape.length < 3) {
    return channelsLast ? placed.tensor : asPlain(tf, placed);
  }
  return transpose(tf, placed.tensor, lastOrder(placed.tensor.shape.length, 1));
}

/** How an op with a channel axis sees its values: the channels as the last axis. */
export interface ChannelView {
  /** A value of the op's rank with its channels last. */
  load(placed: Placed): Tensor;
  /** The value whose tensor, with channels last, is given. */
  place(tensor: Tensor): Placed;
}

/** The view of an op whose channels the network has at `channelAxis` (negative: from the end). */
export function channelView(tf: TensorFlow, rank: number, channelAxis: number): ChannelView {
  const axis = channelAxis < 0 ? channelAxis + rank : channelAxis;
  if (rank < 3 || axis === rank - 1) return { load: (placed) => asPlain(tf, placed), place: plain };
  if (axis === 1) {
    return {
      load: (placed) => inOrder(tf, placed, true),
      place: (tensor) => ({ tensor, channelsLast: true }),
    };
  }
  const order = lastOrder(rank, axis);
  return {
    load: (placed) => transpose(tf, asPlain(tf, placed), order),
    place: (tensor) => plain(transpose(tf, tensor, inverseOrder(order))),
  };
}

/** The sizes of a network shape without batch and channels: what the axes between the first and the last have in a view. */
export function spatialSizes(shape: readonly number[], channelAxis: number): readonly number[] {
  const axis = channelAxis < 0 ? channelAxis + shape.length : channelAxis;
  return shape.filter((_, index) => index !== 0 && index !== axis);
}
