// NumPy as sources of models use it: numbers and their arrangements from which widths are computed. An array is a tensor that no
// layer gave; functions that do the same as PyTorch's of that name are the same rows, and the others are NumPy's own.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { roundHalfToEven } from '../../../shared/number-dialect.ts';
import type { Arguments, Machine, ModuleValue, PyValue } from '../../evaluator/machine.ts';
import { numberOf } from '../../evaluator/numbers.ts';
import { builtin, list, none, tuple } from '../../evaluator/values.ts';
import { functionValues, plainClasses } from '../../standard-library/module-table.ts';
import { constantTensor, elementsOf, longestConstant } from '../../tracing/constants.ts';
import { literalTensor } from '../../tracing/literal-tensor.ts';
import { itemOf } from '../../tracing/tensor-operators.ts';
import { asTensor, axisOf, callTraced, emitOn, fn, giveUp, type TracedFunction } from '../../tracing/traced-call.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import { arrangementRows, joiningRows, meshgrid, repeatInterleave } from '../torch/arrangement-functions.ts';
import { reductionRows } from '../torch/reduction-functions.ts';
import { nonzero } from '../torch/selections.ts';
import { tensorSplit } from '../torch/splitting-functions.ts';
import { torchTensorFunctions } from '../torch/tensor-functions.ts';
import { torchFunctions } from '../torch/torch-namespace.ts';

/** NumPy's functions that are called and do as PyTorch's of that name. */
const likePyTorch = `
  exp log log2 log10 log1p expm1 sqrt abs negative square reciprocal sin cos tan asin acos atan sinh cosh tanh floor ceil trunc sign
  nan_to_num isnan isinf isfinite logical_not bitwise_not cumsum cumprod clip add subtract multiply divide true_divide floor_divide
  remainder fmod pow power maximum minimum fmax fmin atan2 logical_and logical_or logical_xor bitwise_and bitwise_or where
  mean nanmean sum nansum prod var std argmax argmin any all equal allclose
  ravel reshape swapaxes moveaxis squeeze roll flip fliplr flipud tril triu argsort unique tile broadcast_to diag diagonal diff
  matmul dot inner outer tensordot concat concatenate stack hstack vstack einsum
  zeros ones empty full zeros_like ones_like empty_like full_like arange linspace eye`;

/** The axes from the last to the first, or in the order that is said. */
const transpose = fn('input|a axes=None', (call) => {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, 'What is transposed is no known array');
  const axes = call.args.isNone('axes') ? input.shape.map((_, axis) => axis).reverse() : call.args.integers('axes', 0);
  if (!axes) return giveUp(call, 'The order of axes is not known');
  return emitOn(call, input, { kind: 'permute', order: axes.map((axis) => axisOf(input, axis)) });
});

/** To so many decimals, or tens: multiplied, rounded and divided, which is not what Python's own `round` does. */
const round = fn('input|a decimals=0 out=None', (call) => {
  const input = asTensor(call.args.value('input'));
  const decimals = call.args.integer('decimals') ?? 0;
  if (!input) return giveUp(call, 'What is rounded is no known array');
  const scale = 10 ** decimals;
  return emitOn(
    call,
    input,
    { kind: 'activation', function: 'other', channelAxis: 1 },
    (value = NaN) => roundHalfToEven(value * scale) / scale,
  );
});

const sort = fn('input|a axis=-1 *rest **options', (call) => {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, 'What is sorted is no known array');
  const elements = input.shape.length === 1 ? elementsOf(input) : undefined;
  if (elements)
    return constantTensor(
      input.shape,
      [...elements].sort((left, right) => left - right),
      input.dtype,
    );
  return emitOn(call, input, { kind: 'rearrange', operation: 'sort', shape: input.shape });
});

/** Each element so many times; of a constant vector they are known. */
const repeat = fn('input|a repeats dim|axis=None', (call) => {
  const input = call.args.tensor('input');
  const count = call.args.integer('repeats');
  const elements = input?.shape.length === 1 && count !== undefined && count >= 0 ? elementsOf(input) : undefined;
  if (!input || !elements || count === undefined || elements.length * count > longestConstant)
    return repeatInterleave(call);
  call.machine.hold(elements.length * count, call.span);
  const repeated = elements.flatMap((element) => Array.from({ length: count }, () => element));
  return constantTensor([repeated.length], repeated, input.dtype);
});

/** The shape is known, the values are not: no value of a median is ever needed for a network. */
const median = fn('input|a dim|axis=None keepdim|keepdims=False *rest **options', (call) => {
  const reduced = reductionRows['amax']?.body(call);
  if (reduced?.kind !== 'tensor') return giveUp(call, 'The median of this is not known');
  const { kind, shape, id } = reduced;
  return { kind, shape, ...(id !== undefined && { id }) };
});

/** One of PyTorch's functions that make a tensor, which NumPy gives the kind of its elements behind the first arguments. */
const making = (name: string, text: string): TracedFunction =>
  fn(`${text} dtype=None *rest **options`, (call) => torchFunctions[name]?.body(call) ?? none);

/** Flat, unless it is said along which axis. */
const append = fn('arr values axis=None', (call) => {
  if (!call.args.isNone('axis')) {
    const tensors = tuple([call.args.value('arr'), call.args.value('values')]);
    const given = { positional: [tensors, call.args.value('axis')], keywords: new Map<string, PyValue>() };
    const row = joiningRows['concatenate'];
    return row ? callTraced(call.machine, call.network, row, call.label, given, call.span) : none;
  }
  const [left, right] = ['arr', 'values'].map((name) => {
    const value = call.args.value(name);
    return asTensor(value) ?? literalTensor(value) ?? literalTensor(list([value]));
  });
  const [known, added] = [left && elementsOf(left), right && elementsOf(right)];
  if (!known || !added || known.length + added.length > longestConstant)
    return giveUp(call, 'What is put together here is not known');
  return constantTensor([known.length + added.length], [...known, ...added], left?.dtype);
});

const ownRows: Readonly<Record<string, TracedFunction | undefined>> = {
  array: making('tensor', 'data|object'),
  asarray: making('tensor', 'data|a'),
  ascontiguousarray: making('tensor', 'data|a'),
  zeros: making('zeros', 'sizes|shape'),
  ones: making('ones', 'sizes|shape'),
  empty: making('empty', 'sizes|shape'),
  full: making('full', 'size|shape fill_value'),
  append,
  transpose,
  round,
  around: round,
  rint: torchTensorFunctions['round'],
  absolute: torchTensorFunctions['abs'],
  sort,
  median,
  max: reductionRows['amax'],
  min: reductionRows['amin'],
  amax: reductionRows['amax'],
  amin: reductionRows['amin'],
  nonzero: fn('input|a', (call) => nonzero(call, 'input', true)),
  split: fn('input|ary indices_or_sections dim|axis=0', tensorSplit),
  array_split: fn('input|ary indices_or_sections dim|axis=0', tensorSplit),
  expand_dims: arrangementRows['unsqueeze'],
  repeat,
  meshgrid: fn('*tensors indexing=xy sparse=False copy=True', meshgrid),
};

const sharedRows: Readonly<Record<string, TracedFunction | undefined>> = { ...torchTensorFunctions, ...torchFunctions };

const rows: ReadonlyMap<string, TracedFunction> = new Map(
  [...likePyTorch.trim().split(/\s+/), ...Object.keys(ownRows)].flatMap((name) => {
    const row = ownRows[name] ?? sharedRows[name];
    return row === undefined ? [] : [[name, row] as const];
  }),
);

/** Of these only the first argument is an array: what follows are sizes, axes and places. */
const takesOneArray =
  /^(reshape|transpose|split|array_split|tile|repeat|expand_dims|squeeze|sum|mean|median|max|min|amax|amin|prod|std|var|moveaxis|swapaxes|roll|flip|broadcast_to|round|around|sort)$/;

/** These read sequences themselves. */
const takesSequences =
  /^(concat|concatenate|stack|hstack|vstack|zeros|ones|empty|full|array|asarray|ascontiguousarray|meshgrid)$/;

/** A function of NumPy; a result without dimensions is a plain number, as it is to its callers. */
function arrayFunction(network: TracedNetwork, name: string, row: TracedFunction): PyValue {
  return builtin(name, (machine, args, span) => {
    const given = takesSequences.test(name) ? args : withArrays(network, machine, name, args, span);
    const result = callTraced(machine, network, row, `np.${name}`, given, span);
    return result.kind === 'tensor' && result.shape.length === 0 ? itemOf(result, span) : result;
  });
}

/** Sequences of numbers as the arrays that NumPy makes of them. */
function withArrays(
  network: TracedNetwork,
  machine: Machine,
  name: string,
  { positional, keywords }: Arguments,
  span: SourceSpan,
): Arguments {
  const arrays = positional.map((value, index) => {
    if (index > 0 && takesOneArray.test(name)) return value;
    const items = value.kind === 'range' ? machine.iterate(value, span) : undefined;
    return arrayOf(machine, network, items === undefined || 'kind' in items ? value : list(items), span);
  });
  return { positional: arrays, keywords };
}

function arrayOf(machine: Machine, network: TracedNetwork, value: PyValue, span: SourceSpan): PyValue {
  const row = torchFunctions['tensor'];
  const items = value.kind === 'list' || value.kind === 'tuple' ? value.items : [];
  if (!row || items.length === 0 || literalTensor(value) === undefined) return value;
  return callTraced(machine, network, row, 'np.array', { positional: [value], keywords: new Map() }, span);
}

const quietModules = /^numpy\.(core|ctypeslib|fft|lib|linalg|ma|polynomial|random|testing|typing)(\.\w+)*$/;

/** `numpy` and its modules by dotted name; undefined for every other one. */
export function numpyModule(network: TracedNetwork, name: string): ModuleValue | undefined {
  if (name !== 'numpy' && !quietModules.test(name)) return undefined;
  const names = name === 'numpy' ? numpyNames(network) : [];
  return { kind: 'module', name, document: '', names: new Map(names), isModelled: true };
}

function numpyNames(network: TracedNetwork): readonly (readonly [string, PyValue])[] {
  return [
    ...[...rows].map(([name, row]) => [name, arrayFunction(network, name, row)] as const),
    ...functionValues({
      atleast_1d: (machine, args, span) => {
        const value = args.positional[0] ?? none;
        return arrayOf(machine, network, numberOf(value) === undefined ? value : list([value]), span);
      },
    }),
    ...plainClasses('ndarray generic integer floating number int64 int32 float32 float64 bool_ dtype'),
    ['pi', { kind: 'float', value: Math.PI }],
    ['e', { kind: 'float', value: Math.E }],
    ['inf', { kind: 'float', value: Infinity }],
    ['nan', { kind: 'float', value: NaN }],
    ['newaxis', none],
  ];
}
