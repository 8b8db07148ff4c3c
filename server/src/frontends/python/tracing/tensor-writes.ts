// Writing into tensors: `x += y`, `x.relu_()`, `x[:, :4] = y`. A tensor that others hold too changes for all of them;
// views of it that were taken before do not follow.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Shape } from '../../../network/shape.ts';
import { sliceBounds } from '../evaluator/items.ts';
import { none } from '../evaluator/values.ts';
import { asTensor } from './traced-call.ts';
import type { TracedNetwork } from './traced-network.ts';
import type { Machine, PyValue, TensorValue } from '../evaluator/machine.ts';
import { integerOf } from '../evaluator/numbers.ts';

/** Makes a tensor what an operation in place gave; parameters stay what they are. Gives the tensor, or what it is now. */
export function overwrite(machine: Machine, tensor: TensorValue, result: PyValue): PyValue {
  if (result.kind !== 'tensor' || result === tensor || tensor.parameter !== undefined) return result;
  const written = machine.change(tensor);
  written.shape = result.shape;
  written.id = result.id;
  written.elements = result.elements;
  written.fill = result.fill;
  return tensor;
}

/** A stretch of one axis; all others are written whole. */
interface Stretch {
  readonly axis: number;
  readonly start: number;
  readonly stop: number;
  /** Whether the axis is named by one index, so that the written value lacks it. */
  readonly isDropped: boolean;
}

/** `tensor[index] = value`: the parts around a stretch of one axis joined with the value, or a step that is not followed. */
export function writeItem(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  index: PyValue,
  value: PyValue,
  span: SourceSpan,
): void {
  if (tensor.parameter !== undefined) return;
  const written = asTensor(value);
  if (written === undefined || index.kind === 'unknown') {
    const lost = value.kind === 'unknown' ? value : index;
    machine.loseTrack(lost.kind === 'unknown' ? lost.reason : 'What is written here is no tensor', span);
    return;
  }
  const isPartOfNetwork = tensor.id !== undefined || written.id !== undefined || written.parameter?.trainable === true;
  const stretches = isPartOfNetwork ? stretchesOf(tensor, index) : undefined;
  if (!isPartOfNetwork) {
    machine.change(tensor).elements = undefined;
    machine.change(tensor).fill = undefined;
  } else if (stretches === undefined || stretches.length > 1) {
    overwrite(
      machine,
      tensor,
      network.emit(machine, {
        label: 'write',
        attributes: { kind: 'rearrange', operation: 'write', shape: tensor.shape },
        inputs: [tensor, written],
        span,
      }),
    );
  } else overwrite(machine, tensor, joined(network, machine, tensor, stretches[0], written, span));
}

/** The axes that an index does not write whole; undefined for an index that is more than slices and integers. */
function stretchesOf(tensor: TensorValue, index: PyValue): readonly Stretch[] | undefined {
  const parts = index.kind === 'tuple' ? index.items : [index];
  const consuming = parts.filter((part) => part.kind !== 'ellipsis').length;
  const found: Stretch[] = [];
  let axis = 0;
  for (const part of parts) {
    if (part.kind === 'ellipsis') {
      axis += tensor.shape.length - consuming;
      continue;
    }
    const length = tensor.shape[axis];
    if (typeof length !== 'number') return undefined;
    const place = integerOf(part);
    if (place !== undefined) {
      const start = place < 0 ? place + length : place;
      found.push({ axis, start, stop: start + 1, isDropped: true });
    } else {
      const bounds = part.kind === 'slice' ? sliceBounds(part, length) : undefined;
      if (bounds?.step !== 1) return undefined;
      if (bounds.start > 0 || bounds.stop < length) found.push({ axis, ...bounds, isDropped: false });
    }
    axis++;
  }
  return found;
}

function joined(
  network: TracedNetwork,
  machine: Machine,
  tensor: TensorValue,
  stretch: Stretch | undefined,
  written: TensorValue,
  span: SourceSpan,
): PyValue {
  if (stretch === undefined) return expanded(network, machine, written, tensor.shape, span);
  const { axis, start, stop, isDropped } = stretch;
  const length = tensor.shape[axis];
  if (typeof length !== 'number') return tensor;
  const part = (from: number, to: number): PyValue =>
    from >= to
      ? none
      : network.emit(machine, {
          label: 'slice',
          attributes: { kind: 'slice', axis, start: from, size: to - from, step: 1 },
          inputs: [tensor],
          span,
        });
  const region = tensor.shape.with(axis, stop - start);
  let middle = expanded(network, machine, written, isDropped ? region.toSpliced(axis, 1) : region, span);
  if (isDropped && middle.kind === 'tensor')
    middle = network.emit(machine, {
      label: 'unsqueeze',
      attributes: { kind: 'reshape', shape: region },
      inputs: [middle],
      span,
    });
  const pieces = [part(0, start), middle, part(stop, length)];
  const lost = pieces.find((piece) => piece.kind === 'unknown');
  if (lost) return lost;
  const inputs = pieces.filter((piece) => piece.kind === 'tensor');
  return network.emit(machine, { label: 'write', attributes: { kind: 'concat', axis }, inputs, span });
}

function expanded(
  network: TracedNetwork,
  machine: Machine,
  written: TensorValue,
  shape: Shape,
  span: SourceSpan,
): PyValue {
  const isSame = written.shape.length === shape.length && written.shape.every((size, axis) => size === shape[axis]);
  if (isSame) return written;
  return network.emit(machine, { label: 'expand', attributes: { kind: 'expand', shape }, inputs: [written], span });
}
