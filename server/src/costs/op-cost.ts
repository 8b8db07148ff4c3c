// What one op costs: multiply-adds, memory traffic and, on a device, time. Functions of attributes and shapes only,
// so that a graph as written and a graph rebuilt with other widths are costed by the same code.

import { exactly, type Count } from '../common/count.ts';
import { movesBytes, multiplies, widthsOf } from '../network/op-traits.ts';
import type { OpAttributes, Parameter } from '../network/op.ts';
import { elementCount, firstUnknown, type Shape } from '../network/shape.ts';
import { flopsPerMac } from './counting-convention.ts';
import type { DeviceProfile } from './device-profile.ts';

const bytesPerElement = 4;

const product = (factors: readonly number[]): number => factors.reduce((left, right) => left * right, 1);

/** The number of elements of all shapes together. */
function elements(shapes: readonly Shape[]): Count {
  let sum = 0;
  for (const shape of shapes) {
    const count = elementCount(shape);
    if (count === undefined) return unknownIn(shape);
    sum += count;
  }
  return exactly(sum);
}

function unknownIn(shape: Shape): Count {
  return { kind: 'unknown', reason: firstUnknown(shape)?.reason ?? 'a dimension is unknown' };
}

/** Elements of the shape times a known factor. */
function perElement(shape: Shape | undefined, factor: number): Count {
  const count = elements(shape === undefined ? [] : [shape]);
  return count.kind === 'exact' ? exactly(count.value * factor) : count;
}

/**
 * Multiply-adds of one op. Bias, normalisation, activation, pooling and element-wise ops are free, as torchvision and
 * the reference count. A transposed convolution counts by its input's size, a grouped one by the channels it reads.
 */
export function macsOf(attributes: OpAttributes, inputs: readonly Shape[], outputs: readonly Shape[]): Count {
  switch (attributes.kind) {
    case 'convolution':
      return perElement(outputs[0], (product(attributes.kernel) * attributes.inChannels) / attributes.groups);
    case 'transposed-convolution':
      return perElement(inputs[0], (product(attributes.kernel) * attributes.outChannels) / attributes.groups);
    case 'dense':
      return perElement(outputs[0], attributes.inFeatures);
    case 'matmul': {
      const inner = inputs[0]?.at(-1);
      return typeof inner === 'number' ? perElement(outputs[0], inner) : unknownIn(inputs[0] ?? []);
    }
    case 'opaque':
      return { kind: 'unknown', reason: attributes.reason };
    default:
      return exactly(0);
  }
}

/** Output elements of the ops with multiply-adds, as fvcore counts activations; others have none. */
export function activationsOf(attributes: OpAttributes, outputs: readonly Shape[]): Count {
  if (attributes.kind === 'opaque') return { kind: 'unknown', reason: attributes.reason };
  return multiplies(attributes) ? elements(outputs) : exactly(0);
}

/** Elements of the weight tensor that the op's attributes imply; biases are left out (spec 3.4). */
function weightElements(attributes: OpAttributes): number {
  const widths = widthsOf(attributes);
  if (!multiplies(attributes) || widths.in === undefined || widths.out === undefined) return 0;
  const kernel = 'kernel' in attributes ? product(attributes.kernel) : 1;
  return (kernel * widths.in * widths.out) / ('groups' in attributes ? attributes.groups : 1);
}

/**
 * Bytes that an op moves (float32; spec 3.5): each activation input and output once, weights once.
 * Ops that the reference leaves out (pools, resize, softmax, mean, shape changes) move none; what it miscounts
 * (3-D and depthwise weights, broadcast operands) is counted by its own size.
 */
export function memoryBytesOf(
  attributes: OpAttributes,
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  batch = 1,
): Count {
  if (attributes.kind === 'opaque') return { kind: 'unknown', reason: attributes.reason };
  if (!movesBytes(attributes)) return exactly(0);
  const moved = elements([...inputs, ...outputs]);
  if (moved.kind !== 'exact') return moved;
  return exactly(bytesPerElement * (batch * moved.value + weightElements(attributes)));
}

/** Roofline of one op in ms: compute and transfer overlap inside it, so the longer of the two counts (spec 3.5). */
export function latencyMsOf(macs: Count, memoryBytes: Count, device: DeviceProfile): Count {
  if (macs.kind === 'unknown') return macs;
  if (memoryBytes.kind === 'unknown') return memoryBytes;
  // FLOPs over GFLOP/s, and bytes over GB/s, are both nanoseconds.
  const nanoseconds = Math.max(
    (flopsPerMac * macs.value) / device.peakGflopsPerSecond,
    memoryBytes.value / device.memoryGigabytesPerSecond,
  );
  return exactly(nanoseconds / 1e6);
}

/** Whether a tensor counts as a parameter: running statistics are buffers. */
export function isTrained(parameter: Parameter): boolean {
  return parameter.role !== 'running-mean' && parameter.role !== 'running-variance';
}

/** Elements of one parameter. */
export function parameterElements(parameter: Parameter): Count {
  return elements([parameter.shape]);
}
