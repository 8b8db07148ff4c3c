// The `torch` namespace beside tensor functions: making tensors, switches, and what only matters when running.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { bool, builtin, none, pyFalse, string, unknown } from '../../evaluator/values.ts';
import { sizesOf } from './arrangement-functions.ts';
import { constantTensor, longestConstant } from '../../tracing/constants.ts';
import { deviceClass, elementTypeClass, elementTypeNames } from './element-types.ts';
import { literalTensor } from '../../tracing/literal-tensor.ts';
import { fourierFunctions } from './fourier-functions.ts';
import { fn, giveUp, type TracedFunction } from '../../tracing/traced-call.ts';
import type { Machine, PyValue } from '../../evaluator/machine.ts';

const filled = (fill: number | undefined): TracedFunction =>
  fn('*sizes|size **options', (call) => {
    const shape = sizesOf(call, 'sizes');
    if (!shape) return giveUp(call, 'The size of this tensor is not known');
    return { kind: 'tensor', shape, ...(fill !== undefined && { fill }) };
  });

const alike = (fill: number | undefined): TracedFunction =>
  fn('input *rest **options', (call) => {
    const input = call.args.tensor('input');
    return input
      ? { kind: 'tensor', shape: input.shape, ...(fill !== undefined && { fill }) }
      : giveUp(call, 'The size of this tensor is not known');
  });

const range = fn('start end|stop=None step=1 **options', (call) => {
  const first = call.args.number('start');
  const last = call.args.number('end');
  const step = call.args.number('step') ?? 1;
  if (first === undefined) return giveUp(call, 'The length of this range is not known');
  const [start, end] = last === undefined ? [0, first] : [first, last];
  const length = Math.max(0, Math.ceil((end - start) / step));
  const dtype = [start, end, step].every(Number.isInteger) ? 'int' : undefined;
  if (length > longestConstant) return { kind: 'tensor', shape: [length], ...(dtype && { dtype }) };
  return constantTensor(
    [length],
    Array.from({ length }, (_, i) => start + i * step),
    dtype,
  );
});

export const torchFunctions: Readonly<Record<string, TracedFunction>> = {
  ...fourierFunctions,
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
  arange: range,
  range,
  linspace: fn('start end steps|num=100 **options', (call) => {
    const [start, end, steps] = ['start', 'end', 'steps'].map((name) => call.args.number(name));
    if (start === undefined || end === undefined || steps === undefined || steps > longestConstant)
      return giveUp(call, 'The length of this range is not known');
    return constantTensor(
      [steps],
      Array.from({ length: steps }, (_, i) => (steps === 1 ? start : start + ((end - start) * i) / (steps - 1))),
    );
  }),
  eye: fn('n m=None **options', (call) => {
    const rows = call.args.integer('n');
    const columns = call.args.integer('m') ?? rows;
    return rows === undefined || columns === undefined
      ? giveUp(call, 'The size of this tensor is not known')
      : { kind: 'tensor', shape: [rows, columns] };
  }),
  randperm: fn('n **options', (call) => {
    const size = call.args.integer('n');
    return size === undefined
      ? giveUp(call, 'The size of this tensor is not known')
      : { kind: 'tensor', shape: [size] };
  }),
  randint: fn('low high=None size=None **options', (call) => {
    const shape = call.args.integers(call.args.isNone('size') ? 'high' : 'size', 0);
    return shape ? { kind: 'tensor', shape } : giveUp(call, 'The size of this tensor is not known');
  }),
  full_like: alike(undefined),
  is_tensor: fn('input', (call) => bool(call.args.value('input').kind === 'tensor')),
  is_grad_enabled: fn('', () => pyFalse),
  manual_seed: fn('seed', () => none),
  compile: fn('model=None **options', (call) => call.args.value('model')),
};

/** A thing that works as decorator, as context manager and as function, and changes nothing that is read here. */
export function passingThrough(name: string): PyValue {
  return nativeClass(name, [], [], (_, args) => {
    const [first] = args.positional;
    if (first?.kind === 'function' || first?.kind === 'class' || first?.kind === 'bound-method') return first;
    return builtin(name, (_interpreter: Machine, inner) => inner.positional[0] ?? none);
  });
}

/** Names in `torch` that are neither functions of tensors nor makers of them. */
export function torchConstants(span: SourceSpan): readonly (readonly [string, PyValue])[] {
  const switches = ['no_grad', 'inference_mode', 'enable_grad', 'set_grad_enabled', 'autocast'];
  return [
    ...elementTypeNames(),
    ['dtype', elementTypeClass],
    ['device', deviceClass],
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
