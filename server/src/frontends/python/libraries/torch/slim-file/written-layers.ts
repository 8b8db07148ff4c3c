// Layers with parameters, and dropout, as the constructors of torch.nn that make them.

import { isKind, type Op, type OpOf, type Padding, type ParameterRole } from '../../../../../network/op.ts';
import { isKnownShape } from '../../../../../network/shape.ts';
import { call, option, perAxis, tuple } from '../../../python-text.ts';
import { plainLabel, refused, type OpToWrite, type WrittenOp } from './written-op.ts';

/** The layer that an op is; undefined where it is none. */
export function writtenLayer(written: OpToWrite): WrittenOp | undefined {
  const { op } = written;
  if (isKind(op, 'convolution')) return convolution(op);
  if (isKind(op, 'transposed-convolution')) return transposedConvolution(op);
  if (isKind(op, 'dense')) return dense(op);
  if (isKind(op, 'batch-norm')) return batchNorm(op, written);
  if (isKind(op, 'layer-norm')) return layerNorm(op, written);
  if (isKind(op, 'group-norm')) return groupNorm(op, written);
  if (isKind(op, 'embedding')) {
    const { count, width } = op.attributes;
    return hasWeight(op, [count, width]) ? layer(call('nn.Embedding', count, width)) : computedWeight(op);
  }
  if (isKind(op, 'dropout')) return dropout(op);
  if (isKind(op, 'activation') && op.attributes.function === 'prelu') return slopes(op);
  return undefined;
}

function layer(make: string): WrittenOp {
  return { kind: 'layer', make };
}

function has(op: Op, role: ParameterRole): boolean {
  return op.parameters.some((parameter) => parameter.role === role);
}

/** Whether the op's weight is a parameter as it is, of just this shape. */
function hasWeight(op: Op, shape: readonly number[]): boolean {
  const weights = op.parameters.filter(({ role }) => role === 'weight');
  const own = weights[0]?.shape;
  return weights.length === 1 && own?.length === shape.length && own.every((size, axis) => size === shape[axis]);
}

function computedWeight(op: Op): WrittenOp {
  return refused(`the weight of ${op.name} is computed before it is used`);
}

/** The same amount on both sides of every axis. */
function evenPadding(padding: readonly Padding[]): readonly number[] | undefined {
  return padding.every(({ before, after }) => before === after) ? padding.map(({ before }) => before) : undefined;
}

function convolution(op: OpOf<'convolution'>): WrittenOp {
  const { inChannels, outChannels, kernel, stride, padding, paddingMode, dilation, groups } = op.attributes;
  if (!hasWeight(op, [outChannels, inChannels / groups, ...kernel])) return computedWeight(op);
  const even = evenPadding(padding);
  // PyTorch's word for uneven padding: what is left over goes behind.
  const isSame = padding.every(({ before, after }, axis) => {
    const total = (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1);
    return before === Math.floor(total / 2) && before + after === total;
  });
  if (even === undefined && !(isSame && stride.every((step) => step === 1))) {
    return refused(`the padding of ${op.name} differs between the two sides`);
  }
  return layer(
    call(
      `nn.Conv${String(kernel.length)}d`,
      inChannels,
      outChannels,
      `kernel_size=${perAxis(kernel)}`,
      option('stride', perAxis(stride), '1'),
      even === undefined ? 'padding="same"' : option('padding', perAxis(even), '0'),
      option('dilation', perAxis(dilation), '1'),
      option('groups', groups, 1),
      option('bias', has(op, 'bias'), true),
      option('padding_mode', `"${paddingMode}"`, '"zeros"'),
    ),
  );
}

function transposedConvolution(op: OpOf<'transposed-convolution'>): WrittenOp {
  const { inChannels, outChannels, kernel, stride, padding, outputPadding, dilation, groups } = op.attributes;
  if (!hasWeight(op, [inChannels, outChannels / groups, ...kernel])) return computedWeight(op);
  const even = evenPadding(padding);
  if (even === undefined) return refused(`the padding of ${op.name} differs between the two sides`);
  return layer(
    call(
      `nn.ConvTranspose${String(kernel.length)}d`,
      inChannels,
      outChannels,
      `kernel_size=${perAxis(kernel)}`,
      option('stride', perAxis(stride), '1'),
      option('padding', perAxis(even), '0'),
      option('output_padding', perAxis(outputPadding), '0'),
      option('groups', groups, 1),
      option('bias', has(op, 'bias'), true),
      option('dilation', perAxis(dilation), '1'),
    ),
  );
}

function dense(op: OpOf<'dense'>): WrittenOp {
  const { inFeatures, outFeatures } = op.attributes;
  if (!hasWeight(op, [outFeatures, inFeatures])) return computedWeight(op);
  return layer(call('nn.Linear', inFeatures, outFeatures, option('bias', has(op, 'bias'), true)));
}

function batchNorm(op: OpOf<'batch-norm'>, { inputShapes }: OpToWrite): WrittenOp {
  const { channels, epsilon, momentum, hasScale, hasShift } = op.attributes;
  if (hasScale !== hasShift) return refused(`${op.name} has only one of scale and shift`);
  const rank = Math.max(1, (inputShapes[0]?.length ?? 4) - 2);
  return layer(
    call(
      `nn.BatchNorm${String(rank)}d`,
      channels,
      option('eps', epsilon, 1e-5),
      option('momentum', momentum ?? 'None', 0.1),
      option('affine', hasScale, true),
      option('track_running_stats', has(op, 'running-mean'), true),
    ),
  );
}

function layerNorm(op: OpOf<'layer-norm'>, { outputShape }: OpToWrite): WrittenOp {
  const { normalizedAxes, epsilon } = op.attributes;
  const shape = normalizedAxes.map((axis) => outputShape[axis] ?? 0);
  if (!/^(LayerNorm|layer_norm)$/.test(plainLabel(op)) || !isKnownShape(shape)) return notKept(op);
  return layer(
    call(
      'nn.LayerNorm',
      shape.length === 1 ? shape[0] : tuple(shape),
      option('eps', epsilon, 1e-5),
      option('elementwise_affine', has(op, 'scale'), true),
      has(op, 'scale') ? option('bias', has(op, 'shift'), true) : undefined,
    ),
  );
}

function groupNorm(op: OpOf<'group-norm'>, { sourceText, inputShapes }: OpToWrite): WrittenOp {
  const { groups, channels, epsilon } = op.attributes;
  const label = plainLabel(op);
  if (/^(GroupNorm|group_norm)$/.test(label)) {
    return layer(
      call('nn.GroupNorm', groups, channels, option('eps', epsilon, 1e-5), option('affine', has(op, 'scale'), true)),
    );
  }
  const rank = (inputShapes[0]?.length ?? 4) - 2;
  if (!/^InstanceNorm[123]d$/.test(label) || sourceText.includes('track_running_stats')) return notKept(op);
  return layer(
    call(
      `nn.InstanceNorm${String(rank)}d`,
      channels,
      option('eps', epsilon, 1e-5),
      option('affine', has(op, 'scale'), false),
    ),
  );
}

function dropout(op: OpOf<'dropout'>): WrittenOp {
  const label = plainLabel(op);
  const name = /^[a-z]/.test(label)
    ? label.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
    : label;
  if (!/^(Dropout([123]d)?|AlphaDropout|FeatureAlphaDropout)$/.test(name)) return notKept(op);
  return layer(call(`nn.${name}`, op.attributes.rate));
}

function slopes(op: OpOf<'activation'>): WrittenOp {
  const count = op.parameters[0]?.shape[0];
  return typeof count === 'number' ? layer(call('nn.PReLU', count === 1 ? undefined : count)) : computedWeight(op);
}

/** The network keeps of this layer what it costs, not all that it does. */
export function notKept(op: Op): WrittenOp {
  return refused(`${op.name} (${op.label}) has settings that costs do not depend on and that would be lost`);
}
