// Which functions of tensors there are: as `torch.x(tensor, …)`, as `tensor.x(…)`, and in place as `tensor.x_(…)`.

import { bool, ellipsis, int, none, unknown } from '../../evaluator/values.ts';
import { setGradient } from './base-module.ts';
import { selectionRows } from './selections.ts';
import { arrangementMethods, arrangementRows, countingRows, joiningRows, sizesOf } from './arrangement-functions.ts';
import { elementsOf } from '../../tracing/constants.ts';
import { elementwiseRows } from './elementwise-functions.ts';
import { functional } from './functional.ts';
import { literalTensor } from '../../tracing/literal-tensor.ts';
import { formulaRows, productRows } from '../../tracing/product-functions.ts';
import { reductionRows } from './reduction-functions.ts';
import { itemOf, listOf } from '../../tracing/tensor-operators.ts';
import { writeItem } from '../../tracing/tensor-writes.ts';
import { dimensionValue, fn, giveUp, sizeOf, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

const notATensor = 'This is given something that is no known tensor';

/** Gives the tensor back: what it changes is nothing that a network's shape or cost depends on. */
const same = fn('input *rest **options', (call) => call.args.value('input'), true);

/** Changes the element type, which constants remember. */
const typed = (dtype: string | undefined): TracedFunction =>
  fn(
    'input *rest **options',
    (call) => {
      const input = call.args.value('input');
      if (input.kind !== 'tensor' || (input.id !== undefined && input.dtype === dtype)) return input;
      if (input.id !== undefined)
        return { kind: 'tensor', shape: input.shape, id: input.id, ...(dtype !== undefined && { dtype }) };
      const elements = elementsOf(input);
      const whole = dtype === 'int' && elements ? { elements: elements.map(Math.trunc) } : {};
      const { kind, shape, fill, parameter } = input;
      const plain = { kind, shape, parameter, fill, ...(input.elements && { elements: input.elements }), ...whole };
      return dtype === undefined ? plain : { ...plain, dtype };
    },
    true,
  );

/** New contents that no layer gave; parameters stay parameters. */
function filledWith(call: TracedCall, fill?: number): PyValue {
  const input = call.args.tensor('input');
  if (!input || input.parameter) return call.args.value('input');
  const { kind, shape, dtype } = input;
  return { kind, shape, ...(fill !== undefined && { fill }), ...(dtype !== undefined && { dtype }) };
}

const refilled = fn('input *rest **options', (call) => filledWith(call));

function elementTotal(call: TracedCall): PyValue {
  let total = 1;
  for (const size of call.args.tensor('input')?.shape ?? []) {
    if (typeof size !== 'number') return unknown(size.reason, call.span);
    total *= size;
  }
  return int(total);
}

const common: Readonly<Record<string, TracedFunction>> = {
  ...elementwiseRows,
  ...reductionRows,
  ...arrangementRows,
  ...countingRows,
  ...selectionRows,
  ...productRows,
  softmax: functional['softmax'] ?? same,
  log_softmax: functional['log_softmax'] ?? same,
  detach: same,
  clone: fn('input **options', (call) => {
    const input = call.args.value('input');
    // A copy stays as it is when the original is written to.
    return input.kind === 'tensor' && input.parameter === undefined ? { ...input } : input;
  }),
  contiguous: same,
  numel: fn('input', elementTotal),
  is_floating_point: fn('input', (call) => bool(call.args.tensor('input')?.dtype === undefined)),
  is_complex: fn('input', () => bool(false)),
};

/** `torch.x(tensor, …)`. */
export const torchTensorFunctions: Readonly<Record<string, TracedFunction>> = {
  ...common,
  ...joiningRows,
  ...formulaRows,
};

const unchanged =
  'to type cuda cpu type_as pin_memory retain_grad backward share_memory_ set_ resolve_conj as_subclass record_stream';

/** In-place forms compute what the plain ones compute. */
function inPlace(rows: Readonly<Record<string, TracedFunction>>): Record<string, TracedFunction> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [`${name}_`, row]));
}

/** `tensor.x(…)`. */
export const tensorMethods: Readonly<Record<string, TracedFunction>> = {
  ...common,
  ...arrangementMethods,
  ...inPlace(elementwiseRows),
  ...inPlace({
    squeeze: arrangementRows['squeeze'] ?? same,
    unsqueeze: arrangementRows['unsqueeze'] ?? same,
    transpose: arrangementRows['transpose'] ?? same,
  }),
  ...Object.fromEntries(unchanged.split(' ').map((name) => [name, same])),
  ...Object.fromEntries(['float', 'half', 'double', 'bfloat16'].map((name) => [name, typed(undefined)])),
  ...Object.fromEntries(['int', 'long', 'short', 'byte'].map((name) => [name, typed('int')])),
  ...Object.fromEntries(['normal_', 'uniform_', 'trunc_normal_', 'random_'].map((name) => [name, refilled])),
  requires_grad_: fn('input requires_grad=True', (call) => {
    const tensor = call.args.tensor('input');
    if (tensor) setGradient(call.machine, tensor, call.args.value('requires_grad'));
    return call.args.value('input');
  }),
  fill_: fn('input value', (call) => filledWith(call, call.args.number('value'))),
  zero_: fn('input', (call) => filledWith(call, 0)),
  copy_: fn('input source *rest **options', (call) => {
    const { network, machine, span, args } = call;
    const [input, source] = [args.tensor('input'), args.value('source')];
    if (!input) return giveUp(call, notATensor);
    writeItem(network, machine, input, ellipsis, source, span);
    return input;
  }),
  bool: typed('bool'),
  astype: same,
  size: fn('input dim=None', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, notATensor);
    const axis = call.args.integer('dim');
    return axis === undefined ? sizeOf(input, call.span) : dimensionValue(input, axis, call.span);
  }),
  dim: fn('input', (call) => int(call.args.tensor('input')?.shape.length ?? 0)),
  ndimension: fn('input', (call) => int(call.args.tensor('input')?.shape.length ?? 0)),
  nelement: fn('input', elementTotal),
  element_size: fn('input', () => int(4)),
  stride: fn('input dim=None', (call) => unknown('Strides are not followed', call.span)),
  is_contiguous: fn('input **options', () => bool(true)),
  get_device: fn('input', () => int(-1)),
  item: fn('input', (call) => {
    const input = call.args.tensor('input');
    return input ? itemOf(input, call.span) : none;
  }),
  tolist: fn('input', (call) => {
    const input = call.args.tensor('input');
    return input ? listOf(input, call.span) : none;
  }),
  new: fn('input *sizes|size **options', (call) => newTensor(call)),
  new_zeros: fn('input *sizes|size **options', (call) => newTensor(call, 0)),
  new_ones: fn('input *sizes|size **options', (call) => newTensor(call, 1)),
  new_empty: fn('input *sizes|size **options', (call) => newTensor(call)),
  new_tensor: fn(
    'input data **options',
    (call) => literalTensor(call.args.value('data')) ?? giveUp(call, 'What this tensor is made of is not known'),
  ),
  new_full: fn('input size fill_value **options', (call) => {
    const shape = call.args.integers('size', 0);
    return shape ? { kind: 'tensor', shape } : giveUp(call, 'The size of this tensor is not known');
  }),
};

function newTensor(call: TracedCall, fill?: number): PyValue {
  const shape = sizesOf(call, 'sizes');
  if (!shape) return giveUp(call, 'The size of this tensor is not known');
  return { kind: 'tensor', shape, ...(fill !== undefined && { fill }) };
}
