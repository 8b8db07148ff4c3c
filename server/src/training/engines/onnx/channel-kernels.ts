// What a norm needs to compute over channels, in the layout that its input is in: plain or blocked. Vectors are over
// the channels of the layout, so in blocks they are filled up; `vector` and `real` lead in and out.

import {
  emitChannelAffine,
  emitChannelMean,
  emitChannelProductMean,
  fillVector,
  knownBlocked,
  realVector,
  toBlocked,
  toPlain,
} from './blocked-layout.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { add, multiply, reduce, reshape, sizeAt } from './operators.ts';

export interface ChannelKernels {
  /** The input in this layout. */
  readonly data: Tensor;
  /** Another plain tensor of the input's shape, in this layout. */
  load(plain: Tensor): Tensor;
  /** The plain form of a tensor in this layout. */
  store(data: Tensor): Tensor;
  vector(values: Tensor): Tensor;
  real(vector: Tensor): Tensor;
  /** Mean over everything but the channels. */
  mean(data: Tensor): Tensor;
  /** Mean of the products of corresponding elements. */
  productMean(a: Tensor, b: Tensor): Tensor;
  /** factor·data + offset (+ sum), factor and offset by channel. */
  affine(data: Tensor, factor: Tensor, offset: Tensor | undefined, sum?: Tensor): Tensor;
}

export function channelKernels(graph: GraphEmitter, x: Tensor): ChannelKernels {
  const blocked = knownBlocked(graph, x);
  return blocked === undefined ? plainKernels(graph, x) : blockedKernels(graph, blocked.tensor, blocked.channels);
}

function blockedKernels(graph: GraphEmitter, data: Tensor, channels: number): ChannelKernels {
  return {
    data,
    load: (plain) => toBlocked(graph, plain).tensor,
    store: (tensor) => toPlain(graph, { tensor, channels }),
    vector: (values) => fillVector(graph, values),
    real: (vector) => realVector(graph, vector, channels),
    mean: (tensor) => emitChannelMean(graph, tensor),
    productMean: (a, b) => emitChannelProductMean(graph, a, b),
    affine: (tensor, factor, offset, sum) => emitChannelAffine(graph, tensor, factor, offset, sum),
  };
}

function plainKernels(graph: GraphEmitter, x: Tensor): ChannelKernels {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const spread = (vector: Tensor): Tensor =>
    reshape(graph, vector, [1, sizeAt(vector, 0), ...x.shape.slice(2).map(() => 1)]);
  const own = (tensor: Tensor): Tensor => tensor;
  return {
    data: x,
    load: own,
    store: own,
    vector: own,
    real: own,
    mean: (tensor) => reduce(graph, 'ReduceMean', tensor, axes, false),
    productMean: (a, b) => reduce(graph, 'ReduceMean', multiply(graph, a, b), axes, false),
    affine: (tensor, factor, offset, sum) => {
      const scaled = multiply(graph, tensor, spread(factor));
      const moved = offset === undefined ? scaled : add(graph, scaled, spread(offset));
      return sum === undefined ? moved : add(graph, moved, sum);
    },
  };
}
