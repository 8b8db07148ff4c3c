// Functions that work on each element: of one tensor, or of several with broadcasting. One row each; what they compute
// is needed for constants only.

import type { ActivationFunction, OpAttributes } from '../../../../network/op.ts';
import { roundHalfToEven } from '../../../shared/number-dialect.ts';
import { constantTensor, elementsOf, type Fold } from '../../tracing/constants.ts';
import { flag, one, two } from '../../tracing/folds.ts';
import { functionBetween } from './activations.ts';
import { nonzero } from './selections.ts';
import { asTensor, emitOn, fn, giveUp, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

type Elementwise = Extract<OpAttributes, { kind: 'elementwise' }>['operator'];

function unary(kind: ActivationFunction, fold?: Fold, dtype?: string): TracedFunction {
  return fn('input *rest **options', (call) =>
    emitOn(
      call,
      asTensor(call.args.value('input')),
      { kind: 'activation', function: kind, channelAxis: 1 },
      fold,
      dtype,
    ),
  );
}

function binary(operator: Elementwise, fold: Fold, dtype?: string): TracedFunction {
  return fn('input other *rest **options', (call) => emitElementwise(call, operator, ['input', 'other'], fold, dtype));
}

function emitElementwise(
  call: TracedCall,
  operator: Elementwise,
  names: readonly string[],
  fold?: Fold,
  dtype?: string,
): PyValue {
  const tensors = names.map((name) => asTensor(call.args.value(name)));
  const inputs = tensors.filter((tensor) => tensor !== undefined);
  if (inputs.length !== tensors.length) return giveUp(call, `${call.label} is given something that is no known tensor`);
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: { kind: 'elementwise', operator },
    inputs,
    span: call.span,
    fold,
    dtype,
  });
}

/** Values kept between two bounds. A bound that is a tensor, or is not known, leaves them unknown. */
function between(bounds: string): TracedFunction {
  return fn(`input ${bounds} *rest **options`, (call) => {
    const bound = (name: string): number | undefined => (bounds.includes(name) ? call.args.number(name) : undefined);
    const isNumber = (name: string): boolean =>
      !bounds.includes(name) || bound(name) !== undefined || call.args.value(name).kind === 'none';
    const [low, high] = [bound('min'), bound('max')];
    const isKnown = isNumber('min') && isNumber('max');
    const fold = one((value) => Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value)));
    return emitOn(
      call,
      asTensor(call.args.value('input')),
      { kind: 'activation', function: isKnown ? functionBetween(low, high) : 'other', channelAxis: 1 },
      isKnown ? fold : undefined,
    );
  });
}

/** A running sum or product; of a constant vector it is computed. */
function running(combine: (total: number, value: number) => number): TracedFunction {
  return fn('input dim|axis=0 *rest **options', (call) => {
    const input = asTensor(call.args.value('input'));
    const elements = input && input.shape.length === 1 ? elementsOf(input) : undefined;
    if (!input || !elements) return emitOn(call, input, { kind: 'activation', function: 'other', channelAxis: 1 });
    const totals: number[] = [];
    for (const value of elements) totals.push(totals.length === 0 ? value : combine(totals.at(-1) ?? 0, value));
    return constantTensor(input.shape, totals, input.dtype);
  });
}

const unaryRows: Readonly<Record<string, TracedFunction>> = {
  exp: unary('exp', one(Math.exp)),
  log: unary('log', one(Math.log)),
  log2: unary('other', one(Math.log2)),
  log10: unary('other', one(Math.log10)),
  log1p: unary('other', one(Math.log1p)),
  expm1: unary('other', one(Math.expm1)),
  sqrt: unary('sqrt', one(Math.sqrt)),
  rsqrt: unary(
    'rsqrt',
    one((value) => 1 / Math.sqrt(value)),
  ),
  abs: unary('abs', one(Math.abs)),
  neg: unary(
    'negative',
    one((value) => -value),
  ),
  negative: unary(
    'negative',
    one((value) => -value),
  ),
  square: unary(
    'square',
    one((value) => value * value),
  ),
  reciprocal: unary(
    'other',
    one((value) => 1 / value),
  ),
  sin: unary('sine', one(Math.sin)),
  cos: unary('cosine', one(Math.cos)),
  tan: unary('other', one(Math.tan)),
  asin: unary('other', one(Math.asin)),
  acos: unary('other', one(Math.acos)),
  atan: unary('other', one(Math.atan)),
  sinh: unary('other', one(Math.sinh)),
  cosh: unary('other', one(Math.cosh)),
  tanh: unary('tanh', one(Math.tanh)),
  sigmoid: unary(
    'sigmoid',
    one((value) => 1 / (1 + Math.exp(-value))),
  ),
  floor: unary('other', one(Math.floor)),
  ceil: unary('other', one(Math.ceil)),
  round: unary('other', one(roundHalfToEven)),
  trunc: unary('other', one(Math.trunc)),
  frac: unary(
    'other',
    one((value) => value - Math.trunc(value)),
  ),
  sign: unary('other', one(Math.sign)),
  relu: unary(
    'relu',
    one((value) => Math.max(0, value)),
  ),
  erf: unary('other'),
  erfinv: unary('other'),
  softplus: unary('softplus'),
  logit: unary('other'),
  nan_to_num: unary('other'),
  isnan: unary(
    'other',
    one((value) => (Number.isNaN(value) ? 1 : 0)),
    'bool',
  ),
  isinf: unary(
    'other',
    one((value) => (Math.abs(value) === Infinity ? 1 : 0)),
    'bool',
  ),
  isfinite: unary(
    'other',
    one((value) => (Number.isFinite(value) ? 1 : 0)),
    'bool',
  ),
  logical_not: unary(
    'other',
    one((value) => (value === 0 ? 1 : 0)),
    'bool',
  ),
  bitwise_not: unary(
    'other',
    one((value) => (value === 0 ? 1 : 0)),
    'bool',
  ),
  cumsum: running((total, value) => total + value),
  cumprod: running((total, value) => total * value),
  clamp: between('min=None max=None'),
  clip: between('min=None max=None'),
  clamp_min: between('min'),
  clamp_max: between('max'),
  threshold: unary('other'),
  dropout: fn('input p=0.5 train=False', (call) => call.args.value('input')),
};

const binaryRows: Readonly<Record<string, TracedFunction>> = {
  add: binary(
    'add',
    two((a, b) => a + b),
  ),
  sub: binary(
    'subtract',
    two((a, b) => a - b),
  ),
  subtract: binary(
    'subtract',
    two((a, b) => a - b),
  ),
  rsub: binary(
    'subtract',
    two((a, b) => b - a),
  ),
  mul: binary(
    'multiply',
    two((a, b) => a * b),
  ),
  multiply: binary(
    'multiply',
    two((a, b) => a * b),
  ),
  div: binary(
    'divide',
    two((a, b) => a / b),
  ),
  divide: binary(
    'divide',
    two((a, b) => a / b),
  ),
  true_divide: binary(
    'divide',
    two((a, b) => a / b),
  ),
  floor_divide: binary(
    'divide',
    two((a, b) => Math.floor(a / b)),
  ),
  remainder: binary(
    'divide',
    two((a, b) => a - b * Math.floor(a / b)),
  ),
  fmod: binary(
    'divide',
    two((a, b) => a % b),
  ),
  pow: binary(
    'power',
    two((a, b) => a ** b),
  ),
  power: binary(
    'power',
    two((a, b) => a ** b),
  ),
  maximum: binary('maximum', two(Math.max)),
  minimum: binary('minimum', two(Math.min)),
  fmax: binary('maximum', two(Math.max)),
  fmin: binary('minimum', two(Math.min)),
  atan2: binary('divide', two(Math.atan2)),
  eq: binary(
    'compare',
    flag((a, b) => a === b),
    'bool',
  ),
  ne: binary(
    'compare',
    flag((a, b) => a !== b),
    'bool',
  ),
  gt: binary(
    'compare',
    flag((a, b) => a > b),
    'bool',
  ),
  lt: binary(
    'compare',
    flag((a, b) => a < b),
    'bool',
  ),
  ge: binary(
    'compare',
    flag((a, b) => a >= b),
    'bool',
  ),
  le: binary(
    'compare',
    flag((a, b) => a <= b),
    'bool',
  ),
  logical_and: binary(
    'multiply',
    flag((a, b) => a !== 0 && b !== 0),
    'bool',
  ),
  logical_or: binary(
    'maximum',
    flag((a, b) => a !== 0 || b !== 0),
    'bool',
  ),
  logical_xor: binary(
    'compare',
    flag((a, b) => (a !== 0) !== (b !== 0)),
    'bool',
  ),
  bitwise_and: binary(
    'multiply',
    flag((a, b) => a !== 0 && b !== 0),
    'bool',
  ),
  bitwise_or: binary(
    'maximum',
    flag((a, b) => a !== 0 || b !== 0),
    'bool',
  ),
};

export const elementwiseRows: Readonly<Record<string, TracedFunction>> = {
  ...unaryRows,
  ...binaryRows,
  where: fn('condition input=None other=None', (call) =>
    call.args.isNone('input')
      ? nonzero(call, 'condition', true)
      : emitElementwise(call, 'where', ['condition', 'input', 'other'], (condition, a = NaN, b = NaN) =>
          condition === 0 ? b : a,
        ),
  ),
  masked_fill: fn('input mask value', (call) =>
    emitElementwise(call, 'where', ['input', 'mask', 'value'], (a = NaN, mask = 0, b = NaN) => (mask === 0 ? a : b)),
  ),
  lerp: fn('input end weight', (call) => emitElementwise(call, 'add', ['input', 'end'])),
  addcmul: fn('input tensor1 tensor2 value=1', (call) => emitElementwise(call, 'add', ['input', 'tensor1', 'tensor2'])),
  addcdiv: fn('input tensor1 tensor2 value=1', (call) => emitElementwise(call, 'add', ['input', 'tensor1', 'tensor2'])),
};
