// The `torch` namespace beside tensor functions: making tensors, switches, and what only matters when running.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { Interpreter } from '../evaluator/interpreter.ts';
import { integerOf, numberOf } from '../evaluator/operators.ts';
import { bool, builtin, none, pyFalse, string, unknown, type PyValue } from '../evaluator/values.ts';
import { fn, giveUp, type TorchCall, type TorchFunction } from './torch-call.ts';

/** The sizes of a call such as `torch.zeros(2, 3)` or `torch.zeros((2, 3))`. */
function sizes(call: TorchCall): readonly number[] | undefined {
  const value = call.args.value('sizes');
  const items = value.kind === 'tuple' ? value.items : [value];
  const [first] = items;
  const flat = items.length === 1 && (first?.kind === 'tuple' || first?.kind === 'list') ? first.items : items;
  const known = flat.map(integerOf);
  return known.includes(undefined) ? undefined : known.filter((size) => size !== undefined);
}

const filled = (fill: number | undefined): TorchFunction =>
  fn('*sizes **options', (call) => {
    const shape = sizes(call);
    if (!shape) return giveUp(call, 'The size of this tensor is not known');
    return { kind: 'tensor', shape, ...(fill !== undefined && { fill }) };
  });

const alike = (fill: number | undefined): TorchFunction =>
  fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    return input
      ? { kind: 'tensor', shape: input.shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  });

/** The shape and, for a flat list of numbers, the elements of nested lists. */
function literalTensor(value: PyValue): PyValue | undefined {
  const number = numberOf(value);
  if (number !== undefined) return { kind: 'tensor', shape: [], fill: number };
  if (value.kind !== 'list' && value.kind !== 'tuple') return value.kind === 'tensor' ? value : undefined;
  const [first] = value.items;
  if (first === undefined) return { kind: 'tensor', shape: [0] };
  const inner = literalTensor(first);
  if (inner?.kind !== 'tensor') return undefined;
  const elements = inner.shape.length === 0 ? value.items.map((item) => numberOf(item) ?? NaN) : undefined;
  return { kind: 'tensor', shape: [value.items.length, ...inner.shape], ...(elements && { elements }) };
}

const longestVector = 10_000;

export const torchFunctions: Readonly<Record<string, TorchFunction>> = {
  zeros: filled(0),
  ones: filled(1),
  empty: filled(undefined),
  rand: filled(undefined),
  randn: filled(undefined),
  zeros_like: alike(0),
  ones_like: alike(1),
  empty_like: alike(undefined),
  rand_like: alike(undefined),
  randn_like: alike(undefined),
  full: fn('size fill_value **options', (call) => {
    const shape = call.args.integers('size', 0);
    const fill = call.args.number('fill_value');
    return shape
      ? { kind: 'tensor', shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  }),
  tensor: fn(
    'data **options',
    (call) => literalTensor(call.args.value('data')) ?? giveUp(call, 'What this tensor is made of is not known'),
  ),
  as_tensor: fn(
    'data **options',
    (call) => literalTensor(call.args.value('data')) ?? giveUp(call, 'What this tensor is made of is not known'),
  ),
  arange: fn('start end=None step=1 **options', (call) => {
    const first = call.args.number('start');
    const last = call.args.number('end');
    const step = call.args.number('step') ?? 1;
    if (first === undefined) return giveUp(call, 'The length of this range is not known');
    const [start, end] = last === undefined ? [0, first] : [first, last];
    const length = Math.max(0, Math.ceil((end - start) / step));
    const elements = length <= longestVector ? Array.from({ length }, (_, i) => start + i * step) : undefined;
    return { kind: 'tensor', shape: [length], ...(elements && { elements }) };
  }),
  linspace: fn('start end steps **options', (call) => {
    const [start, end, steps] = ['start', 'end', 'steps'].map((name) => call.args.number(name));
    if (start === undefined || end === undefined || steps === undefined || steps > longestVector)
      return giveUp(call, 'The length of this range is not known');
    const elements = Array.from({ length: steps }, (_, i) =>
      steps === 1 ? start : start + ((end - start) * i) / (steps - 1),
    );
    return { kind: 'tensor', shape: [steps], elements };
  }),
  is_tensor: fn('input', (call) => bool(call.args.value('input').kind === 'tensor')),
  is_grad_enabled: fn('', () => pyFalse),
  manual_seed: fn('seed', () => none),
  compile: fn('model=None **options', (call) => call.args.value('model')),
  device: fn('name=cpu index=None', () => string('cpu')),
};

/** A thing that works as decorator, as context manager and as function, and changes nothing that is read here. */
export function passingThrough(name: string): PyValue {
  return nativeClass(name, [], [], (_, args) => {
    const [first] = args.positional;
    if (first?.kind === 'function' || first?.kind === 'class' || first?.kind === 'bound-method') return first;
    return builtin(name, (_interpreter: Interpreter, inner) => inner.positional[0] ?? none);
  });
}

/** Names in `torch` that are neither functions of tensors nor makers of them. */
export function torchConstants(span: SourceSpan): readonly (readonly [string, PyValue])[] {
  const types = [
    'float32',
    'float64',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'int8',
    'uint8',
    'bool',
    'long',
    'float',
    'half',
    'int',
    'double',
    'complex64',
  ];
  const switches = ['no_grad', 'inference_mode', 'enable_grad', 'set_grad_enabled', 'autocast'];
  return [
    ...types.map((name) => [name, string(`torch.${name}`)] as const),
    ...switches.map((name) => [name, passingThrough(name)] as const),
    ['inf', { kind: 'float', value: Infinity }],
    ['pi', { kind: 'float', value: Math.PI }],
    ['channels_last', string('torch.channels_last')],
    ['contiguous_format', string('torch.contiguous_format')],
    ['preserve_format', string('torch.preserve_format')],
    ['strided', string('torch.strided')],
    ['__version__', string('2.8.0')],
    ['hub', unknown('torch.hub fetches models, which is not done here', span)],
  ];
}
