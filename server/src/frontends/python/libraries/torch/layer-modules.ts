// Modules with weights: convolutions, linear layers, normalisations, embeddings. One row each.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { int, none, pyFalse, pyTrue, tuple } from '../../evaluator/values.ts';
import { emitBatchNorm, emitConvolution, emitDense, emitTransposedConvolution } from './layers.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { BoundArguments } from '../../tracing/signature.ts';
import { emitOn, giveUp, originOf, parameterTensor, type TracedCall } from '../../tracing/traced-call.ts';
import type { Machine, InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { integerOf, numberOf } from '../../evaluator/numbers.ts';

/** The integer of an argument; a layer with an unknown size gets none and is unknown when called. */
const size = (args: BoundArguments, name: string): number | undefined => args.integer(name);

/** A parameter or buffer kept by a module. */
export function tensorAttribute(self: InstanceValue, name: string): TensorValue | undefined {
  const value = self.attributes.get(name);
  return value?.kind === 'tensor' ? value : undefined;
}

function numbers(self: InstanceValue, name: string): readonly number[] {
  const value = self.attributes.get(name);
  if (value?.kind === 'tuple' || value?.kind === 'list') return value.items.map((item) => integerOf(item) ?? 0);
  const number = value ? integerOf(value) : undefined;
  return number === undefined ? [] : [number];
}

const axes = (values: readonly number[]): PyValue => tuple(values.map((value) => int(value)));

/** Rejects what PyTorch rejects, at the call. */
function checkGroups(
  machine: Machine,
  inChannels: number,
  outChannels: number,
  groups: number,
  span: SourceSpan,
): void {
  if (groups < 1 || inChannels % groups !== 0)
    machine.raise(
      'ValueError',
      `in_channels (${String(inChannels)}) must be divisible by groups (${String(groups)})`,
      span,
    );
  if (outChannels % groups !== 0)
    machine.raise(
      'ValueError',
      `out_channels (${String(outChannels)}) must be divisible by groups (${String(groups)})`,
      span,
    );
}

function convolution(rank: number): ModuleRow {
  return {
    name: `Conv${String(rank)}d`,
    base: '_ConvNd',
    parameters:
      "in_channels out_channels kernel_size stride=1 padding=0 dilation=1 groups=1 bias=True padding_mode='zeros' device=None dtype=None",
    construct(self, args, machine, span) {
      keepArguments(machine, self, args, 'in_channels out_channels groups padding_mode');
      machine.change(self).attributes.set('transposed', pyFalse);
      machine.change(self).attributes.set('output_padding', axes(Array.from({ length: rank }, () => 0)));
      const [inChannels, outChannels, groups] = [
        size(args, 'in_channels'),
        size(args, 'out_channels'),
        size(args, 'groups'),
      ];
      const kernel = args.integers('kernel_size', rank);
      const stride = args.integers('stride', rank);
      const dilation = args.integers('dilation', rank);
      const padding = args.text('padding') ?? args.integers('padding', rank);
      if (
        inChannels === undefined ||
        outChannels === undefined ||
        groups === undefined ||
        !kernel ||
        !stride ||
        !dilation ||
        padding === undefined
      )
        return;
      checkGroups(machine, inChannels, outChannels, groups, span);
      machine.change(self).attributes.set('kernel_size', axes(kernel));
      machine.change(self).attributes.set('stride', axes(stride));
      machine.change(self).attributes.set('dilation', axes(dilation));
      machine
        .change(self)
        .attributes.set('padding', typeof padding === 'string' ? args.value('padding') : axes(padding));
      machine
        .change(self)
        .attributes.set('weight', parameterTensor([outChannels, inChannels / groups, ...kernel], 'weight'));
      machine.change(self).attributes.set('bias', args.flag('bias') ? parameterTensor([outChannels], 'bias') : none);
    },
    forward(self, call) {
      const input = call.args.tensor('input');
      const weight = tensorAttribute(self, 'weight');
      if (!input || !weight) return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
      const padding = self.attributes.get('padding');
      const mode = self.attributes.get('padding_mode');
      return emitConvolution(call, {
        input,
        weight,
        bias: tensorAttribute(self, 'bias'),
        stride: numbers(self, 'stride'),
        padding: padding?.kind === 'string' ? (padding.value === 'same' ? 'same' : 'valid') : numbers(self, 'padding'),
        paddingMode:
          mode?.kind === 'string' &&
          (mode.value === 'reflect' || mode.value === 'replicate' || mode.value === 'circular')
            ? mode.value
            : 'zeros',
        dilation: numbers(self, 'dilation'),
        groups: numbers(self, 'groups')[0] ?? 1,
        groupsWidth: originOf(self.attributes.get('groups') ?? none),
        outWidth: originOf(self.attributes.get('out_channels') ?? none),
        inWidth: originOf(self.attributes.get('in_channels') ?? none),
      });
    },
  };
}

function transposedConvolution(rank: number): ModuleRow {
  return {
    name: `ConvTranspose${String(rank)}d`,
    base: '_ConvNd',
    parameters:
      "in_channels out_channels kernel_size stride=1 padding=0 output_padding=0 groups=1 bias=True dilation=1 padding_mode='zeros' device=None dtype=None",
    construct(self, args, machine, span) {
      keepArguments(machine, self, args, 'in_channels out_channels groups');
      machine.change(self).attributes.set('transposed', pyTrue);
      const [inChannels, outChannels, groups] = [
        size(args, 'in_channels'),
        size(args, 'out_channels'),
        size(args, 'groups'),
      ];
      const kernel = args.integers('kernel_size', rank);
      if (inChannels === undefined || outChannels === undefined || groups === undefined || !kernel) return;
      checkGroups(machine, inChannels, outChannels, groups, span);
      for (const name of ['stride', 'padding', 'output_padding', 'dilation'])
        machine.change(self).attributes.set(name, axes(args.integers(name, rank) ?? []));
      machine.change(self).attributes.set('kernel_size', axes(kernel));
      machine
        .change(self)
        .attributes.set('weight', parameterTensor([inChannels, outChannels / groups, ...kernel], 'weight'));
      machine.change(self).attributes.set('bias', args.flag('bias') ? parameterTensor([outChannels], 'bias') : none);
    },
    inputs: 'input output_size=None',
    forward(self, call) {
      const input = call.args.tensor('input');
      const weight = tensorAttribute(self, 'weight');
      if (!input || !weight) return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
      return emitTransposedConvolution(call, {
        input,
        weight,
        bias: tensorAttribute(self, 'bias'),
        stride: numbers(self, 'stride'),
        padding: numbers(self, 'padding'),
        outputPadding: numbers(self, 'output_padding'),
        dilation: numbers(self, 'dilation'),
        groups: numbers(self, 'groups')[0] ?? 1,
        outWidth: originOf(self.attributes.get('out_channels') ?? none),
        inWidth: originOf(self.attributes.get('in_channels') ?? none),
      });
    },
  };
}

const linear: ModuleRow = {
  name: 'Linear',
  parameters: 'in_features out_features bias=True device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'in_features out_features');
    const [inFeatures, outFeatures] = [size(args, 'in_features'), size(args, 'out_features')];
    if (inFeatures === undefined || outFeatures === undefined) return;
    machine.change(self).attributes.set('weight', parameterTensor([outFeatures, inFeatures], 'weight'));
    machine.change(self).attributes.set('bias', args.flag('bias') ? parameterTensor([outFeatures], 'bias') : none);
  },
  forward(self, call) {
    const input = call.args.tensor('input');
    const weight = tensorAttribute(self, 'weight');
    if (!input || !weight) return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
    const [out, own] = ['out_features', 'in_features'].map((name) => originOf(self.attributes.get(name) ?? none));
    return emitDense(call, input, weight, tensorAttribute(self, 'bias'), out, own);
  },
};

function batchNorm(name: string): ModuleRow {
  return {
    name,
    base: '_BatchNorm',
    parameters:
      'num_features eps=1e-5 momentum=0.1 affine=True track_running_stats=True process_group=None device=None dtype=None',
    construct(self, args, machine) {
      keepArguments(machine, self, args, 'num_features eps momentum affine track_running_stats');
      const channels = size(args, 'num_features');
      if (channels === undefined) return;
      const affine = args.flag('affine');
      machine.change(self).attributes.set('weight', affine ? parameterTensor([channels], 'scale') : none);
      machine.change(self).attributes.set('bias', affine ? parameterTensor([channels], 'shift') : none);
      machine
        .change(self)
        .attributes.set(
          'running_mean',
          args.flag('track_running_stats') ? parameterTensor([channels], 'running-mean', false) : none,
        );
      machine
        .change(self)
        .attributes.set(
          'running_var',
          args.flag('track_running_stats') ? parameterTensor([channels], 'running-variance', false) : none,
        );
      machine
        .change(self)
        .attributes.set(
          'num_batches_tracked',
          args.flag('track_running_stats') ? { kind: 'tensor', shape: [], elements: [0], dtype: 'int64' } : none,
        );
    },
    forward(self, call) {
      const input = call.args.tensor('input');
      const channels = self.attributes.get('num_features') ?? none;
      const count = integerOf(channels);
      if (!input || count === undefined) return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
      return emitBatchNorm(call, {
        input,
        channels: count,
        scale: tensorAttribute(self, 'weight'),
        shift: tensorAttribute(self, 'bias'),
        mean: tensorAttribute(self, 'running_mean'),
        variance: tensorAttribute(self, 'running_var'),
        epsilon: numberOf(self.attributes.get('eps') ?? none) ?? 1e-5,
        momentum: numberOf(self.attributes.get('momentum') ?? none),
        outWidth: originOf(channels),
      });
    },
  };
}

const layerNorm: ModuleRow = {
  name: 'LayerNorm',
  parameters: 'normalized_shape eps=1e-5 elementwise_affine=True bias=True device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'eps elementwise_affine');
    const shape = args.integers('normalized_shape', 0);
    if (!shape) return;
    machine.change(self).attributes.set('normalized_shape', axes(shape));
    const affine = args.flag('elementwise_affine');
    machine.change(self).attributes.set('weight', affine ? parameterTensor(shape, 'scale') : none);
    machine.change(self).attributes.set('bias', affine && args.flag('bias') ? parameterTensor(shape, 'shift') : none);
  },
  forward(self, call) {
    const input = call.args.tensor('input');
    if (!input) return giveUp(call, 'LayerNorm is given something that is no known tensor');
    const rank = numbers(self, 'normalized_shape').length;
    return call.network.emit(call.machine, {
      label: call.label,
      span: call.span,
      inputs: [input],
      parameters: [tensorAttribute(self, 'weight'), tensorAttribute(self, 'bias')],
      attributes: {
        kind: 'layer-norm',
        normalizedAxes: Array.from({ length: rank }, (_, i) => input.shape.length - rank + i),
        epsilon: numberOf(self.attributes.get('eps') ?? none) ?? 1e-5,
      },
    });
  },
};

function emitGroupNorm(self: InstanceValue, call: TracedCall, groups: number, channels: number): PyValue {
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, `${self.class.name} is given something that is no known tensor`);
  return call.network.emit(call.machine, {
    label: call.label,
    span: call.span,
    inputs: [input],
    parameters: [tensorAttribute(self, 'weight'), tensorAttribute(self, 'bias')],
    attributes: {
      kind: 'group-norm',
      groups,
      channels,
      epsilon: numberOf(self.attributes.get('eps') ?? none) ?? 1e-5,
      channelAxis: 1,
    },
  });
}

const groupNorm: ModuleRow = {
  name: 'GroupNorm',
  parameters: 'num_groups num_channels eps=1e-5 affine=True device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'num_groups num_channels eps affine');
    const channels = size(args, 'num_channels');
    if (channels === undefined) return;
    machine.change(self).attributes.set('weight', args.flag('affine') ? parameterTensor([channels], 'scale') : none);
    machine.change(self).attributes.set('bias', args.flag('affine') ? parameterTensor([channels], 'shift') : none);
  },
  forward: (self, call) =>
    emitGroupNorm(self, call, numbers(self, 'num_groups')[0] ?? 1, numbers(self, 'num_channels')[0] ?? 0),
};

function instanceNorm(rank: number): ModuleRow {
  return {
    name: `InstanceNorm${String(rank)}d`,
    base: '_InstanceNorm',
    parameters: 'num_features eps=1e-5 momentum=0.1 affine=False track_running_stats=False device=None dtype=None',
    construct(self, args, machine) {
      keepArguments(machine, self, args, 'num_features eps');
      const channels = size(args, 'num_features');
      if (channels === undefined) return;
      machine.change(self).attributes.set('weight', args.flag('affine') ? parameterTensor([channels], 'scale') : none);
      machine.change(self).attributes.set('bias', args.flag('affine') ? parameterTensor([channels], 'shift') : none);
    },
    forward: (self, call) => {
      const channels = numbers(self, 'num_features')[0] ?? 1;
      return emitGroupNorm(self, call, channels, channels);
    },
  };
}

const embedding: ModuleRow = {
  name: 'Embedding',
  parameters:
    'num_embeddings embedding_dim padding_idx=None max_norm=None norm_type=2.0 scale_grad_by_freq=False sparse=False device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'num_embeddings embedding_dim padding_idx');
    const [count, width] = [size(args, 'num_embeddings'), size(args, 'embedding_dim')];
    if (count !== undefined && width !== undefined)
      machine.change(self).attributes.set('weight', parameterTensor([count, width], 'weight'));
  },
  forward(self, call) {
    const input = call.args.tensor('input');
    const weight = tensorAttribute(self, 'weight');
    const [count = 0, width = 0] = [...numbers(self, 'num_embeddings'), ...numbers(self, 'embedding_dim')];
    if (!input || !weight) return giveUp(call, 'The sizes of this Embedding are not all known');
    return call.network.emit(call.machine, {
      label: call.label,
      span: call.span,
      inputs: [input],
      parameters: [weight],
      outWidth: originOf(self.attributes.get('embedding_dim') ?? none),
      attributes: { kind: 'embedding', count, width },
    });
  },
};

/** Rows of a table, summed or averaged over each row of indices; bags that offsets mark are not followed. */
const embeddingBag: ModuleRow = {
  ...embedding,
  name: 'EmbeddingBag',
  parameters:
    "num_embeddings embedding_dim max_norm=None norm_type=2.0 scale_grad_by_freq=False mode='mean' sparse=False _weight=None include_last_offset=False padding_idx=None device=None dtype=None",
  inputs: 'input offsets=None per_sample_weights=None',
  forward(self, call) {
    const rows = embedding.forward?.(self, call) ?? none;
    if (rows.kind !== 'tensor') return rows;
    if (rows.shape.length !== 3) return giveUp(call, 'Where the bags of this EmbeddingBag begin is not known');
    return emitOn(call, rows, { kind: 'reduce', reducer: 'mean', axes: [1], keepDimensions: false });
  },
};

const preluRow: ModuleRow = {
  name: 'PReLU',
  parameters: 'num_parameters=1 init=0.25 device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'num_parameters');
    machine.change(self).attributes.set('weight', parameterTensor([size(args, 'num_parameters') ?? 1], 'slope'));
  },
  forward(self, call) {
    const input = call.args.tensor('input');
    if (!input) return emitOn(call, undefined, { kind: 'identity' });
    return call.network.emit(call.machine, {
      label: call.label,
      span: call.span,
      inputs: [input],
      parameters: [tensorAttribute(self, 'weight')],
      attributes: { kind: 'activation', function: 'prelu', channelAxis: 1 },
    });
  },
};

/** Scales by the root mean square over the last axes; costed like a layer norm without a shift. */
const rmsNorm: ModuleRow = {
  ...layerNorm,
  name: 'RMSNorm',
  parameters: 'normalized_shape eps=None elementwise_affine=True device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'eps elementwise_affine');
    const shape = args.integers('normalized_shape', 0);
    if (!shape) return;
    machine.change(self).attributes.set('normalized_shape', axes(shape));
    machine
      .change(self)
      .attributes.set('weight', args.flag('elementwise_affine') ? parameterTensor(shape, 'scale') : none);
  },
};

/** A layer whose input width is that of its first input. */
function lazy(row: ModuleRow, size: string): ModuleRow {
  const { construct, forward } = row;
  return {
    ...row,
    name: `Lazy${row.name}`,
    parameters: row.parameters.replace(`${size} `, ''),
    construct: (self, args, machine) => machine.change(self).attributes.set('lazyArguments', args.asDictionary()),
    forward(self, call) {
      const [, channels] = call.args.tensor('input')?.shape ?? [];
      const width = size === 'in_features' ? call.args.tensor('input')?.shape.at(-1) : channels;
      if (typeof width !== 'number') return giveUp(call, `The input of this ${row.name} is not known`);
      const kept = self.attributes.get('lazyArguments');
      if (kept?.kind === 'dict') {
        call.machine.change(self).attributes.delete('lazyArguments');
        const value: PyValue = int(width, { kind: 'shape', value: width, of: 'the first input' });
        construct?.(self, BoundArguments.fromDictionary(kept, [[size, value]]), call.machine, call.span);
        call.network.nameParameters(self);
      }
      return forward ? forward(self, call) : none;
    },
  };
}

const convolutions = [1, 2, 3].map(convolution);
const batchNorms = ['BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d'].map(batchNorm);

/** Classes that source asks for in `isinstance` only. */
const bases: readonly ModuleRow[] = ['_ConvNd', '_ConvTransposeNd', '_BatchNorm', '_InstanceNorm'].map((name) => ({
  name,
  parameters: '*args **options',
}));

export const layerModules: readonly ModuleRow[] = [
  ...bases,
  ...convolutions,
  ...convolutions.map((row) => lazy(row, 'in_channels')),
  ...[1, 2, 3].flatMap((rank) => [transposedConvolution(rank), instanceNorm(rank)]),
  linear,
  lazy(linear, 'in_features'),
  { ...linear, name: 'NonDynamicallyQuantizableLinear' },
  ...batchNorms,
  ...batchNorms.map((row) => lazy(row, 'num_features')),
  batchNorm('SyncBatchNorm'),
  rmsNorm,
  layerNorm,
  groupNorm,
  embedding,
  embeddingBag,
  preluRow,
];
