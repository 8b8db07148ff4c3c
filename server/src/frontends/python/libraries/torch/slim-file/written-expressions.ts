// Ops without parameters as expressions in forward. Kinds that stand for several functions of PyTorch are written only
// where the label and the call's text say which one it was.

import { isKind, type ActivationFunction, type Op, type OpOf } from '../../../../../network/op.ts';
import { isKnownShape } from '../../../../../network/shape.ts';
import { call, option, perAxis, tuple } from '../../../python-text.ts';
import { notKept } from './written-layers.ts';
import { batchName, expression, plainLabel, refused, type OpToWrite, type WrittenOp } from './written-op.ts';

/** The expression that an op without parameters is. */
export function writtenExpression(written: OpToWrite): WrittenOp {
  const { op } = written;
  if (isKind(op, 'activation')) return activation(op, written);
  if (isKind(op, 'pool')) return pool(op, written);
  if (isKind(op, 'adaptive-pool')) return adaptivePool(op);
  if (isKind(op, 'reduce')) return reduce(op, written);
  if (isKind(op, 'elementwise')) return elementwise(op, written);
  if (isKind(op, 'concat')) {
    return concat(op, written);
  }
  if (isKind(op, 'slice')) return slice(op, written);
  if (isKind(op, 'reshape')) return reshape(op, written);
  if (isKind(op, 'permute')) {
    const { order } = op.attributes;
    return expression((input) => call(`${input}.permute`, ...order), 'method');
  }
  if (isKind(op, 'expand')) return expand(op, written);
  if (isKind(op, 'pad')) return pad(op, written);
  if (isKind(op, 'resize')) return resize(op, written);
  if (isKind(op, 'matmul')) {
    if (op.parameters.length > 0 || !/^(@|matmul|bmm|mm|einsum)$/.test(plainLabel(op))) return notKept(op);
    return expression((left, right) => `${left} @ ${right}`, 'operator');
  }
  if (isKind(op, 'softmax')) {
    const { axis, log } = op.attributes;
    if (!/^(log_?)?softmax(2d)?$/i.test(plainLabel(op))) return notKept(op);
    return expression((input) => call(log ? 'F.log_softmax' : 'F.softmax', input, `dim=${String(axis)}`));
  }
  if (isKind(op, 'channel-shuffle')) {
    const { groups } = op.attributes;
    return expression((input) => call('F.channel_shuffle', input, groups));
  }
  if (isKind(op, 'depth-to-space') && op.attributes.order === 'crd') {
    const { block } = op.attributes;
    return expression((input) => call('F.pixel_shuffle', input, block));
  }
  if (isKind(op, 'space-to-depth') && op.attributes.order === 'crd') {
    const { block } = op.attributes;
    return expression((input) => call('F.pixel_unshuffle', input, block));
  }
  if (isKind(op, 'constant')) return constant(op);
  if (isKind(op, 'opaque')) return refused(`${op.name} is not understood: ${op.attributes.reason}`);
  return notKept(op);
}

/** Functions by kind, with the labels that mean just them. */
const functions: Readonly<Partial<Record<ActivationFunction, { readonly written: string; readonly labels: RegExp }>>> =
  {
    relu: { written: 'F.relu', labels: /^(relu|clamp|clip|clamp_min|hardtanh)$/i },
    relu6: { written: 'F.relu6', labels: /^(relu6|clamp|clip|hardtanh)$/i },
    'leaky-relu': { written: 'F.leaky_relu', labels: /^(LeakyReLU|leaky_relu)$/ },
    elu: { written: 'F.elu', labels: /^elu$/i },
    selu: { written: 'F.selu', labels: /^selu$/i },
    celu: { written: 'F.celu', labels: /^celu$/i },
    silu: { written: 'F.silu', labels: /^silu$/i },
    mish: { written: 'F.mish', labels: /^mish$/i },
    sigmoid: { written: 'torch.sigmoid', labels: /^sigmoid$/i },
    'hard-sigmoid': { written: 'F.hardsigmoid', labels: /^hardsigmoid$/i },
    'hard-swish': { written: 'F.hardswish', labels: /^hardswish$/i },
    tanh: { written: 'torch.tanh', labels: /^tanh$/i },
    softsign: { written: 'F.softsign', labels: /^softsign$/i },
    'log-sigmoid': { written: 'F.logsigmoid', labels: /^logsigmoid$/i },
    exp: { written: 'torch.exp', labels: /^exp$/ },
    log: { written: 'torch.log', labels: /^log$/ },
    sqrt: { written: 'torch.sqrt', labels: /^sqrt$/ },
    rsqrt: { written: 'torch.rsqrt', labels: /^rsqrt$/ },
    abs: { written: 'torch.abs', labels: /^abs$/ },
    square: { written: 'torch.square', labels: /^square$/ },
    sine: { written: 'torch.sin', labels: /^sin$/ },
    cosine: { written: 'torch.cos', labels: /^cos$/ },
    // Their further arguments are not kept, so they must have none.
    gelu: { written: 'F.gelu', labels: /^gelu$/i },
    softplus: { written: 'F.softplus', labels: /^softplus$/i },
    'hard-tanh': { written: 'F.hardtanh', labels: /^(hardtanh|clamp|clip)$/i },
  };

const argumentsNotKept: ReadonlySet<ActivationFunction> = new Set(['gelu', 'softplus']);

function activation(op: OpOf<'activation'>, { sourceText }: OpToWrite): WrittenOp {
  const { function: name, slope } = op.attributes;
  if (name === 'negative') return expression((input) => `-${input}`, 'operator');
  const found = functions[name];
  if (found?.labels.test(plainLabel(op)) !== true) return notKept(op);
  const isPlainCall = /^[\w.]+\((inplace=\w+)?\)$|^[\w.]+\([^,]*\)$/.test(sourceText.replace(/\s+/g, ''));
  if (argumentsNotKept.has(name) && !isPlainCall) return notKept(op);
  const usual = name === 'leaky-relu' ? 0.01 : 1;
  return expression((input) => call(found.written, input, slope === usual ? undefined : slope));
}

function pool(op: OpOf<'pool'>, { sourceText }: OpToWrite): WrittenOp {
  const { mode, kernel, stride, padding, dilation, ceilMode, countIncludePad } = op.attributes;
  const isKnown = /^((Max|Avg)Pool|(max|avg)_pool)[123]d$/.test(plainLabel(op));
  const even = padding.every(({ before, after }) => before === after);
  if (!isKnown || !even || sourceText.includes('divisor_override')) return notKept(op);
  const before = perAxis(padding.map((side) => side.before));
  const name = `F.${mode === 'max' ? 'max' : 'avg'}_pool${String(kernel.length)}d`;
  return expression((input) =>
    call(
      name,
      input,
      perAxis(kernel),
      option('stride', perAxis(stride), perAxis(kernel)),
      option('padding', before, '0'),
      option('dilation', perAxis(dilation), '1'),
      option('ceil_mode', ceilMode, false),
      mode === 'average' ? option('count_include_pad', countIncludePad, true) : undefined,
    ),
  );
}

function adaptivePool(op: OpOf<'adaptive-pool'>): WrittenOp {
  const { mode, outputSize } = op.attributes;
  const sizes = outputSize.map((size) => size ?? 'None');
  const size = sizes.every((one) => one === sizes[0]) ? String(sizes[0]) : tuple(sizes);
  const name = `F.adaptive_${mode === 'max' ? 'max' : 'avg'}_pool${String(sizes.length)}d`;
  return expression((input) => call(name, input, size));
}

const reducers: Readonly<Record<string, { readonly written: string; readonly labels: RegExp }>> = {
  mean: { written: 'mean', labels: /^mean$/ },
  sum: { written: 'sum', labels: /^sum$/ },
  max: { written: 'amax', labels: /^amax$/ },
  min: { written: 'amin', labels: /^amin$/ },
};

function reduce(op: OpOf<'reduce'>, { inputShapes, inputBatch: [batch] }: OpToWrite): WrittenOp {
  const { reducer, axes, keepDimensions } = op.attributes;
  const found = reducers[reducer];
  if (found?.labels.test(plainLabel(op)) !== true) return notKept(op);
  const isWhole = axes.length === (inputShapes[0]?.length ?? 0);
  if (batch !== undefined && (isWhole || axes.includes(batch))) return mixesBatch(op);
  if (isWhole) return notKept(op);
  const dim = axes.length === 1 ? String(axes[0]) : tuple(axes);
  return expression(
    (input) => call(`${input}.${found.written}`, `dim=${dim}`, option('keepdim', keepDimensions, false)),
    'method',
  );
}

const operators: Readonly<Record<string, { readonly written: string; readonly labels: RegExp }>> = {
  add: { written: '+', labels: /^(\+|add)$/ },
  subtract: { written: '-', labels: /^(-|sub|subtract)$/ },
  multiply: { written: '*', labels: /^(\*|mul|multiply)$/ },
  divide: { written: '/', labels: /^(\/|div|divide|true_divide)$/ },
  power: { written: '**', labels: /^(\*\*|pow)$/ },
};

function elementwise(op: OpOf<'elementwise'>, { sourceText }: OpToWrite): WrittenOp {
  const { operator } = op.attributes;
  const label = plainLabel(op);
  if (op.inputs.length !== 2) return notKept(op);
  if (/^(maximum|minimum)$/.test(operator) && /^(maximum|minimum|max|min)$/.test(label)) {
    return expression((left, right) => call(`torch.${operator}`, left, right));
  }
  const found = operators[operator];
  const losesArguments = /^\w+$/.test(label) && /\balpha\s*=|rounding_mode/.test(sourceText);
  if (found?.labels.test(label) !== true || losesArguments) return notKept(op);
  return expression((left, right) => `${left} ${found.written} ${right}`, 'operator');
}

function slice(op: OpOf<'slice'>, { inputBatch: [batch] }: OpToWrite): WrittenOp {
  const { axis, start, size, step } = op.attributes;
  if (axis === batch) return mixesBatch(op);
  const end = start + (size - 1) * step + 1;
  const range = `${start === 0 ? '' : String(start)}:${String(end)}${step === 1 ? '' : `:${String(step)}`}`;
  return axis < 0 ? notKept(op) : expression((input) => `${input}[${':, '.repeat(axis)}${range}]`, 'method');
}

function reshape(op: OpOf<'reshape'>, { inputShapes, inputBatch, outputShape, outputBatch }: OpToWrite): WrittenOp {
  if (!isKnownShape(outputShape)) return mixesBatch(op);
  const keepsFirst = inputBatch[0] === 0 && outputBatch === 0 && inputShapes[0]?.[0] === outputShape[0];
  if (keepsFirst && outputShape.length === 2) return expression((input) => call('torch.flatten', input, 1));
  // The batch is whatever remains.
  const sizes = outputShape.map((size, axis) => (axis === outputBatch ? -1 : size));
  return expression((input) => call(`${input}.reshape`, ...sizes), 'method');
}

function expand(op: OpOf<'expand'>, { inputShapes, inputBatch, outputShape, outputBatch }: OpToWrite): WrittenOp {
  if (inputShapes[0]?.length !== outputShape.length || !isKnownShape(outputShape)) return mixesBatch(op);
  const isWidened = inputBatch[0] === undefined && outputBatch !== undefined;
  const sizes = outputShape.map((size, axis) => (axis === outputBatch ? (isWidened ? batchName : -1) : size));
  return expression((input) => call(`${input}.expand`, ...sizes), 'method');
}

/** What is the same for every image is repeated for each of them. */
function concat(op: OpOf<'concat'>, { inputBatch, inputShapes, outputShape, outputBatch }: OpToWrite): WrittenOp {
  const { axis } = op.attributes;
  const repeated = inputBatch.map((batch) => outputBatch !== undefined && batch === undefined);
  const canRepeat = inputShapes.every((shape, i) => repeated[i] !== true || shape[outputBatch ?? -1] === 1);
  if (!canRepeat || axis === outputBatch) return mixesBatch(op);
  const sizes = outputShape.map((_, at) => (at === outputBatch ? batchName : -1));
  return {
    kind: 'expression',
    form: 'call',
    text: (inputs) => {
      const parts = inputs.map((input, i) => (repeated[i] === true ? call(`${input}.expand`, ...sizes) : input));
      return `torch.cat([${parts.join(', ')}], dim=${String(axis)})`;
    },
  };
}

function pad(op: OpOf<'pad'>, { inputBatch: [batch] }: OpToWrite): WrittenOp {
  const { padding, mode, value } = op.attributes;
  const first = padding.findIndex(({ before, after }) => before !== 0 || after !== 0);
  if (padding.some(({ before, after }, axis) => axis === batch && before + after > 0)) return mixesBatch(op);
  const amounts = padding
    .slice(first < 0 ? padding.length : first)
    .reverse()
    .flatMap(({ before, after }) => [before, after]);
  return expression((input) =>
    call('F.pad', input, tuple(amounts), option('mode', `"${mode}"`, '"constant"'), option('value', value, 0)),
  );
}

function resize(op: OpOf<'resize'>, { sourceText }: OpToWrite): WrittenOp {
  const { mode, outputSize, alignCorners } = op.attributes;
  if (!/^(interpolate|upsample|UpsamplingNearest2d)$/i.test(plainLabel(op)) || /exact|antialias/.test(sourceText)) {
    return notKept(op);
  }
  const linear = ['linear', 'bilinear', 'trilinear'][outputSize.length - 1] ?? 'linear';
  const word = mode === 'linear' ? linear : mode === 'cubic' ? 'bicubic' : mode;
  return expression((input) =>
    call(
      'F.interpolate',
      input,
      `size=${tuple(outputSize)}`,
      option('mode', `"${word}"`, '"nearest"'),
      mode === 'linear' || mode === 'cubic' ? `align_corners=${alignCorners ? 'True' : 'False'}` : undefined,
    ),
  );
}

function constant(op: OpOf<'constant'>): WrittenOp {
  const { shape, value } = op.attributes;
  if (op.parameters.length > 0) return ownTensor(op);
  if (shape.length > 0 || value === undefined) return refused(`${op.name} is a tensor whose values are not known`);
  return expression(() => String(value), value < 0 ? 'operator' : 'call');
}

/** A parameter of the model's own: with the values that it begins with, where these are known. */
function ownTensor(op: OpOf<'constant'>): WrittenOp {
  const [parameter] = op.parameters;
  const { shape } = op.attributes;
  if (parameter === undefined || op.parameters.length > 1 || !isKnownShape(shape))
    return refused(`${op.name} is a tensor of several parameters`);
  const { initializer } = parameter;
  const sizes = shape.join(', ');
  if (initializer?.kind === 'constant') {
    const filled = { 0: `torch.zeros(${sizes})`, 1: `torch.ones(${sizes})` }[initializer.value];
    const make = filled ?? `torch.full(${tuple(shape)}, ${String(initializer.value)})`;
    return { kind: 'parameter', make: `nn.Parameter(${make})` };
  }
  return {
    kind: 'parameter',
    make: `nn.Parameter(torch.empty(${sizes}))  # no values yet: they come with the model's weights`,
  };
}

function mixesBatch(op: Op): WrittenOp {
  return refused(`${op.name} (${op.label}) arranges the batch with other axes`);
}
