// The output shapes of every op kind, as PyTorch defines them. Unknown dimensions pass through with their reason;
// inputs that do not fit give a sentence with both shapes. Families of formulas stand in *-shapes.ts.

import { assertUnreachable } from '../common/assert.ts';
import type { Result } from '../common/problem.ts';
import {
  concatShapes,
  elementwiseShapes,
  expandShapes,
  matmulShapes,
  padShapes,
  permuteShapes,
  reduceShapes,
  reshapeShapes,
  sliceShapes,
} from './arrangement-shapes.ts';
import { failure, formatWithoutBatch, oneShape, resolveAxis } from './dimensions.ts';
import type { OpAttributes } from './op.ts';
import { formatShape, type Shape } from './shape.ts';
import {
  adaptivePoolShapes,
  channelShuffleShapes,
  convolutionShapes,
  depthToSpaceShapes,
  poolShapes,
  resizeShapes,
  spaceToDepthShapes,
  transposedConvolutionShapes,
} from './window-shapes.ts';

/**
 * The shapes that an op gives for these input shapes (batch at axis 0), one per output.
 * The failure is a sentence for the user; it names the shapes but no place.
 */
export function inferShapes(attributes: OpAttributes, inputs: readonly Shape[]): Result<readonly Shape[]> {
  const input = (index = 0): Shape => {
    const shape = inputs[index];
    if (shape === undefined) throw new Error(`A ${attributes.kind} op lacks its input ${String(index)}`);
    return shape;
  };
  switch (attributes.kind) {
    case 'input':
    case 'constant':
    case 'rearrange':
      return oneShape(attributes.shape);
    case 'opaque':
      return { ok: true, value: attributes.shapes };
    case 'convolution':
      return convolutionShapes(attributes, input());
    case 'transposed-convolution':
      return transposedConvolutionShapes(attributes, input());
    case 'dense':
      return denseShapes(attributes.inFeatures, attributes.outFeatures, input());
    case 'batch-norm':
      return normalizedShapes(attributes.channels, attributes.channelAxis, input());
    case 'group-norm':
      if (attributes.channels % attributes.groups !== 0) {
        return failure(
          `${String(attributes.channels)} channels cannot be divided into ${String(attributes.groups)} groups`,
        );
      }
      return normalizedShapes(attributes.channels, attributes.channelAxis, input());
    case 'layer-norm':
      return withExistingAxes(attributes.normalizedAxes, input());
    case 'softmax':
      return withExistingAxes([attributes.axis], input());
    case 'local-response-norm':
    case 'activation':
    case 'dropout':
    case 'identity':
      return oneShape(input());
    case 'pool':
      return poolShapes(attributes, input());
    case 'adaptive-pool':
      return adaptivePoolShapes(attributes, input());
    case 'resize':
      return resizeShapes(attributes, input());
    case 'channel-shuffle':
      return channelShuffleShapes(attributes, input());
    case 'depth-to-space':
      return depthToSpaceShapes(attributes, input());
    case 'space-to-depth':
      return spaceToDepthShapes(attributes, input());
    case 'reduce':
      return reduceShapes(attributes, input());
    case 'elementwise':
      return elementwiseShapes(inputs);
    case 'concat':
      return concatShapes(attributes, inputs);
    case 'slice':
      return sliceShapes(attributes, input());
    case 'reshape':
      return reshapeShapes(attributes, input());
    case 'permute':
      return permuteShapes(attributes, input());
    case 'expand':
      return expandShapes(attributes, input());
    case 'pad':
      return padShapes(attributes, input());
    case 'matmul':
      return matmulShapes(input(0), input(1));
    case 'embedding':
      return oneShape([...input(), attributes.width]);
    default:
      return assertUnreachable(attributes);
  }
}

function denseShapes(inFeatures: number, outFeatures: number, input: Shape): Result<readonly Shape[]> {
  const last = input.at(-1);
  if (last === undefined || (typeof last === 'number' && last !== inFeatures)) {
    return failure(
      `Expected ${String(inFeatures)} input features on the last axis but the input is ${formatWithoutBatch(input)}`,
    );
  }
  return oneShape([...input.slice(0, -1), outFeatures]);
}

function normalizedShapes(channels: number, channelAxis: number, input: Shape): Result<readonly Shape[]> {
  const axis = resolveAxis(channelAxis, input.length);
  const found = axis === undefined ? undefined : input[axis];
  if (found === undefined || (typeof found === 'number' && found !== channels)) {
    return failure(`Expected ${String(channels)} channels to normalise but the input is ${formatWithoutBatch(input)}`);
  }
  return oneShape(input);
}

function withExistingAxes(axes: readonly number[], input: Shape): Result<readonly Shape[]> {
  const missing = axes.find((axis) => resolveAxis(axis, input.length) === undefined);
  if (missing === undefined) return oneShape(input);
  return failure(`There is no axis ${String(missing)} in ${input.length === 0 ? 'a scalar' : formatShape(input)}`);
}
