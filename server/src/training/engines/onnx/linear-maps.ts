// Applies resampling matrices (axis-maps.ts) along the spatial axes.

import type { AxisMap } from '../axis-maps.ts';
import type { GraphEmitter, Tensor } from './graph-emitter.ts';
import { sizeOf } from '../shape-arithmetic.ts';
import { matMul, reshape, sizeAt } from './operators.ts';

/** Applies maps along the spatial axes (from axis 2 on), or their transposes. */
export function applyMaps(graph: GraphEmitter, x: Tensor, maps: readonly AxisMap[], transposed: boolean): Tensor {
  return maps.reduce((current, map, index) => applyMap(graph, current, index + 2, map, transposed), x);
}

function applyMap(graph: GraphEmitter, x: Tensor, axis: number, map: AxisMap, transposed: boolean): Tensor {
  const matrix = graph.constant('float32', [map.rows, map.columns], map.weights);
  const outputSize = transposed ? map.columns : map.rows;
  const shape = x.shape.map((size, index) => (index === axis ? outputSize : size));
  const behind = sizeOf(x.shape.slice(axis + 1));
  const size = sizeAt(x, axis);
  if (behind === 1) {
    const rows = reshape(graph, x, [sizeOf(x.shape) / size, size]);
    return reshape(graph, matMul(graph, rows, matrix, { transposeB: !transposed }), shape);
  }
  const planes = reshape(graph, x, [sizeOf(x.shape.slice(0, axis)), size, behind]);
  return reshape(graph, matMul(graph, matrix, planes, { transposeA: transposed }), shape);
}
