// torch.nn.functional: one row a function. Functions that torch itself or tensors offer too are used from there.

import { none, tuple } from '../../evaluator/values.ts';
import { activations } from './activations.ts';
import { attentionFunction } from './attention-modules.ts';
import {
  emitBatchNorm,
  emitConvolution,
  emitDense,
  emitPool,
  emitResize,
  emitTransposedConvolution,
} from './layers.ts';
import { arrangementRows } from './arrangement-functions.ts';
import { attentionRow } from '../../tracing/product-functions.ts';
import { overwrite } from '../../tracing/tensor-writes.ts';
import {
  axisOf,
  emitOn,
  fn,
  giveUp,
  originOf,
  type TracedCall,
  type TracedFunction,
} from '../../tracing/traced-call.ts';
import { integerOf, numberOf } from '../../evaluator/numbers.ts';
import type { PyValue } from '../../evaluator/machine.ts';
import type { PaddedWidths } from '../../../../network/op.ts';

const poolOf = (mode: 'max' | 'average', rank: number): TracedFunction =>
  fn(
    mode === 'max'
      ? 'input kernel_size stride=None padding=0 dilation=1 ceil_mode=False return_indices=False'
      : 'input kernel_size stride=None padding=0 ceil_mode=False count_include_pad=True divisor_override=None',
    (call) => {
      const { args } = call;
      const input = args.tensor('input');
      const kernel = args.integers('kernel_size', rank);
      const stride = args.isNone('stride') ? kernel : args.integers('stride', rank);
      const padding = args.integers('padding', rank);
      const dilation = mode === 'max' ? args.integers('dilation', rank) : Array.from({ length: rank }, () => 1);
      if (!input || !kernel || !stride || !padding || !dilation)
        return giveUp(call, 'The window of this pool is not known');
      const countIncludePad = mode === 'average' && args.flag('count_include_pad');
      const pooled = emitPool(call, {
        input,
        mode,
        kernel,
        stride,
        padding,
        dilation,
        ceilMode: args.flag('ceil_mode'),
        countIncludePad,
      });
      return mode === 'max' && args.flag('return_indices') ? tuple([pooled, pooled]) : pooled;
    },
  );

const adaptivePoolOf = (mode: 'max' | 'average', rank: number): TracedFunction =>
  fn('input output_size return_indices=False', (call) => {
    const size = call.args.value('output_size');
    const items = size.kind === 'tuple' || size.kind === 'list' ? size.items : Array.from({ length: rank }, () => size);
    const outputSize = items.map((item) => (item.kind === 'none' ? undefined : integerOf(item)));
    if (items.some((item, i) => item.kind !== 'none' && outputSize[i] === undefined))
      return giveUp(call, 'The output size of this pool is not known');
    const input = call.args.tensor('input');
    const pooled = emitOn(call, input, { kind: 'adaptive-pool', mode, outputSize, channelAxis: 1 });
    return mode === 'max' && call.args.flag('return_indices') ? tuple([pooled, pooled]) : pooled;
  });

const convolutionOf = (rank: number): TracedFunction =>
  fn('input weight bias=None stride=1 padding=0 dilation=1 groups=1', (call) => {
    const { args } = call;
    const [input, weight] = [args.tensor('input'), args.tensor('weight')];
    const [stride, dilation] = [args.integers('stride', rank), args.integers('dilation', rank)];
    const word = args.text('padding');
    const padding = word === undefined ? args.integers('padding', rank) : word === 'same' ? 'same' : 'valid';
    if (!input || !weight || !stride || !dilation || !padding)
      return giveUp(call, 'The attributes of this convolution are not known');
    return emitConvolution(call, {
      input,
      weight,
      bias: args.tensor('bias'),
      stride,
      padding,
      paddingMode: 'zeros',
      dilation,
      groups: args.integer('groups') ?? 1,
    });
  });

const transposedOf = (rank: number): TracedFunction =>
  fn('input weight bias=None stride=1 padding=0 output_padding=0 groups=1 dilation=1', (call) => {
    const { args } = call;
    const [input, weight] = [args.tensor('input'), args.tensor('weight')];
    const [stride, padding] = [args.integers('stride', rank), args.integers('padding', rank)];
    const [outputPadding, dilation] = [args.integers('output_padding', rank), args.integers('dilation', rank)];
    if (!input || !weight || !stride || !padding || !outputPadding || !dilation)
      return giveUp(call, 'The attributes of this convolution are not known');
    return emitTransposedConvolution(call, {
      input,
      weight,
      bias: args.tensor('bias'),
      stride,
      padding,
      outputPadding,
      dilation,
      groups: args.integer('groups') ?? 1,
    });
  });

/** `F.pad`: amounts from the last axis backwards, two an axis. */
function pad(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  const amounts = call.args.integers('pad', 0);
  if (!input || !amounts) return giveUp(call, 'The amounts of this padding are not known');
  const rank = input.shape.length;
  const padding = input.shape.map((_, axis) => {
    const i = (rank - 1 - axis) * 2;
    return { before: amounts[i] ?? 0, after: amounts[i + 1] ?? 0 };
  });
  if (padding.every(({ before, after }) => before === 0 && after === 0)) return input;
  const word = call.args.text('mode');
  const mode = word === 'reflect' || word === 'replicate' || word === 'circular' ? word : 'constant';
  const attributes = { kind: 'pad', padding, mode, value: call.args.number('value') ?? 0 } as const;
  const { network, machine, label, span } = call;
  return network.emit(machine, { label, attributes, inputs: [input], span, paddedWidths: paddedChannels(call, rank) });
}

/** Where the amounts on the axis of channels come from. */
function paddedChannels({ args }: TracedCall, rank: number): PaddedWidths | undefined {
  const amounts = args.value('pad');
  const i = (rank - 2) * 2;
  const items = amounts.kind === 'tuple' || amounts.kind === 'list' ? amounts.items : [];
  const [before, after] = [items[i], items[i + 1]];
  if (rank < 2 || before === undefined || after === undefined) return undefined;
  return { axis: 1, before: originOf(before), after: originOf(after) };
}

function interpolate(call: TracedCall): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, 'What is resized is no known tensor');
  const factorValue = call.args.value('scale_factor');
  const factor = numberOf(factorValue);
  const factors =
    factorValue.kind === 'tuple' || factorValue.kind === 'list'
      ? factorValue.items.map((item) => numberOf(item) ?? 1)
      : factor === undefined
        ? undefined
        : [factor];
  const size = call.args.isNone('size') ? undefined : call.args.integers('size', 0);
  return emitResize(call, input, size, factors, call.args.text('mode') ?? 'nearest', call.args.flag('align_corners'));
}

/** `F.max_unpool2d`: the maxima back where they stood, at the size that the pool was given. */
const unpoolOf = (rank: number): TracedFunction =>
  fn('input indices kernel_size stride=None padding=0 output_size=None', (call) => {
    const { args } = call;
    const input = args.tensor('input');
    const [kernel, padding] = [args.integers('kernel_size', rank), args.integers('padding', rank)];
    const stride = args.isNone('stride') ? kernel : args.integers('stride', rank);
    const wanted = args.isNone('output_size') ? undefined : args.integers('output_size', 0);
    if (!input || !kernel || !stride || !padding || (!wanted && !args.isNone('output_size')))
      return giveUp(call, 'The window of this pool is not known');
    const kept = input.shape.length - rank;
    const sizes = input.shape.slice(kept).map((size, i) => {
      const own = wanted?.at(i - rank);
      const [step = 1, before = 0, window = 1] = [stride[i], padding[i], kernel[i]];
      return own ?? (typeof size === 'number' ? (size - 1) * step - 2 * before + window : size);
    });
    const shape = [...input.shape.slice(0, kept), ...sizes];
    return emitOn(call, input, { kind: 'rearrange', operation: 'max_unpool', shape });
  });

const softmax = (log: boolean): TracedFunction =>
  fn('input dim=None _stacklevel=3 dtype=None', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, 'What softmax is taken of is no known tensor');
    const implicit = input.shape.length === 0 || input.shape.length === 1 || input.shape.length === 3 ? 0 : 1;
    return emitOn(call, input, { kind: 'softmax', axis: axisOf(input, call.args.integer('dim') ?? implicit), log });
  });

const dropout = fn('input p=0.5 training=True inplace=False', (call) =>
  call.args.flag('training')
    ? emitOn(call, call.args.tensor('input'), { kind: 'dropout', rate: call.args.number('p') ?? 0.5 })
    : call.args.value('input'),
);

/** Normalises groups of channels; without a number each channel is a group. */
function groupNorm(call: TracedCall, groups: number | undefined): PyValue {
  const input = call.args.tensor('input');
  const channels = input?.shape[1];
  if (!input || typeof channels !== 'number') return giveUp(call, 'The channels of this norm are not known');
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [input],
    parameters: [call.args.tensor('weight'), call.args.tensor('bias')],
    attributes: {
      kind: 'group-norm',
      groups: groups ?? channels,
      channels,
      epsilon: call.args.number('eps') ?? 1e-5,
      channelAxis: 1,
    },
  });
}

const ranks = [1, 2, 3];

/** A pool of powers; costed like an average. */
function powerPool(rank: number): TracedFunction {
  return fn('input norm_type kernel_size stride=None ceil_mode=False', (call) => {
    const input = call.args.tensor('input');
    const kernel = call.args.integers('kernel_size', rank);
    const stride = call.args.isNone('stride') ? kernel : call.args.integers('stride', rank);
    if (!input || !kernel || !stride) return giveUp(call, 'The window of this pool is not known');
    const [padding, dilation] = [kernel.map(() => 0), kernel.map(() => 1)];
    const ceilMode = call.args.flag('ceil_mode');
    return emitPool(call, {
      input,
      mode: 'average',
      kernel,
      stride,
      padding,
      dilation,
      ceilMode,
      countIncludePad: true,
    });
  });
}

export const functional: Readonly<Record<string, TracedFunction>> = {
  multi_head_attention_forward: attentionFunction,
  ...Object.fromEntries(ranks.map((rank) => [`max_pool${String(rank)}d`, poolOf('max', rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`avg_pool${String(rank)}d`, poolOf('average', rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`adaptive_avg_pool${String(rank)}d`, adaptivePoolOf('average', rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`adaptive_max_pool${String(rank)}d`, adaptivePoolOf('max', rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`max_unpool${String(rank)}d`, unpoolOf(rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`conv${String(rank)}d`, convolutionOf(rank)])),
  ...Object.fromEntries(ranks.map((rank) => [`conv_transpose${String(rank)}d`, transposedOf(rank)])),
  ...Object.fromEntries(
    Object.entries(activations).flatMap(([name, { parameters, emit }]) => {
      const run = (call: TracedCall): PyValue =>
        emit(call, call.args.tensor('input'), (parameter) => call.args.number(parameter));
      const inPlace = (call: TracedCall): PyValue => {
        const input = call.args.tensor('input');
        return input ? overwrite(call.machine, input, run(call)) : run(call);
      };
      const plain = [name, fn(`input ${parameters}`, run)] as const;
      return parameters.includes('inplace')
        ? [plain, [`${name}_`, fn(`input ${parameters}`, inPlace)] as const]
        : [plain];
    }),
  ),
  linear: fn('input weight bias=None', (call) => {
    const [input, weight] = [call.args.tensor('input'), call.args.tensor('weight')];
    return input && weight
      ? emitDense(call, input, weight, call.args.tensor('bias'))
      : giveUp(call, 'The weight of this linear layer is not known');
  }),
  batch_norm: fn(
    'input running_mean running_var weight=None bias=None training=False momentum=0.1 eps=1e-5',
    (call) => {
      const { args } = call;
      const input = args.tensor('input');
      const channels = (args.tensor('weight') ?? args.tensor('running_mean') ?? input)?.shape[
        args.tensor('weight') || args.tensor('running_mean') ? 0 : 1
      ];
      if (!input || typeof channels !== 'number') return giveUp(call, 'The channels of this batch norm are not known');
      return emitBatchNorm(call, {
        input,
        channels,
        scale: args.tensor('weight'),
        shift: args.tensor('bias'),
        mean: args.tensor('running_mean'),
        variance: args.tensor('running_var'),
        epsilon: args.number('eps') ?? 1e-5,
        momentum: args.number('momentum'),
      });
    },
  ),
  layer_norm: fn('input normalized_shape weight=None bias=None eps=1e-5', (call) => {
    const input = call.args.tensor('input');
    const rank = call.args.integers('normalized_shape', 0)?.length;
    if (!input || rank === undefined) return giveUp(call, 'The shape of this layer norm is not known');
    return call.network.emit(call.machine, {
      label: call.label,
      span: call.span,
      inputs: [input],
      parameters: [call.args.tensor('weight'), call.args.tensor('bias')],
      attributes: {
        kind: 'layer-norm',
        normalizedAxes: Array.from({ length: rank }, (_, i) => input.shape.length - rank + i),
        epsilon: call.args.number('eps') ?? 1e-5,
      },
    });
  }),
  pad: fn("input pad mode='constant' value=None", pad),
  interpolate: fn(
    "input size=None scale_factor=None mode='nearest' align_corners=None recompute_scale_factor=None antialias=False",
    interpolate,
  ),
  upsample: fn(
    "input size=None scale_factor=None mode='nearest' align_corners=None recompute_scale_factor=None antialias=False",
    interpolate,
  ),
  softmax: softmax(false),
  log_softmax: softmax(true),
  dropout,
  dropout2d: dropout,
  dropout3d: dropout,
  alpha_dropout: dropout,
  unflatten: arrangementRows['unflatten'] ?? fn('input', (call) => call.args.value('input')),
  flatten: arrangementRows['flatten'] ?? fn('input', (call) => call.args.value('input')),
  pixel_shuffle: fn('input upscale_factor', (call) =>
    emitOn(call, call.args.tensor('input'), {
      kind: 'depth-to-space',
      block: call.args.integer('upscale_factor') ?? 1,
      order: 'crd',
      channelAxis: 1,
    }),
  ),
  pixel_unshuffle: fn('input downscale_factor', (call) =>
    emitOn(call, call.args.tensor('input'), {
      kind: 'space-to-depth',
      block: call.args.integer('downscale_factor') ?? 1,
      order: 'crd',
      channelAxis: 1,
    }),
  ),
  channel_shuffle: fn('input groups', (call) =>
    emitOn(call, call.args.tensor('input'), {
      kind: 'channel-shuffle',
      groups: call.args.integer('groups') ?? 1,
      channelAxis: 1,
    }),
  ),
  local_response_norm: fn('input size alpha=0.0001 beta=0.75 k=1.0', (call) =>
    emitOn(call, call.args.tensor('input'), { kind: 'local-response-norm', size: call.args.integer('size') ?? 5 }),
  ),
  normalize: fn('input p=2.0 dim=1 eps=1e-12 out=None', (call) => {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, 'What is normalised is no known tensor');
    const { machine, network, span } = call;
    const axes = [axisOf(input, call.args.integer('dim') ?? 1)];
    const norm = network.emit(machine, {
      label: 'norm',
      attributes: { kind: 'reduce', reducer: 'norm', axes, keepDimensions: true },
      inputs: [input],
      span,
    });
    if (norm.kind !== 'tensor') return norm;
    return network.emit(machine, {
      label: call.label,
      attributes: { kind: 'elementwise', operator: 'divide' },
      inputs: [input, norm],
      span,
    });
  }),
  scaled_dot_product_attention: attentionRow,
  embedding: fn(
    'input weight padding_idx=None max_norm=None norm_type=2.0 scale_grad_by_freq=False sparse=False',
    (call) => {
      const [input, weight] = [call.args.tensor('input'), call.args.tensor('weight')];
      const [count, width] = weight?.shape ?? [];
      if (!input || !weight || typeof count !== 'number' || typeof width !== 'number')
        return giveUp(call, 'The table of this embedding is not known');
      return call.network.emit(call.machine, {
        label: call.label,
        span: call.span,
        inputs: [input],
        parameters: [weight],
        attributes: { kind: 'embedding', count, width },
      });
    },
  ),
  one_hot: fn('input num_classes=-1', (call) => {
    const input = call.args.tensor('input');
    const count = call.args.integer('num_classes') ?? -1;
    if (!input || count < 0) return giveUp(call, 'The length of one-hot vectors depends on what a tensor holds');
    return emitOn(call, input, { kind: 'rearrange', operation: 'one_hot', shape: [...input.shape, count] });
  }),
  glu: fn('input dim=-1', (call) => {
    const input = call.args.tensor('input');
    const axis = input ? axisOf(input, call.args.integer('dim') ?? -1) : 0;
    const size = input?.shape[axis];
    if (!input || typeof size !== 'number') return giveUp(call, 'What is gated is no known tensor');
    const half = size / 2;
    const [value, gate] = [0, half].map((start) =>
      emitOn(call, input, { kind: 'slice', axis, start, size: half, step: 1 }),
    );
    const open =
      gate?.kind === 'tensor' ? emitOn(call, gate, { kind: 'activation', function: 'sigmoid', channelAxis: 1 }) : none;
    if (value?.kind !== 'tensor' || open.kind !== 'tensor') return giveUp(call, 'What is gated is no known tensor');
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'elementwise', operator: 'multiply' },
      inputs: [value, open],
      span: call.span,
    });
  }),
  prelu: fn('input weight', (call) => {
    const [input, weight] = [call.args.tensor('input'), call.args.tensor('weight')];
    if (!input) return giveUp(call, 'What is activated is no known tensor');
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'activation', function: 'prelu', channelAxis: 1 },
      inputs: [input],
      parameters: [weight],
      span: call.span,
    });
  }),
  group_norm: fn('input num_groups weight=None bias=None eps=1e-5', (call) =>
    groupNorm(call, call.args.integer('num_groups')),
  ),
  instance_norm: fn(
    'input running_mean=None running_var=None weight=None bias=None use_input_stats=True momentum=0.1 eps=1e-5',
    (call) => groupNorm(call, undefined),
  ),
  rms_norm: fn('input normalized_shape weight=None eps=None', (call) => {
    const input = call.args.tensor('input');
    const rank = call.args.integers('normalized_shape', 0)?.length;
    if (!input || rank === undefined) return giveUp(call, 'The shape of this norm is not known');
    return call.network.emit(call.machine, {
      label: call.label,
      span: call.span,
      inputs: [input],
      parameters: [call.args.tensor('weight')],
      attributes: {
        kind: 'layer-norm',
        normalizedAxes: Array.from({ length: rank }, (_, i) => input.shape.length - rank + i),
        epsilon: call.args.number('eps') ?? 1e-5,
      },
    });
  }),
  unfold: fn('input kernel_size dilation=1 padding=0 stride=1', (call) => {
    const { args } = call;
    const input = args.tensor('input');
    const [kernel, dilation, padding, stride] = ['kernel_size', 'dilation', 'padding', 'stride'].map((name) =>
      args.integers(name, 2),
    );
    const [batch, channels, ...space] = input?.shape ?? [];
    if (!input || !kernel || !dilation || !padding || !stride || batch === undefined || typeof channels !== 'number')
      return giveUp(call, 'The windows are not known');
    const windows = space.map((size, i) =>
      typeof size === 'number'
        ? Math.floor(
            (size + 2 * (padding[i] ?? 0) - (dilation[i] ?? 1) * ((kernel[i] ?? 1) - 1) - 1) / (stride[i] ?? 1),
          ) + 1
        : NaN,
    );
    const count = windows.reduce((total, size) => total * size, 1);
    const width = channels * kernel.reduce((total, size) => total * size, 1);
    return emitOn(call, input, { kind: 'rearrange', operation: 'unfold', shape: [batch, width, count] });
  }),
  fold: fn('input output_size kernel_size dilation=1 padding=0 stride=1', (call) => {
    const input = call.args.tensor('input');
    const [size, kernel] = [call.args.integers('output_size', 2), call.args.integers('kernel_size', 2)];
    const [batch, width] = input?.shape ?? [];
    if (!input || !size || !kernel || batch === undefined || typeof width !== 'number')
      return giveUp(call, 'The windows are not known');
    const channels = width / kernel.reduce((total, each) => total * each, 1);
    return emitOn(call, input, { kind: 'rearrange', operation: 'fold', shape: [batch, channels, ...size] });
  }),
  grid_sample: fn("input grid mode='bilinear' padding_mode='zeros' align_corners=None", (call) => {
    const [input, grid] = [call.args.tensor('input'), call.args.tensor('grid')];
    if (!input || !grid) return giveUp(call, 'What is sampled is no known tensor');
    const shape = [...input.shape.slice(0, 2), ...grid.shape.slice(1, -1)];
    return call.network.emit(call.machine, {
      label: call.label,
      attributes: { kind: 'rearrange', operation: 'grid_sample', shape },
      inputs: [input, grid],
      span: call.span,
    });
  }),
  cosine_similarity: fn('x1 x2 dim=1 eps=1e-8', (call) => {
    const input = call.args.tensor('x1');
    if (!input) return giveUp(call, 'What is compared is no known tensor');
    const axes = [axisOf(input, call.args.integer('dim') ?? 1)];
    return emitOn(call, input, { kind: 'reduce', reducer: 'sum', axes, keepDimensions: false });
  }),
  softmin: softmax(false),
  gumbel_softmax: softmax(false),
  dropout1d: dropout,
  feature_alpha_dropout: dropout,
  ...Object.fromEntries([1, 2, 3].map((rank) => [`lp_pool${String(rank)}d`, powerPool(rank)])),
  ...Object.fromEntries(
    'cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div'
      .split(' ')
      .map((name) => [name, fn('*args **options', () => ({ kind: 'tensor', shape: [] }))]),
  ),
};
