// Variables that programs of TensorFlow 1 make themselves, and the operations that take them as weights: `tf.get_variable`,
// `tf.Variable`, `tf.nn.conv2d`, `tf.matmul` and their kin. Each such operation becomes a layer that is named after its
// variable and stands where that is made, as the numbers do.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import type { Initializer } from '../../../../../network/op.ts';
import { nativeClass } from '../../../evaluator/classes.ts';
import { integerOf, numberOf } from '../../../evaluator/numbers.ts';
import { bool, builtin, float, int, none, string, tuple, unknown } from '../../../evaluator/values.ts';
import type {
  ClassValue,
  InstanceValue,
  Machine,
  PyValue,
  TensorValue,
  TupleValue,
} from '../../../evaluator/machine.ts';
import { bindSignature, signature, type BoundArguments } from '../../../tracing/signature.ts';
import { callLayer } from '../layer-calls.ts';
import { startOf } from '../row-calls.ts';
import { convolved } from '../weighted-operations.ts';
import { rateOf } from './layer-functions.ts';
import type { GraphMode } from './graph-mode.ts';

/** What a variable, or a tensor that one may start as, notes of itself; no Python text can use the names. */
const variableKey = '<variable>';
const sizesKey = '<sizes>';

const variableClass = nativeClass('Variable', []);

interface KnownVariable {
  readonly tensor: TensorValue;
  readonly name: string;
  readonly sizes: readonly PyValue[];
  readonly site: InstanceValue['site'];
}

function variableOf(value: PyValue): KnownVariable | undefined {
  if (value.kind !== 'tensor') return undefined;
  const note = value.own?.get(variableKey);
  if (note?.kind !== 'instance') return undefined;
  const [name, sizes] = ['name', 'sizes'].map((key) => note.attributes.get(key));
  if (name?.kind !== 'string' || sizes?.kind !== 'tuple') return undefined;
  return { tensor: value, name: name.value, sizes: sizes.items, site: note.site };
}

/** A tensor of which only the sizes are known, with where these come from. */
function sized(value: PyValue, fill?: number): TensorValue | undefined {
  const items =
    value.kind === 'list' || value.kind === 'tuple' ? value.items : value.kind === 'int' ? [value] : undefined;
  const sizes = items?.map(integerOf);
  const known = sizes?.filter((size) => size !== undefined);
  if (items === undefined || known === undefined || known.length !== sizes?.length) return undefined;
  return {
    kind: 'tensor',
    shape: known,
    owner: 'keras',
    own: new Map<string, PyValue>([[sizesKey, tuple(items)]]),
    ...(fill !== undefined && { fill }),
  };
}

function sizesOf(tensor: TensorValue): TupleValue {
  const kept = tensor.own?.get(sizesKey);
  if (kept?.kind === 'tuple') return kept;
  return tuple(tensor.shape.map((size) => (typeof size === 'number' ? int(size) : none)));
}

/** A variable to be: its full name, its sizes with their trails, and how training starts it. */
interface VariableToMake {
  readonly name: string;
  readonly sizes: TupleValue;
  readonly trainable: boolean;
  readonly initializer?: Initializer | undefined;
}

export function makeVariable(
  graph: GraphMode,
  machine: Machine,
  { name, sizes, trainable, initializer }: VariableToMake,
  span: SourceSpan,
): PyValue {
  const known = sizes.items.map(integerOf);
  const shape = known.filter((size) => size !== undefined);
  if (shape.length !== known.length) {
    const lost = unknown(`The shape of the variable ${name} is not known`, span);
    machine.loseTrack(lost.reason, span);
    return lost;
  }
  const note: InstanceValue = {
    kind: 'instance',
    class: variableClass,
    site: { span, callChain: [...machine.callStack] },
    attributes: new Map<string, PyValue>([
      ['name', string(name)],
      ['sizes', sizes],
    ]),
  };
  const tensor: TensorValue = {
    kind: 'tensor',
    shape,
    owner: 'keras',
    parameter: { id: name, role: 'other', trainable, ...(initializer && { initializer }) },
    own: new Map<string, PyValue>([[variableKey, note]]),
  };
  graph.scopes.keepVariable(machine, name, tensor);
  return tensor;
}

const getVariableParameters = signature(
  'name shape=None dtype=None initializer=None regularizer=None trainable=True collections=None caching_device=None partitioner=None validate_shape=True use_resource=None custom_getter=None constraint=None synchronization=None aggregation=None device=None restore=True',
);
const variableParameters = signature(
  'initial_value=None trainable=True collections=None validate_shape=True caching_device=None name=None variable_def=None dtype=None expected_shape=None import_scope=None constraint=None shape=None synchronization=None aggregation=None use_resource=None',
);

const isTrained = (args: BoundArguments): boolean => {
  const given = args.value('trainable');
  return !(given.kind === 'bool' && !given.value);
};

/** `tf.get_variable` and slim's `model_variable`: the variable of that name, made where there is none yet. */
function getVariable(graph: GraphMode): PyValue {
  return builtin('get_variable', (machine, args, span) => {
    const bound = bindSignature(machine, 'get_variable', getVariableParameters, args, span);
    const name = graph.scopes.within(bound.text('name') ?? 'Variable');
    const known = graph.scopes.variable(name);
    if (known) return known;
    const start = bound.value('initializer');
    const shape = bound.value('shape');
    const sizes = shape.kind === 'none' && start.kind === 'tensor' ? sizesOf(start) : sizedOf(machine, shape, span);
    const initializer = startOf(start, 'other');
    return makeVariable(graph, machine, { name, sizes, trainable: isTrained(bound), initializer }, span);
  });
}

function sizedOf(machine: Machine, shape: PyValue, span: SourceSpan): TupleValue {
  if (shape.kind === 'int') return tuple([shape]);
  const items = machine.iterate(shape, span);
  return tuple('kind' in items ? [items] : items);
}

/** `tf.Variable(tf.truncated_normal([5, 5, 1, 32], stddev=0.1))` */
function newVariable(graph: GraphMode): PyValue {
  return builtin('Variable', (machine, args, span) => {
    const bound = bindSignature(machine, 'Variable', variableParameters, args, span);
    let start = bound.value('initial_value');
    // A function that gives the start may be given in its place.
    if (start.kind === 'function') start = machine.callWith(start, span);
    if (start.kind === 'unknown') return start;
    // A counter or a rate is no weight.
    if (start.kind !== 'tensor') return start;
    const name = graph.scopes.unusedVariable(graph.scopes.within(bound.text('name') ?? 'Variable'));
    return makeVariable(graph, machine, { name, sizes: sizesOf(start), trainable: isTrained(bound) }, span);
  });
}

const settings = (pairs: Readonly<Record<string, PyValue>>): ReadonlyMap<string, PyValue> =>
  new Map(Object.entries(pairs));

/** One weight of a layer that takes it from a variable: under the layer's own name, in the layout of networks. */
interface OwnWeight {
  readonly name: string;
  readonly variable: KnownVariable;
  readonly role: 'weight' | 'scale' | 'shift' | 'running-mean' | 'running-variance';
  /** Where each axis of the weight stands in the variable. */
  readonly order?: readonly number[];
  /** Sizes where these are not those of the variable in another order. */
  readonly shape?: readonly number[];
}

function weightOf({ variable: { tensor }, role, order, shape }: OwnWeight): TensorValue {
  const sizes = tensor.shape.map((size) => (typeof size === 'number' ? size : 1));
  const { parameter } = tensor;
  return {
    kind: 'tensor',
    owner: 'keras',
    shape: shape ?? order?.map((axis) => sizes[axis] ?? 1) ?? sizes,
    ...(parameter && { parameter: { ...parameter, role } }),
  };
}

/** Calls a layer of Keras's table whose weights are variables of the program's. */
function callWith(
  graph: GraphMode,
  layers: ReadonlyMap<string, ClassValue>,
  machine: Machine,
  className: string,
  given: ReadonlyMap<string, PyValue>,
  weights: readonly OwnWeight[],
  input: PyValue,
  span: SourceSpan,
): PyValue {
  const [first] = weights;
  const type = layers.get(className);
  if (first === undefined || type === undefined) throw new Error(`There is no layer ${className}`);
  const { name } = first.variable;
  const scope = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : name;
  // Beside the product that is named after the same scope.
  const own = className === 'BatchNormalization' ? `${scope}/batchnorm` : scope;
  const layer = machine.call(type, { positional: [], keywords: new Map([...given, ['name', string(own)]]) }, span);
  if (layer.kind !== 'instance') return layer;
  const opened = machine.change(layer);
  opened.site = first.variable.site;
  for (const weight of weights) opened.attributes.set(weight.name, weightOf(weight));
  return callLayer(graph.parts, machine, layer, { positional: [input], keywords: new Map() }, span);
}

/** The two spatial entries of `[1, 2, 2, 1]`, or what is given as it is. */
function spatialOf(value: PyValue, isFirst: boolean): PyValue {
  if (value.kind !== 'list' && value.kind !== 'tuple') return value;
  if (value.items.length < 3) return value;
  return tuple(isFirst ? value.items.slice(2) : value.items.slice(1, -1));
}

const isChannelsFirst = (args: BoundArguments): boolean => args.text('data_format')?.startsWith('NC') === true;

interface OperationRow {
  readonly name: string;
  readonly parameters: string;
  readonly run: (call: {
    readonly graph: GraphMode;
    readonly layers: ReadonlyMap<string, ClassValue>;
    readonly machine: Machine;
    readonly args: BoundArguments;
    readonly span: SourceSpan;
  }) => PyValue;
}

type OperationCall = Parameters<OperationRow['run']>[0];

function lost({ machine, span }: OperationCall, reason: string): PyValue {
  machine.loseTrack(reason, span);
  return unknown(reason, span);
}

/** A filter that is computed has no place of its own; what it gives is not followed. */
const computedFilter = 'A filter that is no variable is not followed';

function convolution(call: OperationCall, rank: number): PyValue {
  const { graph, layers, machine, args, span } = call;
  const filter = variableOf(args.value('filter'));
  const isFirst = isChannelsFirst(args);
  if (filter === undefined) return byLayerWeight(call, rank, isFirst, false);
  if (filter.sizes.length !== rank + 2) return lost(call, computedFilter);
  const [channels, width] = filter.sizes.slice(rank);
  const input = args.value('input');
  const inChannels = input.kind === 'tensor' ? input.shape.at(isFirst ? 1 : -1) : undefined;
  const own = integerOf(channels ?? none) ?? 1;
  const groups = typeof inChannels === 'number' && inChannels % own === 0 ? inChannels / own : 1;
  const dilation = args.isNone('dilations') ? args.value('rate') : spatialOf(args.value('dilations'), isFirst);
  const padding = args.value('padding');
  return callWith(
    graph,
    layers,
    machine,
    `Conv${String(rank)}D`,
    settings({
      filters: width ?? none,
      kernel_size: tuple(filter.sizes.slice(0, rank)),
      strides: args.isNone('strides') ? int(1) : spatialOf(args.value('strides'), isFirst),
      padding: padding.kind === 'string' ? padding : string('SAME'),
      dilation_rate: dilation.kind === 'none' ? int(1) : dilation,
      data_format: string(isFirst ? 'channels_first' : 'channels_last'),
      groups: int(groups),
      use_bias: bool(false),
    }),
    [
      {
        name: 'kernel',
        variable: filter,
        role: 'weight',
        order: [rank + 1, rank, ...filter.sizes.slice(0, rank).keys()],
      },
    ],
    input,
    span,
  );
}

/** A convolution by a weight that a layer of the source's own keeps. */
function byLayerWeight(call: OperationCall, rank: number, isFirst: boolean, isDepthwise: boolean): PyValue {
  const { graph, machine, args, span } = call;
  const [input, kernel] = [args.tensor('input'), args.tensor('filter')];
  if (kernel?.parameter === undefined || kernel.shape.length !== rank + 2) return lost(call, computedFilter);
  const perAxis = (value: PyValue): readonly number[] | undefined => {
    const items = value.kind === 'list' || value.kind === 'tuple' ? value.items : [value];
    const sizes = items.map(integerOf).filter((size) => size !== undefined);
    if (sizes.length !== items.length) return undefined;
    return sizes.length === 1 ? Array.from({ length: rank }, () => sizes[0] ?? 1) : sizes;
  };
  const stride = args.isNone('strides') ? perAxis(int(1)) : perAxis(spatialOf(args.value('strides'), isFirst));
  const rate = args.isNone('dilations') ? args.value('rate') : spatialOf(args.value('dilations'), isFirst);
  const dilation = perAxis(rate.kind === 'none' ? int(1) : rate);
  if (!stride || !dilation) return lost(call, 'How this convolution moves is not known');
  return convolved(
    { machine, network: graph.parts.network, args, span, label: 'tf.nn.conv2d' },
    input,
    kernel,
    { stride, dilation, rule: args.text('padding')?.toLowerCase() ?? 'same', channelAxis: isFirst ? 1 : -1 },
    isDepthwise,
  );
}

function depthwise(call: OperationCall, filter: KnownVariable, input: PyValue): PyValue {
  const { graph, layers, machine, args, span } = call;
  const isFirst = isChannelsFirst(args);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = filter.tensor.shape.map((size) =>
    typeof size === 'number' ? size : 1,
  );
  const rate = args.value('rate');
  const dilation = rate.kind === 'none' ? args.value('dilations') : rate;
  return callWith(
    graph,
    layers,
    machine,
    'DepthwiseConv2D',
    settings({
      kernel_size: tuple(filter.sizes.slice(0, 2)),
      strides: spatialOf(args.value('strides'), isFirst),
      padding: args.value('padding'),
      depth_multiplier: filter.sizes[3] ?? int(1),
      dilation_rate: dilation.kind === 'none' ? int(1) : dilation,
      data_format: string(isFirst ? 'channels_first' : 'channels_last'),
      use_bias: bool(false),
    }),
    [{ name: 'kernel', variable: filter, role: 'weight', shape: [channels * multiplier, 1, height, width] }],
    input,
    span,
  );
}

function pointwise(call: OperationCall, filter: KnownVariable, input: PyValue): PyValue {
  const { graph, layers, machine, args, span } = call;
  return callWith(
    graph,
    layers,
    machine,
    'Conv2D',
    settings({
      filters: filter.sizes[3] ?? none,
      kernel_size: int(1),
      data_format: string(isChannelsFirst(args) ? 'channels_first' : 'channels_last'),
      use_bias: bool(false),
    }),
    [{ name: 'kernel', variable: filter, role: 'weight', order: [3, 2, 0, 1] }],
    input,
    span,
  );
}

function transposed(call: OperationCall): PyValue {
  const { graph, layers, machine, args, span } = call;
  const filter = variableOf(args.value('filter'));
  if (filter?.sizes.length !== 4) return lost(call, computedFilter);
  const isFirst = isChannelsFirst(args);
  const padding = args.value('padding');
  return callWith(
    graph,
    layers,
    machine,
    'Conv2DTranspose',
    settings({
      filters: filter.sizes[2] ?? none,
      kernel_size: tuple(filter.sizes.slice(0, 2)),
      strides: spatialOf(args.value('strides'), isFirst),
      padding: padding.kind === 'string' ? padding : string('SAME'),
      data_format: string(isFirst ? 'channels_first' : 'channels_last'),
      use_bias: bool(false),
    }),
    [{ name: 'kernel', variable: filter, role: 'weight', order: [3, 2, 0, 1] }],
    args.value('input'),
    span,
  );
}

/** The product with a matrix that is a variable: a dense layer without a bias. */
function dense(call: OperationCall, input: PyValue, matrix: KnownVariable): PyValue {
  const { graph, layers, machine, span } = call;
  return callWith(
    graph,
    layers,
    machine,
    'Dense',
    settings({ units: matrix.sizes[1] ?? none, use_bias: bool(false) }),
    [{ name: 'kernel', variable: matrix, role: 'weight', order: [1, 0] }],
    input,
    span,
  );
}

const filterText = 'input|value filter|filters';
const operationRows: readonly OperationRow[] = [
  {
    name: 'conv2d',
    parameters: `${filterText} strides=None padding=SAME use_cudnn_on_gpu=True data_format=NHWC dilations=None name=None rate=None`,
    run: (call) => convolution(call, 2),
  },
  {
    name: 'conv1d',
    parameters: `${filterText} strides|stride=None padding=SAME use_cudnn_on_gpu=True data_format=NWC name=None dilations=None rate=None`,
    run: (call) => convolution(call, 1),
  },
  {
    name: 'conv3d',
    parameters: `${filterText} strides=None padding=SAME data_format=NDHWC dilations=None name=None rate=None`,
    run: (call) => convolution(call, 3),
  },
  {
    name: 'atrous_conv2d',
    parameters: `${filterText} rate padding=SAME name=None strides=None data_format=NHWC dilations=None`,
    run: (call) => convolution(call, 2),
  },
  {
    name: 'convolution',
    parameters: `${filterText} padding=SAME strides=None dilation_rate=None name=None data_format=NHWC dilations=None rate=None`,
    run: (call) => {
      const { args } = call;
      const rank = variableOf(args.value('filter'))?.sizes.length ?? 4;
      return convolution(call, rank - 2);
    },
  },
  {
    name: 'depthwise_conv2d',
    parameters: `${filterText} strides padding=SAME rate=None name=None data_format=NHWC dilations=None`,
    run: (call) => {
      const filter = variableOf(call.args.value('filter'));
      return filter
        ? depthwise(call, filter, call.args.value('input'))
        : byLayerWeight(call, 2, isChannelsFirst(call.args), true);
    },
  },
  {
    name: 'separable_conv2d',
    parameters:
      'input depthwise_filter pointwise_filter strides padding=SAME rate=None name=None data_format=NHWC dilations=None',
    run: (call) => {
      const [first, second] = ['depthwise_filter', 'pointwise_filter'].map((name) => variableOf(call.args.value(name)));
      if (!first || !second) return lost(call, computedFilter);
      return pointwise(call, second, depthwise(call, first, call.args.value('input')));
    },
  },
  {
    name: 'conv2d_transpose',
    parameters:
      'input|value filter|filters output_shape=None strides=1 padding=SAME data_format=NHWC name=None dilations=None',
    run: transposed,
  },
  {
    name: 'xw_plus_b',
    parameters: 'x weights biases name=None',
    run: (call) => {
      const matrix = variableOf(call.args.value('weights'));
      if (matrix?.sizes.length !== 2) return lost(call, 'A matrix that is no variable is not followed');
      const made = dense(call, call.args.value('x'), matrix);
      return call.machine.tensorOperator('+', made, call.args.value('biases'), call.span);
    },
  },
  {
    name: 'batch_normalization',
    parameters: 'x mean variance offset scale variance_epsilon=0.001 name=None',
    run: (call) => normalized(call, 'variance_epsilon'),
  },
  {
    name: 'dropout',
    parameters: 'x keep_prob=None noise_shape=None seed=None name=None rate=None',
    run: ({ graph, machine, args, span }) =>
      graph.callLayer(machine, {
        className: 'Dropout',
        name: args.text('name') ?? graph.scopes.within('dropout'),
        settings: [['rate', args.isNone('rate') ? rateOf(args.value('keep_prob')) : shareOf(args.value('rate'))]],
        input: args.value('x'),
        span,
      }),
  },
];

const shareOf = (value: PyValue): PyValue => (value.kind === 'float' || value.kind === 'int' ? value : float(0.5));

/** Normalisation with scale and shift as variables; its statistics are variables too, or those of the batch. */
function normalized(call: OperationCall, epsilon: string): PyValue {
  const { graph, layers, machine, args, span } = call;
  const [scale, shift, mean, variance] = ['scale', 'offset', 'mean', 'variance'].map((name) =>
    variableOf(args.value(name)),
  );
  const weights = [
    scale && ({ name: 'gamma', variable: scale, role: 'scale' } as const),
    shift && ({ name: 'beta', variable: shift, role: 'shift' } as const),
    mean && ({ name: 'moving_mean', variable: mean, role: 'running-mean' } as const),
    variance && ({ name: 'moving_variance', variable: variance, role: 'running-variance' } as const),
  ].filter((weight) => weight !== undefined);
  if (weights.length === 0) return lost(call, 'A normalisation without variables is not followed');
  return callWith(
    graph,
    layers,
    machine,
    'BatchNormalization',
    settings({ scale: bool(scale !== undefined), center: bool(shift !== undefined), epsilon: args.value(epsilon) }),
    weights,
    args.value('x'),
    span,
  );
}

/** The operations that take variables, by name; `matmul` of anything else is what it was. */
export function variableOperations(
  graph: GraphMode,
  layers: ReadonlyMap<string, ClassValue>,
  plain: ReadonlyMap<string, PyValue>,
): {
  readonly nn: readonly (readonly [string, PyValue])[];
  readonly tensorflow: readonly (readonly [string, PyValue])[];
} {
  const nn = operationRows.map((row) => {
    const parameters = signature(row.parameters);
    const run = builtin(row.name, (machine, args, span) => {
      const bound = bindSignature(machine, `tf.nn.${row.name}`, parameters, args, span);
      const first = args.positional[0] ?? bound.value('input');
      if (first.kind === 'unknown') {
        machine.loseTrack(first.reason, first.span);
        return first;
      }
      return row.run({ graph, layers, machine, args: bound, span });
    });
    return [row.name, run] as const;
  });
  const matmulParameters = signature('a b transpose_a=False transpose_b=False *rest **options');
  const matmul = builtin('matmul', (machine, args, span) => {
    const bound = bindSignature(machine, 'tf.matmul', matmulParameters, args, span);
    const matrix = variableOf(bound.value('b'));
    const isPlain = matrix?.sizes.length !== 2 || bound.flag('transpose_a') || bound.flag('transpose_b');
    if (matrix === undefined || isPlain) return machine.call(plain.get('matmul') ?? none, args, span);
    return dense({ graph, layers, machine, args: bound, span }, bound.value('a'), matrix);
  });
  const biasAdd = builtin('bias_add', (machine, { positional, keywords }, span) => {
    const value = positional[0] ?? keywords.get('value') ?? none;
    const bias = positional[1] ?? keywords.get('bias') ?? none;
    const format = positional[2] ?? keywords.get('data_format');
    const isFirst = format?.kind === 'string' && format.value.startsWith('NC');
    const rank = value.kind === 'tensor' ? value.shape.length : 0;
    if (!isFirst || bias.kind !== 'tensor' || rank < 3) return machine.tensorOperator('+', value, bias, span);
    const shape = [...bias.shape, ...Array.from({ length: rank - 2 }, () => 1)];
    return machine.tensorOperator('+', value, { ...bias, shape }, span);
  });
  return {
    nn: [...nn, ['bias_add', biasAdd]],
    tensorflow: [
      ['matmul', matmul],
      ['get_variable', getVariable(graph)],
      ['Variable', newVariable(graph)],
      ...startingTensors(plain),
    ],
  };
}

/** Tensors that variables start as. */
function startingTensors(plain: ReadonlyMap<string, PyValue>): readonly (readonly [string, PyValue])[] {
  const make = (name: string, fill?: number): readonly [string, PyValue] => [
    name,
    builtin(name, (machine, args, span) => {
      const shape = args.positional[0] ?? args.keywords.get('shape') ?? none;
      return sized(shape, fill) ?? machine.call(plain.get(fill === 1 ? 'ones' : 'zeros') ?? none, args, span);
    }),
  ];
  const constant = builtin('constant', (machine, args, span) => {
    const value = args.positional[0] ?? args.keywords.get('value') ?? none;
    const shape = args.positional[2] ?? args.keywords.get('shape');
    const made = shape && sized(shape, numberOf(value));
    return made ?? machine.call(plain.get('constant') ?? none, args, span);
  });
  return [
    ...['truncated_normal', 'random_normal', 'random_uniform'].map((name) => make(name)),
    make('zeros', 0),
    make('ones', 1),
    ['constant', constant],
  ];
}

/** Sizes as slim's `model_variable` and `variable` take them. */
export function slimVariables(graph: GraphMode): readonly (readonly [string, PyValue])[] {
  const get = getVariable(graph);
  return ['model_variable', 'variable', 'local_variable'].map((name) => [name, get] as const);
}
