// Modules without weights: activations, pools, padding, resizing, dropout and the like. One row each.

import { none } from '../../evaluator/values.ts';
import { activations } from './activations.ts';
import { functional } from './functional.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { BoundArguments } from '../../tracing/signature.ts';
import { emitOn, giveUp, type TracedCall } from '../../tracing/traced-call.ts';
import { integerOf, numberOf } from '../../evaluator/numbers.ts';
import type { InstanceValue, Machine, PyValue } from '../../evaluator/machine.ts';

/** A module that hands its attributes to a function of `torch.nn.functional`. */
function throughFunction(name: string, parameters: string, functionName: string): ModuleRow {
  const names = parameters.split(/\s+/).map((part) => part.replace(/=.*/, ''));
  return {
    name,
    parameters,
    construct: (self, args, machine) => keepArguments(machine, self, args, names.join(' ')),
    forward: (self, call) => runFunction(self, call, functionName, names),
  };
}

function runFunction(
  self: InstanceValue,
  call: TracedCall,
  functionName: string,
  names: readonly string[],
  inputs: readonly string[] = ['input'],
): PyValue {
  const row = functional[functionName];
  if (row === undefined) return giveUp(call, `${functionName} is not modelled`);
  const values = new Map<string, PyValue>();
  for (const parameter of row.signature) if (parameter.default) values.set(parameter.name, parameter.default);
  for (const name of names) {
    const parameter = row.signature.find((each) => each.name === name || each.aliases.includes(name));
    values.set(parameter?.name ?? name, self.attributes.get(name) ?? none);
  }
  for (const name of inputs) values.set(name, call.args.value(name));
  return row.body({ ...call, args: new BoundArguments(values) });
}

const activationModules: readonly ModuleRow[] = Object.entries(activations).flatMap(
  ([, { moduleName, parameters, emit }]) =>
    moduleName === undefined
      ? []
      : [
          {
            name: moduleName,
            parameters,
            construct: (self: InstanceValue, args: BoundArguments, machine: Machine) => {
              const names = parameters.split(/\s+/).map((part) => part.replace(/=.*/, ''));
              if (parameters !== '') keepArguments(machine, self, args, names.join(' '));
            },
            forward: (self: InstanceValue, call: TracedCall) =>
              emit(call, call.args.tensor('input'), (name) => numberOf(self.attributes.get(name) ?? none)),
          },
        ],
);

const pools: readonly ModuleRow[] = [1, 2, 3].flatMap((rank) => {
  const suffix = `${String(rank)}d`;
  return [
    throughFunction(
      `MaxPool${suffix}`,
      'kernel_size stride=None padding=0 dilation=1 return_indices=False ceil_mode=False',
      `max_pool${suffix}`,
    ),
    {
      name: `MaxUnpool${suffix}`,
      parameters: 'kernel_size stride=None padding=0',
      construct: (self: InstanceValue, args: BoundArguments, machine: Machine) =>
        keepArguments(machine, self, args, 'kernel_size stride padding'),
      inputs: 'input indices output_size=None',
      forward: (self: InstanceValue, call: TracedCall) =>
        runFunction(
          self,
          call,
          `max_unpool${suffix}`,
          ['kernel_size', 'stride', 'padding'],
          ['input', 'indices', 'output_size'],
        ),
    },
    throughFunction(
      `AvgPool${suffix}`,
      'kernel_size stride=None padding=0 ceil_mode=False count_include_pad=True divisor_override=None',
      `avg_pool${suffix}`,
    ),
    throughFunction(`LPPool${suffix}`, 'norm_type kernel_size stride=None ceil_mode=False', `lp_pool${suffix}`),
    throughFunction(`AdaptiveAvgPool${suffix}`, 'output_size', `adaptive_avg_pool${suffix}`),
    throughFunction(`AdaptiveMaxPool${suffix}`, 'output_size return_indices=False', `adaptive_max_pool${suffix}`),
    ...(['ZeroPad', 'ConstantPad', 'ReflectionPad', 'ReplicationPad', 'CircularPad'] as const).map(
      (name): ModuleRow => ({
        name: `${name}${suffix}`,
        parameters: 'padding value=0',
        construct: (self, args, machine) => keepArguments(machine, self, args, 'padding value'),
        forward: (self, call) => {
          const amounts = self.attributes.get('padding') ?? none;
          const mode = {
            ZeroPad: 'constant',
            ConstantPad: 'constant',
            ReflectionPad: 'reflect',
            ReplicationPad: 'replicate',
            CircularPad: 'circular',
          }[name];
          const pad = functional['pad'];
          const number = integerOf(amounts);
          const all: PyValue =
            number === undefined ? amounts : { kind: 'tuple', items: Array.from({ length: rank * 2 }, () => amounts) };
          const values = new Map<string, PyValue>([
            ['input', call.args.value('input')],
            ['pad', all],
            ['mode', { kind: 'string', value: mode }],
            ['value', self.attributes.get('value') ?? none],
          ]);
          return pad ? pad.body({ ...call, args: new BoundArguments(values) }) : giveUp(call, 'pad is not modelled');
        },
      }),
    ),
  ];
});

const dropouts: readonly ModuleRow[] = [
  'Dropout',
  'Dropout1d',
  'Dropout2d',
  'Dropout3d',
  'AlphaDropout',
  'FeatureAlphaDropout',
].map((name) => ({
  name,
  parameters: 'p=0.5 inplace=False',
  construct: (self, args, machine) => keepArguments(machine, self, args, 'p inplace'),
  forward: (self, call) =>
    emitOn(call, call.args.tensor('input'), {
      kind: 'dropout',
      rate: numberOf(self.attributes.get('p') ?? none) ?? 0.5,
    }),
}));

const identity: ModuleRow = {
  name: 'Identity',
  parameters: '*args **kwargs',
  forward: (_, call) => call.args.value('input'),
};

/** Copies on several devices compute what one does. */
const copies: readonly ModuleRow[] = ['DataParallel', 'DistributedDataParallel'].map((name) => ({
  name,
  parameters: 'module device_ids=None output_device=None dim=0 **options',
  construct: (self, args, machine) => keepArguments(machine, self, args, 'module'),
  inputs: '*inputs **options',
  forward(self, { args, machine, span }) {
    const [inputs, options] = [args.value('inputs'), args.value('options')];
    const keywords = options.kind === 'dict' ? [...options.entries.values()] : [];
    return machine.call(
      self.attributes.get('module') ?? none,
      {
        positional: inputs.kind === 'tuple' ? inputs.items : [],
        keywords: new Map(keywords.map(({ key, value }) => [key.kind === 'string' ? key.value : '', value])),
      },
      span,
    );
  },
}));

/** Losses are made by models now and then, but take no part in their forward. */
const losses: readonly ModuleRow[] =
  'CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss BCELoss BCEWithLogitsLoss KLDivLoss CosineSimilarity PairwiseDistance TripletMarginLoss'
    .split(' ')
    .map((name) => ({
      name,
      parameters: '*args **options',
      inputs: '*inputs **options',
      forward: () => ({ kind: 'tensor', shape: [] }),
    }));

export const plainModules: readonly ModuleRow[] = [
  ...activationModules,
  ...pools,
  ...dropouts,
  identity,
  throughFunction('Softmax', 'dim=None', 'softmax'),
  throughFunction('LogSoftmax', 'dim=None', 'log_softmax'),
  throughFunction('Flatten', 'start_dim=1 end_dim=-1', 'flatten'),
  throughFunction('Unflatten', 'dim unflattened_size', 'unflatten'),
  throughFunction('PixelShuffle', 'upscale_factor', 'pixel_shuffle'),
  throughFunction('PixelUnshuffle', 'downscale_factor', 'pixel_unshuffle'),
  throughFunction('ChannelShuffle', 'groups', 'channel_shuffle'),
  throughFunction(
    'Upsample',
    "size=None scale_factor=None mode='nearest' align_corners=None recompute_scale_factor=None",
    'interpolate',
  ),
  throughFunction('UpsamplingNearest2d', 'size=None scale_factor=None', 'interpolate'),
  throughFunction(
    'UpsamplingBilinear2d',
    "size=None scale_factor=None mode='bilinear' align_corners=True",
    'interpolate',
  ),
  throughFunction('LocalResponseNorm', 'size alpha=0.0001 beta=0.75 k=1.0', 'local_response_norm'),
  throughFunction('Softmin', 'dim=None', 'softmin'),
  throughFunction('Softmax2d', 'dim=1', 'softmax'),
  throughFunction('GLU', 'dim=-1', 'glu'),
  throughFunction('Unfold', 'kernel_size dilation=1 padding=0 stride=1', 'unfold'),
  throughFunction('Fold', 'output_size kernel_size dilation=1 padding=0 stride=1', 'fold'),
  throughFunction('Threshold', 'threshold value inplace=False', 'hardtanh'),
  throughFunction('RReLU', 'lower=0.125 upper=0.3333 inplace=False', 'leaky_relu'),
  ...copies,
  ...losses,
];
