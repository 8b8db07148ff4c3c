// The modules of Keras and TensorFlow by dotted name, in every spelling, and the names that each has. What is not here is
// unknown, and says so when used; `keras.applications` is read from its own source.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { importModule } from '../../evaluator/modules.ts';
import { bool, builtin, dict, float, list, none, pyFalse, string, unknown } from '../../evaluator/values.ts';
import type { Arguments, ClassValue, Machine, ModuleValue, PyValue } from '../../evaluator/machine.ts';
import { functionValues, passThrough, plainClasses, without } from '../../standard-library/module-table.ts';
import { callTraced, type TracedFunction } from '../../tracing/traced-call.ts';
import { activationNames } from './activations.ts';
import { graphModule, slimNets, type GraphModule, type GraphNames } from './graph-mode/graph-modules.ts';
import { callOperation, type KerasParts } from './layer-calls.ts';
import { imageRows, operationRows, otherNames } from './operations.ts';
import { flagNames } from './graph-mode/flags.ts';
import { functionalGraph } from './functional-graph.ts';
import { isSymbolic, tensorsGiven, tensorsOf } from './symbolic-tensors.ts';
import { backendRows } from './backend-operations.ts';
import { weightedRows } from './weighted-operations.ts';

/** Functions of tensors under TensorFlow's names, as graphs of any version have them. */
export function tensorFlowOperations(parts: KerasParts): ReadonlyMap<string, PyValue> {
  return new Map(operations(parts, 'tf.', operationRows));
}

export type Names = Iterable<readonly [string, PyValue]>;

/** What the modules are made from. */
export interface KerasNames {
  readonly parts: KerasParts;
  readonly layers: ReadonlyMap<string, ClassValue>;
  readonly models: ReadonlyMap<string, ClassValue>;
  readonly input: PyValue;
  /** What programs of TensorFlow 1 and TF-slim use, made when a file asks for it. */
  readonly graph: () => GraphNames;
  setDataFormat(format: 'channels_last' | 'channels_first'): void;
}

/** The name by which a module is known here: `tensorflow.keras.layers` and its kin as `keras.layers`. */
function canonicalName(name: string): string {
  return name
    .replace(
      /^(tensorflow\.(python\.|compat\.v[12]\.)?keras|tf_keras|keras_core|keras\.api|keras\._tf_keras\.keras)(?=\.|$)/,
      'keras',
    )
    .replace(/^keras\.api(?=\.|$)/, 'keras')
    .replace(/^tensorflow\.compat\.v[12](?=\.|$)/, 'tensorflow')
    .replace(/^(absl|tensorflow\.app|tensorflow\.python\.platform)\.flags$/, 'tensorflow.flags');
}

/** A function of tensors that a functional model notes as an operation. */
function operation(parts: KerasParts, prefix: string, name: string, row: TracedFunction): PyValue {
  const className = name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return builtin(name, (machine, args, span) => {
    const run = (given: Arguments): PyValue => callTraced(machine, parts.network, row, `${prefix}${name}`, given, span);
    // Questions about a tensor make none.
    if (/^(shape|ndim|rank|int_shape|identity|cast|convert_to_tensor|constant)$/.test(name) && !isNoted(name, args))
      return run(args);
    return callOperation(parts, machine, className, args, span, run);
  });
}

/** Whether a call that may change nothing is noted: a cast of a symbolic tensor is one of Keras's operations. */
function isNoted(name: string, args: Arguments): boolean {
  return /^(cast|identity)$/.test(name) && tensorsGiven(args).some(isSymbolic);
}

function operations(
  parts: KerasParts,
  prefix: string,
  rows: Readonly<Record<string, TracedFunction>>,
): [string, PyValue][] {
  const own = Object.entries(rows).map(([name, row]): [string, PyValue] => [name, operation(parts, prefix, name, row)]);
  const others = Object.entries(otherNames).flatMap(([other, name]): [string, PyValue][] => {
    const row = rows[name];
    return row ? [[other, operation(parts, prefix, name, row)]] : [];
  });
  return [...own, ...others];
}

/** A class whose instances keep what they are made with: initializers, regularizers, constraints. */
function keeping(name: string, parameters: readonly string[]): ClassValue {
  return nativeClass(
    name,
    [],
    [
      [
        '__init__',
        builtin(
          '__init__',
          (machine, { positional: [self, ...positional], keywords }) => {
            if (self?.kind !== 'instance') return none;
            const attributes = machine.change(self).attributes;
            for (const [i, value] of positional.entries())
              attributes.set(parameters[i] ?? `argument_${String(i)}`, value);
            for (const [key, value] of keywords) attributes.set(key, value);
            return none;
          },
          true,
        ),
      ],
    ],
  );
}

const initializerParameters: Readonly<Record<string, string>> = {
  Constant: 'value',
  RandomNormal: 'mean stddev seed',
  TruncatedNormal: 'mean stddev seed',
  RandomUniform: 'minval maxval seed',
  VarianceScaling: 'scale mode distribution seed',
  Orthogonal: 'gain seed',
  Identity: 'gain',
  IdentityInitializer: 'gain',
  Zeros: '',
  Ones: '',
  GlorotUniform: 'seed',
  GlorotNormal: 'seed',
  HeNormal: 'seed',
  HeUniform: 'seed',
  LecunNormal: 'seed',
  LecunUniform: 'seed',
};

export function initializers(): Iterable<readonly [string, PyValue]> {
  const classes = Object.entries(initializerParameters).map(
    ([name, parameters]) => [name, keeping(name, parameters.split(' '))] as const,
  );
  const lower = classes.map(([name, type]) => [name.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase(), type] as const);
  return [
    ...classes,
    ...lower,
    ...lower.map(([name, type]) => [`${name}_initializer`, type] as const),
    ['get', passThrough('get')],
  ];
}

/** Something that is made with whatever it is given and that nothing here depends on. */
const penalties: Names = [
  ...'L1 L2 L1L2 l1 l2 l1_l2 OrthogonalRegularizer Regularizer Constraint MaxNorm max_norm NonNeg non_neg UnitNorm unit_norm MinMaxNorm min_max_norm'
    .split(' ')
    .map((name) => [name, keeping(name, [])] as const),
  ['get', passThrough('get')],
];

/** A decorator that is called with arguments first. */
const decorating = (name: string): [string, PyValue] => [
  name,
  builtin(name, (_, args) => {
    const [first] = args.positional;
    return first?.kind === 'class' || first?.kind === 'function' ? first : passThrough(name);
  }),
];

function backendNames(names: KerasNames): Names {
  const { parts } = names;
  return [
    ...operations(parts, 'K.', { ...operationRows, ...backendRows }),
    ...functionValues({
      image_data_format: () => string(parts.usualDataFormat()),
      set_image_data_format: (_, { positional: [format] }) => {
        if (format?.kind === 'string')
          names.setDataFormat(format.value === 'channels_first' ? 'channels_first' : 'channels_last');
        return none;
      },
      standardize_data_format: (_, { positional: [format] }) =>
        format === undefined || format.kind === 'none' ? string(parts.usualDataFormat()) : format,
      is_keras_tensor: (_, { positional: [value] }) => bool(value?.kind === 'tensor' && isSymbolic(value)),
      is_tensor: (_, { positional: [value] }) => bool(value?.kind === 'tensor'),
      backend: () => string('tensorflow'),
      floatx: () => string('float32'),
      epsilon: () => float(1e-7),
      learning_phase: () => pyFalse,
      clear_session: (machine) => {
        parts.names.clear(machine);
        return none;
      },
      standardize_dtype: (_, { positional: [type] }) =>
        type === undefined || type.kind === 'none' ? string('float32') : type,
      result_type: () => string('float32'),
      is_float_dtype: () => bool(true),
    }),
    ...['set_floatx', 'set_epsilon', 'set_learning_phase', 'set_session', 'get_session', 'set_value', 'get_value'].map(
      (name) => [name, without(name)] as const,
    ),
    ...plainClasses('KerasTensor Variable SymbolicScope StatelessScope'),
    ['name_scope', scopeClass()],
  ];
}

/** `with name_scope('block'):` changes no name of a layer in Keras 3. */
function scopeClass(): ClassValue {
  return nativeClass(
    'name_scope',
    [],
    [
      ['__init__', builtin('__init__', () => none, true)],
      ['__enter__', builtin('__enter__', (_, { positional: [self = none] }) => self, true)],
      ['__exit__', builtin('__exit__', () => none, true)],
    ],
  );
}

/** The inputs that a symbolic tensor was made from. */
function sourceInputs(tensor: PyValue): PyValue {
  const calls = functionalGraph([], tensor).calls.filter((node) => tensorsGiven(node.args).length === 0);
  return list(calls.flatMap((node) => tensorsOf(node.result)));
}

function modelNames({ models, input, layers }: KerasNames): Names {
  return [
    ...models,
    ['Input', input],
    ['Layer', layers.get('Layer') ?? none],
    ...functionValues({
      clone_model: (_, args, span) => {
        const model = args.positional[0] ?? args.keywords.get('model');
        return model?.kind === 'instance' ? model : unknown('What is cloned here is no known model', span);
      },
      load_model: (_, _args, span) => unknown('Saved models are not read', span),
      model_from_json: (_, _args, span) => unknown('A model as text is not read here', span),
      model_from_yaml: (_, _args, span) => unknown('A model as text is not read here', span),
    }),
    [
      'is_keras_tensor',
      builtin('is_keras_tensor', (_, { positional: [value] }) => bool(value?.kind === 'tensor' && isSymbolic(value))),
    ],
  ];
}

/** Functions in lower case that make a layer and call it: `layers.add([a, b])`. */
function mergingFunctions({ layers }: KerasNames): Names {
  return 'add subtract multiply average maximum minimum concatenate dot'.split(' ').map((name) => {
    const type = layers.get(name.charAt(0).toUpperCase() + name.slice(1)) ?? none;
    return [
      name,
      builtin(name, (machine, { positional: [inputs = none, ...rest], keywords }, span) =>
        machine.callWith(
          machine.call(type, { positional: rest, keywords }, span),
          span,
          keywords.get('inputs') ?? inputs,
        ),
      ),
    ] as const;
  });
}

function layerNames(names: KerasNames): Names {
  return [...names.layers, ['Input', names.input], ...mergingFunctions(names)];
}

/** `serialize`, `deserialize` and `get` of a module of functions. */
function activationFunctions({ parts }: KerasNames): Names {
  const rows = Object.fromEntries(
    activationNames.flatMap((name) => {
      const row = operationRows[name];
      return row ? [[name, row] as const] : [];
    }),
  );
  const functions = operations(parts, '', rows);
  return [
    ...functions,
    [
      'get',
      builtin('get', (_, { positional: [wanted = none] }) =>
        wanted.kind === 'string' ? (functions.find(([name]) => name === wanted.value)?.[1] ?? wanted) : wanted,
      ),
    ],
    ['serialize', passThrough('serialize')],
    ['deserialize', passThrough('deserialize')],
  ];
}

function utilityNames({ input }: KerasNames): Names {
  return [
    decorating('register_keras_serializable'),
    decorating('keras_export'),
    ['get_source_inputs', builtin('get_source_inputs', (_, { positional: [tensor = none] }) => sourceInputs(tensor))],
    ...functionValues({
      get_file: () => string(''),
      get_custom_objects: () => dict(),
      to_categorical: (_, _args, span) => unknown('Data is not read', span),
      image_dataset_from_directory: (_, _args, span) => unknown('Data is not read', span),
    }),
    ...[
      'set_random_seed',
      'plot_model',
      'model_to_dot',
      'enable_interactive_logging',
      'disable_interactive_logging',
    ].map((name) => [name, without(name)] as const),
    ...plainClasses('Sequence PyDataset CustomObjectScope custom_object_scope'),
    ['Input', input],
  ];
}

/** Modules of which every name is unknown until it is asked for: data, losses, what trains. */
const silent =
  /^keras\.(optimizers|losses|metrics|callbacks|datasets|preprocessing|distribution|export|legacy|quantizers|tree|visualization|wrappers|estimator|experimental|premade|dtype_policies|distillation)(\.\w+)*$|^keras\.src\.(optimizers|losses|metrics|callbacks|datasets|trainers|distribution|export|quantizers|tree|visualization|dtype_policies|legacy)(\.\w+)*$/;

function tensorFlowNames({ parts, graph }: KerasNames): Names {
  return [
    ...operations(parts, 'tf.', operationRows),
    decorating('function'),
    ['TensorShape', passThrough('TensorShape')],
    ...plainClasses('Tensor Module Operation Session RaggedTensor SparseTensor TensorSpec DType'),
    ...'float16 float32 float64 bfloat16 int8 uint8 int16 int32 int64 bool string complex64'
      .split(' ')
      .map((name) => [name, string(name)] as const),
    ['newaxis', none],
    ['__version__', string('2.18.0')],
    ['init_scope', scopeClass()],
    ['no_op', without('no_op')],
    ['executing_eagerly', builtin('executing_eagerly', () => pyFalse)],
    ['is_tensor', builtin('is_tensor', (_, { positional: [value] }) => bool(value?.kind === 'tensor'))],
    ...graph().tensorflow,
  ];
}

/** The names of TensorFlow's own modules of operations, which are found under several. */
function operationNames(names: KerasNames): Names {
  const { parts } = names;
  return [...tensorFlowNames(names), ...operations(parts, 'tf.image.', imageRows), ...names.graph().nn];
}

const graphTables: Readonly<Record<GraphModule, Table>> = {
  slim: (names) => names.graph().slim,
  layers: (names) => names.graph().layers,
  morphnet: (names) => names.graph().morphnet,
  operations: operationNames,
  empty: () => [],
};

type Table = (names: KerasNames) => Names;

const randomNames: Table = ({ parts }) => [
  ...operations(parts, 'random.', {
    normal: operationRows['zeros'] ?? { signature: [], body: () => none, toleratesUnknown: true },
    uniform: operationRows['zeros'] ?? { signature: [], body: () => none, toleratesUnknown: true },
  }),
  ['SeedGenerator', keeping('SeedGenerator', ['seed'])],
  ['set_seed', without('set_seed')],
  ['dropout', passThrough('dropout')],
];

/** There are none: nothing is run. */
const devices: Table = () =>
  'list_physical_devices list_logical_devices get_visible_devices'
    .split(' ')
    .map((name) => [name, builtin(name, () => list([]))] as const);

const tables: Readonly<Record<string, Table>> = {
  keras: (names) => [
    ...modelNames(names),
    ['Layer', names.layers.get('Layer') ?? none],
    ['KerasTensor', nativeClass('KerasTensor', [])],
    ['__version__', string('3.0.0')],
    ['version', builtin('version', () => string('3.0.0'))],
    ['name_scope', scopeClass()],
  ],
  'keras.layers': layerNames,
  'keras.models': modelNames,
  'keras.engine': modelNames,
  'keras.activations': activationFunctions,
  'keras.backend': backendNames,
  'keras.config': backendNames,
  'keras.ops': ({ parts }) => operations(parts, 'ops.', { ...operationRows, ...weightedRows }),
  'keras.ops.image': ({ parts }) => operations(parts, 'ops.image.', imageRows),
  'keras.random': randomNames,
  'keras.utils': utilityNames,
  'keras.saving': utilityNames,
  'keras.initializers': initializers,
  'keras.regularizers': () => penalties,
  'keras.constraints': () => penalties,
  'keras.mixed_precision': () => [
    ...['set_global_policy', 'set_policy', 'set_dtype_policy'].map((name) => [name, without(name)] as const),
    ['Policy', keeping('Policy', ['name'])],
  ],
  tensorflow: tensorFlowNames,
  'tensorflow.nn': ({ parts, graph }) => [...operations(parts, 'tf.nn.', operationRows), ...graph().nn],
  'tensorflow.math': ({ parts }) => operations(parts, 'tf.math.', operationRows),
  'tensorflow.linalg': ({ parts }) => operations(parts, 'tf.linalg.', operationRows),
  'tensorflow.image': ({ parts }) => operations(parts, 'tf.image.', imageRows),
  'tensorflow.random': randomNames,
  'tensorflow.flags': flagNames,
  'tensorflow.config': devices,
  'tensorflow.config.experimental': devices,
};

/** The table of a module inside Keras's own source: `keras.src.layers.core.dense` has what `keras.layers` has. */
function innerTable(name: string): Table | undefined {
  const match =
    /^keras\.(?:src|engine)\.(\w+)(?:\.(\w+))?/.exec(name) ??
    /^keras\.(layers|models|ops|utils|initializers|backend)\.(\w+)/.exec(name);
  if (match === null) return undefined;
  const [, first = '', second] = match;
  if (first === 'ops' && second === 'operation_utils') return tables['keras.utils'];
  if (first === 'ops' && second === 'image') return tables['keras.ops.image'];
  if (first === 'api_export' || first === 'utils') return tables['keras.utils'];
  if (/^(input_layer|training|functional|sequential)$/.test(first)) return tables['keras.models'];
  if (first === 'base_layer') return tables['keras.layers'];
  return tables[`keras.${first}`];
}

const noSpan: SourceSpan = { document: '', start: 0, end: 0 };
const fromSource = /^keras\.(src\.)?applications(\.|$)/;

/** A modelled module of Keras or TensorFlow; undefined where there is none of that name. */
export function kerasModule(names: KerasNames, machine: Machine, name: string): ModuleValue | undefined {
  const canonical = canonicalName(name);
  const nets = slimNets(canonical);
  if (nets !== undefined) return nets === name ? undefined : importModule(machine, nets, noSpan);
  if (fromSource.test(canonical)) return canonical === name ? undefined : importModule(machine, canonical, noSpan);
  // Whoever defines a flag, all see it.
  if (canonical === 'tensorflow.flags' && canonical !== name) return importModule(machine, canonical, noSpan);
  const ofGraphs = graphModule(canonical);
  const table =
    (Object.hasOwn(tables, canonical) ? tables[canonical] : undefined) ??
    innerTable(canonical) ??
    (ofGraphs && graphTables[ofGraphs]);
  if (
    table === undefined &&
    !silent.test(canonical) &&
    !/^tensorflow(_\w+)?(\.|$)/.test(canonical) &&
    canonical !== 'keras.src'
  )
    return undefined;
  // The parts of a package are found under its own name, whichever way it was imported.
  return {
    kind: 'module',
    name: canonical,
    document: '',
    names: new Map(table?.(names) ?? []),
    isModelled: true,
    ...(canonical === 'keras' && { deferred: new Map([['applications', () => applications(machine)]]) }),
  };
}

/** `keras.applications`, whose source stands among the installed packages. */
function applications(machine: Machine): PyValue {
  const packages = 'installed packages (morphnet.python.sitePackages, --site-packages)';
  return (
    importModule(machine, 'keras.applications', noSpan) ??
    unknown(`keras.applications is read from Keras's own source, which is not among the ${packages}`, noSpan)
  );
}
