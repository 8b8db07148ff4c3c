// Functions that make a layer and call it, as TF-slim, `tf.contrib.layers` and `tf.layers` have them: a row each, with
// TensorFlow's own parameters and defaults, which become settings of a layer of Keras's table.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import { numberOf } from '../../../evaluator/numbers.ts';
import { bool, builtin, float, int, list, none, string, tuple } from '../../../evaluator/values.ts';
import type { Arguments, InstanceValue, Machine, PyValue } from '../../../evaluator/machine.ts';
import { bindSignature, signature, type BoundArguments } from '../../../tracing/signature.ts';
import type { GraphMode } from './graph-mode.ts';

/** One call of a function under way, inside the scope of its layer. */
interface FunctionCall {
  readonly graph: GraphMode;
  readonly machine: Machine;
  readonly args: BoundArguments;
  readonly input: PyValue;
  readonly scope: InstanceValue;
  /** The layer's full name. */
  readonly name: string;
  readonly span: SourceSpan;
}

interface FunctionRow {
  /** What the function calls itself, by which `repeat` and `stack` name their layers. */
  readonly own: string;
  /** The scope of a call that is not given one. */
  readonly usualScope: string;
  readonly parameters: string;
  readonly run: (call: FunctionCall) => PyValue;
}

type Settings = readonly (readonly [string, PyValue])[];

const collections = 'variables_collections=None outputs_collections=None';
const weights =
  'weights_initializer=None weights_regularizer=None biases_initializer=zeros biases_regularizer=None reuse=None';
const activated = 'activation_fn=relu normalizer_fn=None normalizer_params=None';
const slimEnd = `${collections} trainable=True scope=None`;

/** `data_format` in TensorFlow's words, `NCHW` or `channels_first`, as Keras's. */
function formatOf(args: BoundArguments): PyValue {
  return string(/^(NC|channels_first)/.test(args.text('data_format') ?? '') ? 'channels_first' : 'channels_last');
}

const rankOf = (input: PyValue): number => (input.kind === 'tensor' ? Math.max(1, input.shape.length - 2) : 2);

function emitLayer(call: FunctionCall, className: string, settings: Settings, name = call.name): PyValue {
  return call.graph.callLayer(call.machine, { className, name, settings, input: call.input, span: call.span });
}

/** Settings under the names that both sides have. */
const same = (args: BoundArguments, names: string): Settings =>
  names.split(' ').map((name) => [name, args.value(name)] as const);

/** An initializer that is not given is Keras's own, which is slim's as well. */
const initializer = (args: BoundArguments, name: string, setting: string): Settings =>
  args.isNone(name) ? [] : [[setting, args.value(name)]];

/** What slim does behind the weights: the normalizer or the bias, then the activation. */
function finished(call: FunctionCall, made: PyValue): PyValue {
  const { args, machine, span } = call;
  const normalizer = args.value('normalizer_fn');
  let result = made;
  if (normalizer.kind !== 'none') {
    const given = args.value('normalizer_params');
    const keywords = new Map(
      given.kind === 'dict'
        ? [...given.entries.values()].flatMap(({ key, value }) =>
            key.kind === 'string' ? [[key.value, value] as const] : [],
          )
        : [],
    );
    if (given.kind === 'unknown') machine.loseTrack(given.reason, given.span);
    result = machine.call(normalizer, { positional: [result], keywords }, span);
  }
  return activate(call, result);
}

function activate({ args, machine, graph, span, name }: FunctionCall, made: PyValue): PyValue {
  const activation = args.value('activation_fn');
  const output =
    activation.kind === 'none'
      ? made
      : activation.kind === 'string'
        ? graph.callLayer(machine, {
            className: 'Activation',
            name: `${name}/${activation.value}`,
            settings: [['activation', activation]],
            input: made,
            span,
          })
        : machine.callWith(activation, span, made);
  return graph.collect(machine, args.value('outputs_collections'), name, output);
}

const hasBias = (args: BoundArguments): PyValue =>
  bool(args.isNone('normalizer_fn') && !args.isNone('biases_initializer'));

function slimConvolution(rank: number | undefined, own: string): FunctionRow {
  return {
    own,
    usualScope: 'Conv',
    parameters: `inputs num_outputs kernel_size stride=1 padding=SAME data_format=None rate=1 ${activated} ${weights} ${slimEnd} conv_dims=None`,
    run: (call) => {
      const { args } = call;
      const made = emitLayer(call, `Conv${String(rank ?? rankOf(call.input))}D`, [
        ['filters', args.value('num_outputs')],
        ['strides', args.value('stride')],
        ['dilation_rate', args.value('rate')],
        ['data_format', formatOf(args)],
        ['use_bias', hasBias(args)],
        ...same(args, 'kernel_size padding'),
        ...initializer(args, 'weights_initializer', 'kernel_initializer'),
      ]);
      return finished(call, made);
    },
  };
}

const slimSeparable: FunctionRow = {
  own: 'separable_convolution2d',
  usualScope: 'SeparableConv2d',
  parameters: `inputs num_outputs kernel_size depth_multiplier=1 stride=1 padding=SAME data_format=NHWC rate=1 ${activated} weights_initializer=None pointwise_initializer=None weights_regularizer=None biases_initializer=zeros biases_regularizer=None reuse=None ${slimEnd}`,
  run: (call) => {
    const { args } = call;
    const settings: Settings = [
      ['strides', args.value('stride')],
      ['dilation_rate', args.value('rate')],
      ['data_format', formatOf(args)],
      ['use_bias', hasBias(args)],
      ...same(args, 'kernel_size padding depth_multiplier'),
      ...initializer(args, 'weights_initializer', 'depthwise_initializer'),
    ];
    // Without a number of outputs it is the depthwise half alone.
    const made = args.isNone('num_outputs')
      ? emitLayer(call, 'DepthwiseConv2D', settings)
      : emitLayer(call, 'SeparableConv2D', [['filters', args.value('num_outputs')], ...settings]);
    return finished(call, made);
  },
};

const slimInPlane: FunctionRow = {
  own: 'convolution2d_in_plane',
  usualScope: 'ConvInPlane',
  parameters: `inputs kernel_size stride=1 padding=SAME ${activated} ${weights} ${slimEnd}`,
  run: (call) => {
    call.machine.loseTrack('One kernel for all channels is not modelled', call.span);
    return { kind: 'unknown', reason: 'One kernel for all channels is not modelled', span: call.span };
  },
};

const slimTransposed = (rank: number): FunctionRow => ({
  own: `convolution${String(rank)}d_transpose`,
  usualScope: `Conv${String(rank)}d_transpose`,
  parameters: `inputs num_outputs kernel_size stride=1 padding=SAME data_format=NHWC ${activated} ${weights} ${slimEnd}`,
  run: (call) => {
    const { args } = call;
    const made = emitLayer(call, `Conv${String(rank)}DTranspose`, [
      ['filters', args.value('num_outputs')],
      ['strides', args.value('stride')],
      ['data_format', formatOf(args)],
      ['use_bias', hasBias(args)],
      ...same(args, 'kernel_size padding'),
      ...initializer(args, 'weights_initializer', 'kernel_initializer'),
    ]);
    return finished(call, made);
  },
});

const slimDense: FunctionRow = {
  own: 'fully_connected',
  usualScope: 'fully_connected',
  parameters: `inputs num_outputs ${activated} ${weights} ${slimEnd}`,
  run: (call) => {
    const { args } = call;
    const made = emitLayer(call, 'Dense', [
      ['units', args.value('num_outputs')],
      ['use_bias', hasBias(args)],
      ...initializer(args, 'weights_initializer', 'kernel_initializer'),
    ]);
    return finished(call, made);
  },
};

const slimBatchNorm: FunctionRow = {
  own: 'batch_norm',
  usualScope: 'BatchNorm',
  parameters: `inputs decay=0.999 center=True scale=False epsilon=0.001 activation_fn=None param_initializers=None param_regularizers=None updates_collections=None is_training=True reuse=None ${collections} trainable=True batch_weights=None fused=None data_format=NHWC zero_debias_moving_mean=False scope=None renorm=False renorm_clipping=None renorm_decay=0.99 adjustment=None`,
  run: (call) => {
    const { args } = call;
    const isFirst = args.text('data_format')?.startsWith('NC') === true;
    const made = emitLayer(call, 'BatchNormalization', [
      ['axis', int(isFirst ? 1 : -1)],
      ['momentum', args.value('decay')],
      ...same(args, 'center scale epsilon'),
    ]);
    return activate(call, made);
  },
};

const slimLayerNorm: FunctionRow = {
  own: 'layer_norm',
  usualScope: 'LayerNorm',
  parameters: `inputs center=True scale=True activation_fn=None reuse=None ${collections} trainable=True begin_norm_axis=1 begin_params_axis=-1 scope=None`,
  run: (call) => {
    const { args, input } = call;
    const rank = input.kind === 'tensor' ? input.shape.length : 2;
    const fromFront = (axis: number): number => (axis < 0 ? axis + rank : axis);
    const [first, own] = ['begin_norm_axis', 'begin_params_axis'].map((name) => fromFront(args.integer(name) ?? 1));
    if (first === own && first !== undefined) {
      const axes = Array.from({ length: rank - first }, (_, i) => int(first + i));
      const settings: Settings = [['axis', list(axes)], ['epsilon', float(1e-12)], ...same(args, 'center scale')];
      return activate(call, emitLayer(call, 'LayerNormalization', settings));
    }
    // Normalised over all axes, scaled a channel: what a group norm of one group does.
    const settings: Settings = [['groups', int(1)], ['epsilon', float(1e-12)], ...same(args, 'center scale')];
    return activate(call, emitLayer(call, 'GroupNormalization', settings));
  },
};

function slimGroups(
  own: string,
  usualScope: string,
  parameters: string,
  groups: (args: BoundArguments) => PyValue,
): FunctionRow {
  return {
    own,
    usualScope,
    parameters: `inputs ${parameters} ${collections} trainable=True scope=None mean_close_to_zero=False data_format=NHWC param_regularizers=None reduction_axes=None`,
    run: (call) => {
      const { args } = call;
      const isFirst = args.text('data_format')?.startsWith('NC') === true;
      const axis = args.integer('channels_axis') ?? (isFirst ? 1 : -1);
      const made = emitLayer(call, 'GroupNormalization', [
        ['groups', groups(args)],
        ['axis', int(axis)],
        ...same(args, 'center scale epsilon'),
      ]);
      return activate(call, made);
    },
  };
}

function slimPool(mode: 'Max' | 'Average', rank: number, own: string): FunctionRow {
  return {
    own,
    usualScope: `${mode === 'Max' ? 'MaxPool' : 'AvgPool'}${String(rank)}D`,
    parameters: 'inputs kernel_size stride=2 padding=VALID data_format=NHWC outputs_collections=None scope=None',
    run: (call) => {
      const { args, graph, machine, name } = call;
      const made = emitLayer(call, `${mode}Pooling${String(rank)}D`, [
        ['pool_size', args.value('kernel_size')],
        ['strides', args.value('stride')],
        ['padding', args.value('padding')],
        ['data_format', formatOf(args)],
      ]);
      return graph.collect(machine, args.value('outputs_collections'), name, made);
    },
  };
}

/** A row without weights: the layer, and what of the arguments are its settings. */
function weightless(
  own: string,
  usualScope: string,
  parameters: string,
  className: string,
  settings: (args: BoundArguments) => Settings,
): FunctionRow {
  return {
    own,
    usualScope,
    parameters: `inputs|logits|features ${parameters} outputs_collections=None scope=None`,
    run: (call) => {
      const made = emitLayer(call, className, settings(call.args));
      return call.graph.collect(call.machine, call.args.value('outputs_collections'), call.name, made);
    },
  };
}

/** The share of elements that a dropout leaves out; half where that is decided while the graph runs. */
export function rateOf(kept: PyValue): PyValue {
  const share = numberOf(kept);
  return float(share === undefined ? 0.5 : Number((1 - share).toPrecision(12)));
}

const slimRows: Readonly<Record<string, FunctionRow>> = {
  conv1d: slimConvolution(1, 'convolution1d'),
  conv2d: slimConvolution(2, 'convolution2d'),
  conv3d: slimConvolution(3, 'convolution3d'),
  convolution: slimConvolution(undefined, 'convolution'),
  separable_conv2d: slimSeparable,
  conv2d_in_plane: slimInPlane,
  conv2d_transpose: slimTransposed(2),
  conv3d_transpose: slimTransposed(3),
  fully_connected: slimDense,
  batch_norm: slimBatchNorm,
  layer_norm: slimLayerNorm,
  instance_norm: slimGroups(
    'instance_norm',
    'InstanceNorm',
    'center=True scale=True epsilon=1e-06 activation_fn=None param_initializers=None reuse=None',
    () => int(-1),
  ),
  group_norm: slimGroups(
    'group_norm',
    'GroupNorm',
    'groups=32 channels_axis=-1 reduction_axes=None center=True scale=True epsilon=1e-06 activation_fn=None param_initializers=None reuse=None',
    (args) => args.value('groups'),
  ),
  max_pool2d: slimPool('Max', 2, 'max_pool2d'),
  max_pool3d: slimPool('Max', 3, 'max_pool3d'),
  avg_pool2d: slimPool('Average', 2, 'avg_pool2d'),
  avg_pool3d: slimPool('Average', 3, 'avg_pool3d'),
  dropout: weightless(
    'dropout',
    'Dropout',
    'keep_prob=0.5 noise_shape=None is_training=True seed=None',
    'Dropout',
    (args) => [['rate', rateOf(args.value('keep_prob'))]],
  ),
  flatten: weightless('flatten', 'Flatten', '', 'Flatten', () => []),
  softmax: weightless('softmax', 'softmax', '', 'Softmax', () => []),
};

const slimNames: Readonly<Record<string, string>> = {
  convolution1d: 'conv1d',
  convolution2d: 'conv2d',
  convolution3d: 'conv3d',
  convolution2d_transpose: 'conv2d_transpose',
  convolution3d_transpose: 'conv3d_transpose',
  convolution2d_in_plane: 'conv2d_in_plane',
  separable_convolution2d: 'separable_conv2d',
};

/** The functions of TF-slim's layers, which take arguments from the scopes around them. */
export function slimFunctions(graph: GraphMode): readonly (readonly [string, PyValue])[] {
  const own = new Map(
    Object.entries(slimRows).map(([name, row]) => {
      const parameters = signature(row.parameters);
      const value = graph.argumentScopes.scoped(row.own, (machine, args, span) => {
        const bound = bindSignature(machine, row.own, parameters, args, span);
        return runFunction(graph, machine, row, bound, bound.value('scope'), span);
      });
      return [name, value] as const;
    }),
  );
  const others = Object.entries(slimNames).flatMap(([other, name]) => {
    const value = own.get(name);
    return value ? [[other, value] as const] : [];
  });
  const dense = (name: string, activation: PyValue): readonly [string, PyValue] => [
    name,
    builtin(name, (machine, { positional, keywords }, span) =>
      machine.call(
        own.get('fully_connected') ?? none,
        { positional, keywords: new Map([...keywords, ['activation_fn', activation]]) },
        span,
      ),
    ),
  ];
  return [...own, ...others, dense('linear', none), dense('relu', string('relu')), dense('relu6', string('relu6'))];
}

function runFunction(
  graph: GraphMode,
  machine: Machine,
  row: FunctionRow,
  args: BoundArguments,
  scope: PyValue,
  span: SourceSpan,
): PyValue {
  return graph.scopes.inside(machine, scope, row.usualScope, span, (opened, name) =>
    row.run({ graph, machine, args, input: args.value('inputs'), scope: opened, name, span }),
  );
}

/** `repeat(net, 2, slim.conv2d, 64, [3, 3], scope='conv1')` and `stack(net, slim.conv2d, [(64, [3, 3]), …])`. */
export function repeatedFunctions(graph: GraphMode): readonly (readonly [string, PyValue])[] {
  const run = (
    name: string,
    usualScope: string,
    machine: Machine,
    input: PyValue,
    layer: PyValue,
    calls: readonly Arguments[],
    given: ReadonlyMap<string, PyValue>,
    span: SourceSpan,
  ): PyValue => {
    const scope = given.get('scope') ?? none;
    const keywords = [...given].filter(([key]) => key !== 'scope');
    const own = scope.kind === 'string' ? scope.value : (nameOfFunction(layer) ?? name);
    return graph.scopes.inside(machine, scope, usualScope, span, () => {
      let current = input;
      for (const [i, call] of calls.entries()) {
        machine.tick(span);
        const named: readonly [string, PyValue][] = [...keywords, ['scope', string(`${own}_${String(i + 1)}`)]];
        const all = { positional: [current, ...call.positional], keywords: new Map([...call.keywords, ...named]) };
        current = machine.call(layer, all, span);
      }
      return current;
    });
  };
  const repeat = builtin('repeat', (machine, { positional, keywords }, span) => {
    const [input, times, layer] = ['inputs', 'repetitions', 'layer'].map(
      (name, i) => positional[i] ?? keywords.get(name) ?? none,
    );
    const rest = new Map([...keywords].filter(([name]) => !/^(inputs|repetitions|layer)$/.test(name)));
    const count = numberOf(times ?? none);
    if (count === undefined || !layer || !input) {
      machine.loseTrack('How often this layer is repeated is not known', span);
      return { kind: 'unknown', reason: 'How often this layer is repeated is not known', span };
    }
    machine.hold(count, span);
    const calls = Array.from({ length: count }, () => ({ positional: positional.slice(3), keywords: new Map() }));
    return run('repeat', 'Repeat', machine, input, layer, calls, rest, span);
  });
  const stack = builtin('stack', (machine, { positional, keywords }, span) => {
    const [input = none, layer = none, each = none] = ['inputs', 'layer', 'stack_args'].map(
      (name, i) => positional[i] ?? keywords.get(name) ?? none,
    );
    const rest = new Map([...keywords].filter(([name]) => !/^(inputs|layer|stack_args)$/.test(name)));
    const items = machine.iterate(each, span);
    if ('kind' in items) {
      machine.loseTrack(items.reason, span);
      return items;
    }
    const calls = items.map((item) => ({
      positional: item.kind === 'list' || item.kind === 'tuple' ? item.items : [item],
      keywords: new Map<string, PyValue>(),
    }));
    return run('stack', 'Stack', machine, input, layer, calls, rest, span);
  });
  return [
    ['repeat', repeat],
    ['stack', stack],
  ];
}

function nameOfFunction(layer: PyValue): string | undefined {
  if (layer.kind === 'function' || layer.kind === 'builtin') return layer.name;
  return layer.kind === 'partial' ? nameOfFunction(layer.function) : undefined;
}

const kernelText =
  'kernel_initializer=None bias_initializer=zeros kernel_regularizer=None bias_regularizer=None activity_regularizer=None kernel_constraint=None bias_constraint=None trainable=True name=None reuse=None';
const convolutionText = `filters|num_outputs kernel_size|kernel strides|stride=1 padding=valid data_format=channels_last dilation_rate|rate=1 activation=None use_bias=True ${kernelText}`;
const separableText =
  'filters|num_outputs kernel_size strides=1 padding=valid data_format=channels_last dilation_rate=1 depth_multiplier=1 activation=None use_bias=True depthwise_initializer=None pointwise_initializer=None bias_initializer=zeros depthwise_regularizer=None pointwise_regularizer=None bias_regularizer=None activity_regularizer=None depthwise_constraint=None pointwise_constraint=None bias_constraint=None trainable=True name=None reuse=None';
const transposedText = `filters|num_outputs kernel_size|kernel strides|stride=1 padding=valid data_format=channels_last activation=None use_bias=True ${kernelText}`;
const poolText = 'pool_size strides padding=valid data_format=channels_last name=None';

/** A function of `tf.layers`: its own name, the layer, its parameters, and which of these are the layer's settings. */
interface LayersRow {
  readonly name: string;
  readonly className: string;
  readonly usualScope: string;
  readonly parameters: string;
  readonly settings: string;
}

const convolutionSettings =
  'filters kernel_size strides padding data_format dilation_rate activation use_bias kernel_initializer bias_initializer';

const layersRows: readonly LayersRow[] = [
  ...[1, 2, 3].map((rank) => ({
    name: `conv${String(rank)}d`,
    className: `Conv${String(rank)}D`,
    usualScope: `conv${String(rank)}d`,
    parameters: convolutionText,
    settings: convolutionSettings,
  })),
  ...[2, 3].map((rank) => ({
    name: `conv${String(rank)}d_transpose`,
    className: `Conv${String(rank)}DTranspose`,
    usualScope: `conv${String(rank)}d_transpose`,
    parameters: transposedText,
    settings: convolutionSettings.replace('dilation_rate ', ''),
  })),
  ...[1, 2].map((rank) => ({
    name: `separable_conv${String(rank)}d`,
    className: `SeparableConv${String(rank)}D`,
    usualScope: `separable_conv${String(rank)}d`,
    parameters: separableText,
    settings:
      'filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_initializer pointwise_initializer bias_initializer',
  })),
  {
    name: 'dense',
    className: 'Dense',
    usualScope: 'dense',
    parameters: `units|num_outputs activation=None use_bias=True ${kernelText}`,
    settings: 'units activation use_bias kernel_initializer bias_initializer',
  },
  {
    name: 'batch_normalization',
    className: 'BatchNormalization',
    usualScope: 'batch_normalization',
    parameters:
      'axis=-1 momentum=0.99 epsilon=0.001 center=True scale=True beta_initializer=zeros gamma_initializer=ones moving_mean_initializer=zeros moving_variance_initializer=ones beta_regularizer=None gamma_regularizer=None beta_constraint=None gamma_constraint=None training=False trainable=True name=None reuse=None renorm=False renorm_clipping=None renorm_momentum=0.99 fused=None virtual_batch_size=None adjustment=None',
    settings: 'axis momentum epsilon center scale',
  },
  ...(['max', 'average'] as const).flatMap((mode) =>
    [1, 2, 3].map((rank) => ({
      name: `${mode}_pooling${String(rank)}d`,
      className: `${mode === 'max' ? 'Max' : 'Average'}Pooling${String(rank)}D`,
      usualScope: `${mode}_pooling${String(rank)}d`,
      parameters: poolText,
      settings: 'pool_size strides padding data_format',
    })),
  ),
  {
    name: 'dropout',
    className: 'Dropout',
    usualScope: 'dropout',
    parameters: 'rate=0.5 noise_shape=None seed=None training=False name=None',
    settings: 'rate',
  },
  {
    name: 'flatten',
    className: 'Flatten',
    usualScope: 'flatten',
    parameters: 'name=None data_format=channels_last',
    settings: 'data_format',
  },
];

/** The functions of `tf.layers`. */
export function layersFunctions(graph: GraphMode): readonly (readonly [string, PyValue])[] {
  return layersRows.map((row) => {
    const parameters = signature(`inputs ${row.parameters}`);
    const names = row.settings.split(' ');
    const run = builtin(row.name, (machine, args, span) => {
      const bound = bindSignature(machine, row.name, parameters, args, span);
      const settings = names.flatMap((name): Settings => {
        const value = bound.value(name);
        if (name === 'data_format') return [[name, formatOf(bound)]];
        if (name === 'rate' && numberOf(value) === undefined) return [[name, float(0.5)]];
        return name.endsWith('_initializer') && value.kind === 'none' ? [] : [[name, value]];
      });
      return graph.scopes.inside(machine, bound.value('name'), row.usualScope, span, (_, name) =>
        graph.callLayer(machine, { className: row.className, name, settings, input: bound.value('inputs'), span }),
      );
    });
    return [row.name, run] as const;
  });
}

/** What slim's helpers for shapes and collections give. */
export function slimUtilities(graph: GraphMode): readonly (readonly [string, PyValue])[] {
  return [
    [
      'collect_named_outputs',
      builtin('collect_named_outputs', (machine, { positional: [collection = none, alias = none, outputs = none] }) =>
        graph.collect(machine, collection, alias.kind === 'string' ? alias.value : '', outputs),
      ),
    ],
    [
      'convert_collection_to_dict',
      builtin('convert_collection_to_dict', (_, { positional: [collection = none] }) => {
        const { entries } = graph.collected(collection);
        return { kind: 'dict', entries: new Map(entries) };
      }),
    ],
    [
      'last_dimension',
      builtin('last_dimension', (_, { positional: [shape = none] }) =>
        shape.kind === 'tuple' || shape.kind === 'list' ? (shape.items.at(-1) ?? none) : none,
      ),
    ],
    [
      'two_element_tuple',
      builtin('two_element_tuple', (_, { positional: [value = none] }) =>
        value.kind === 'tuple' || value.kind === 'list' ? tuple(value.items) : tuple([value, value]),
      ),
    ],
    ['constant_value', builtin('constant_value', (_, { positional: [value = none] }) => value)],
    ['smart_constant_value', builtin('smart_constant_value', (_, { positional: [value = none] }) => value)],
  ];
}
