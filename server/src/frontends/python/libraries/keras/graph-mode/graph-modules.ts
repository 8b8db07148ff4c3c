// The modules of TensorFlow 1 and TF-slim by dotted name, in every spelling: what their names mean.

import { nativeClass } from '../../../evaluator/classes.ts';
import { builtin, float, int, none, pyFalse, pyTrue, string, tuple } from '../../../evaluator/values.ts';
import type { ClassValue, Machine, PyValue } from '../../../evaluator/machine.ts';
import { functionValues, without } from '../../../standard-library/module-table.ts';
import { method } from '../layer-classes.ts';
import type { GraphMode } from './graph-mode.ts';
import { layersFunctions, repeatedFunctions, slimFunctions, slimUtilities } from './layer-functions.ts';
import { nameScopeClass } from './variable-scopes.ts';
import { makeVariable, slimVariables, variableOperations } from './variables.ts';

type NamedValues = readonly (readonly [string, PyValue])[];

/** The names of TensorFlow 1 by what has them. */
export interface GraphNames {
  /** `tf_slim`, `tf.contrib.slim`, `tf.contrib.layers`, `tf.contrib.framework`. */
  readonly slim: NamedValues;
  /** `tf.layers`. */
  readonly layers: NamedValues;
  /** What `tensorflow` itself has beside what it has in any version. */
  readonly tensorflow: NamedValues;
  readonly nn: NamedValues;
  /** MorphNet's own package: activations with gates. */
  readonly morphnet: NamedValues;
}

/** Modules of TensorFlow 1 and of slim whose names are slim's. */
const slimModule =
  /^(tf_slim|tensorflow\.contrib\.(slim|layers|framework))(\.(python|slim|layers|ops|framework|arg_scope|variables|initializers|regularizers|normalization|utils|evaluation|learning))*$/;
/** Packages whose parts are modules of names that they do not have themselves. */
const onlyModules = /^(tf_slim\.ops|tensorflow\.python(\.\w+)?|tensorflow\.contrib)$/;

export type GraphModule = 'slim' | 'layers' | 'operations' | 'morphnet' | 'empty';

/** What a module of that name has; undefined for one that is nothing of TensorFlow 1's. */
export function graphModule(name: string): GraphModule | undefined {
  if (/^morph_net(\.\w+)*$/.test(name)) return 'morphnet';
  if (/^tensorflow\.layers$|^tensorflow\.python\.layers\.\w+$/.test(name)) return 'layers';
  if (onlyModules.test(name)) return 'empty';
  if (slimModule.test(name)) return 'slim';
  return /^tensorflow\.python(\.\w+)+$/.test(name) ? 'operations' : undefined;
}

/** Where slim's own networks are read from: `tf.contrib.slim.nets` is `tf_slim.nets`. */
export function slimNets(name: string): string | undefined {
  const match = /^(?:tf_slim|tensorflow\.contrib\.slim(?:\.python\.slim)?)\.nets(\..*)?$/.exec(name);
  return match === null ? undefined : `tf_slim.nets${match[1] ?? ''}`;
}

export function graphNames(
  graph: GraphMode,
  layers: ReadonlyMap<string, ClassValue>,
  placeholder: PyValue,
  initializers: ReadonlyMap<string, PyValue>,
  plain: ReadonlyMap<string, PyValue>,
): GraphNames {
  const operations = variableOperations(graph, layers, plain);
  const starts = initializerNames(initializers);
  return {
    slim: [
      ...slimFunctions(graph),
      ...repeatedFunctions(graph),
      ...slimUtilities(graph),
      ...slimVariables(graph),
      ...argumentScopes(graph),
      ...starts,
      ...['l1_regularizer', 'l2_regularizer', 'l1_l2_regularizer', 'sum_regularizer', 'apply_regularization'].map(
        (name) => [name, without(name)] as const,
      ),
      ...['get_or_create_global_step', 'create_global_step', 'get_global_step'].map(
        (name) => [name, builtin(name, () => int(0))] as const,
      ),
    ],
    layers: [...layersFunctions(graph), ...layerClasses(layers)],
    tensorflow: [
      ...operations.tensorflow,
      ...starts,
      ['placeholder', placeholder],
      ['placeholder_with_default', withDefault(placeholder)],
      ['variable_scope', graph.scopes.managerClass],
      ['variable_op_scope', graph.scopes.managerClass],
      ['name_scope', nameScopeClass()],
      ['op_scope', nameScopeClass()],
      ['get_variable_scope', builtin('get_variable_scope', (machine, _, span) => graph.scopes.current(machine, span))],
      ['AUTO_REUSE', pyTrue],
      ['GraphKeys', graphKeys()],
      ['Graph', graphClass(graph)],
      ...functionValues({
        reset_default_graph: (machine) => {
          graph.clear(machine);
          return none;
        },
        add_to_collection: () => none,
        disable_v2_behavior: () => none,
        disable_eager_execution: () => none,
        enable_eager_execution: () => none,
        set_random_seed: () => none,
        device: () => none,
        control_dependencies: () => none,
      }),
    ],
    nn: operations.nn,
    morphnet: gates(graph),
  };
}

function argumentScopes({ argumentScopes: scopes }: GraphMode): NamedValues {
  return [
    ['arg_scope', scopes.managerClass],
    ['add_arg_scope', builtin('add_arg_scope', (_, { positional: [value = none] }) => scopes.decorated(value))],
    ['current_arg_scope', builtin('current_arg_scope', () => scopes.current)],
    ['has_arg_scope', builtin('has_arg_scope', (_, { positional: [value = none] }) => scopes.isScoped(value))],
  ];
}

/** Initializers under TensorFlow's and slim's names. */
function initializerNames(known: ReadonlyMap<string, PyValue>): NamedValues {
  const others: Readonly<Record<string, string>> = {
    truncated_normal_initializer: 'TruncatedNormal',
    random_normal_initializer: 'RandomNormal',
    random_uniform_initializer: 'RandomUniform',
    constant_initializer: 'Constant',
    zeros_initializer: 'Zeros',
    ones_initializer: 'Ones',
    orthogonal_initializer: 'Orthogonal',
    glorot_uniform_initializer: 'GlorotUniform',
    glorot_normal_initializer: 'GlorotNormal',
    he_normal_initializer: 'HeNormal',
    xavier_initializer: 'GlorotUniform',
    xavier_initializer_conv2d: 'GlorotUniform',
  };
  const named = Object.entries(others).flatMap(([other, name]) => {
    const value = known.get(name);
    return value === undefined ? [] : [[other, value] as const];
  });
  const scaling = known.get('VarianceScaling') ?? none;
  // slim's takes `factor` and counts its modes in capitals; TensorFlow's own is Keras's.
  const variance = builtin('variance_scaling_initializer', (machine, { positional, keywords }, span) => {
    const [scale, mode] = [
      positional[0] ?? keywords.get('factor') ?? keywords.get('scale') ?? float(2),
      positional[1] ?? keywords.get('mode'),
    ];
    const text = mode?.kind === 'string' ? mode.value.toLowerCase() : 'fan_in';
    const uniform = keywords.get('uniform') ?? positional[2];
    const distribution = uniform?.kind === 'bool' && uniform.value ? 'uniform' : 'truncated_normal';
    const given = new Map<string, PyValue>([
      ['scale', scale],
      ['mode', string(text)],
      ['distribution', keywords.get('distribution') ?? string(distribution)],
    ]);
    return machine.call(scaling, { positional: [], keywords: given }, span);
  });
  return [...named, ['variance_scaling_initializer', variance]];
}

/** `tf.layers.Conv2D` and its kin are Keras's layers. */
function layerClasses(layers: ReadonlyMap<string, ClassValue>): NamedValues {
  return [...layers].filter(([name]) => /^(Conv|Separable|Dense|Flatten|Dropout|Batch|Max|Average|Layer)/.test(name));
}

/** The default of such a placeholder tells its shape where nothing else does. */
function withDefault(placeholder: PyValue): PyValue {
  return builtin('placeholder_with_default', (machine, { positional, keywords }, span) => {
    const start = positional[0] ?? keywords.get('input') ?? none;
    if (start.kind !== 'tensor') return start;
    const shape = positional[1] ?? keywords.get('shape') ?? none;
    return machine.call(placeholder, { positional: [string('float32'), shape], keywords: new Map() }, span);
  });
}

/** Names of collections: any name is one. */
function graphKeys(): PyValue {
  const names =
    'UPDATE_OPS REGULARIZATION_LOSSES GLOBAL_VARIABLES TRAINABLE_VARIABLES MODEL_VARIABLES SUMMARIES LOSSES ACTIVATIONS WEIGHTS BIASES LOCAL_VARIABLES MOVING_AVERAGE_VARIABLES'.split(
      ' ',
    );
  return nativeClass(
    'GraphKeys',
    [],
    names.map((name) => [name, string(name.toLowerCase())] as const),
  );
}

/** `with tf.Graph().as_default():` begins a graph of its own. */
function graphClass(graph: GraphMode): ClassValue {
  const enter = (machine: Machine): void => {
    graph.clear(machine);
  };
  return nativeClass(
    'Graph',
    [],
    [
      method('as_default', (self) => self),
      method('device', () => none),
      method('__enter__', (self, _, machine) => {
        enter(machine);
        return self;
      }),
      method('__exit__', () => pyFalse),
    ],
  );
}

/**
 * `activation_gating.gated_relu_activation()`: a ReLU whose channels learn whether they pass, each by a number of its own.
 */
function gates(graph: GraphMode): NamedValues {
  const gatedRelu = builtin('gated_relu', (machine, { positional: [input = none] }, span) => {
    const activated = graph.callLayer(machine, {
      className: 'Activation',
      name: graph.scopes.within('relu'),
      settings: [['activation', string('relu')]],
      input,
      span,
    });
    const channels = activated.kind === 'tensor' ? activated.shape.at(-1) : undefined;
    if (typeof channels !== 'number') return activated;
    const name = graph.scopes.unusedVariable(graph.scopes.within('gating_logits'));
    const logits = makeVariable(graph, machine, { name, sizes: tuple([int(channels)]), trainable: true }, span);
    return machine.tensorOperator('*', activated, logits, span);
  });
  const own: NamedValues = [['gated_relu_activation', builtin('gated_relu_activation', () => gatedRelu)]];
  return [...own, ['activation_gating', nativeClass('activation_gating', [], own)]];
}
