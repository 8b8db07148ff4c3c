// The frameworks as the evaluator sees them: modules by dotted name, tensors' attributes and operators, calling modules.

import type { SourceSpan } from '../../../common/source-span.ts';
import { findMethod, nativeClass } from '../evaluator/classes.ts';
import type { Interpreter, Library } from '../evaluator/interpreter.ts';
import {
  bool,
  builtin,
  int,
  none,
  pyFalse,
  string,
  tuple,
  unknown,
  type Arguments,
  type ClassValue,
  type InstanceValue,
  type ModuleValue,
  type PyValue,
  type TensorValue,
} from '../evaluator/values.ts';
import { baseModuleClass } from './base-module.ts';
import { containerItem, containerModules, methodsOfContainer } from './container-modules.ts';
import { functional } from './functional.ts';
import { layerModules } from './layer-modules.ts';
import { moduleClass } from './module-classes.ts';
import { plainModules } from './plain-modules.ts';
import { standardModule } from '../standard-library/standard-modules.ts';
import { tensorMethods, torchTensorFunctions } from './tensor-functions.ts';
import { tensorItem, tensorOperator } from './tensor-operators.ts';
import { callTorch, dimensionValue, type TorchFunction } from './torch-call.ts';
import { passingThrough, torchConstants, torchFunctions } from './torch-namespace.ts';
import { TracedNetwork } from './traced-network.ts';

/** Makes the library of one evaluation. */
export function createTorchLibrary(): { readonly library: Library; readonly network: TracedNetwork } {
  const base = baseModuleClass(() => network);
  const network = new TracedNetwork(base);
  const classes = moduleClasses(base, network);
  const library: Library = {
    module: (interpreter, name) => libraryModule(interpreter, network, classes, name),
    tensorOperator: (interpreter, operator, left, right, span) =>
      tensorOperator(network, interpreter, operator, left, right, span),
    tensorAttribute: (interpreter, tensor, name, span) =>
      tensor.kind === 'tensor' ? tensorAttribute(network, interpreter, tensor, name, span) : undefined,
    tensorItem: (interpreter, tensor, index, span) =>
      tensor.kind === 'tensor' ? tensorItem(network, interpreter, tensor, index, span) : tensor,
    callInstance: (interpreter, instance, args, span) => callModule(network, interpreter, instance, args, span),
    callUnknown: (interpreter, callee, args, span) => {
      const tensors = [...args.positional, ...args.keywords.values()].flatMap((value) => tensorsWithin(value));
      if (tensors.length > 0) network.opaque(interpreter, 'unknown', callee.reason, tensors, span);
    },
    instanceItem: (interpreter, instance, index, span) => containerItem(network, interpreter, instance, index, span),
  };
  return { library, network };
}

/** The tensors of an argument: itself, or the items of a sequence. */
function tensorsWithin(value: PyValue): readonly TensorValue[] {
  if (value.kind === 'tensor') return [value];
  return value.kind === 'list' || value.kind === 'tuple'
    ? value.items.flatMap((item) => (item.kind === 'tensor' ? [item] : []))
    : [];
}

function moduleClasses(base: ClassValue, network: TracedNetwork): ReadonlyMap<string, ClassValue> {
  const classes = new Map<string, ClassValue>([['Module', base]]);
  for (const row of [...layerModules, ...plainModules, ...containerModules]) {
    const made = moduleClass(row, classes.get(row.base ?? 'Module') ?? base, network);
    if (containerModules.includes(row))
      for (const [name, method] of methodsOfContainer(row.name)) made.attributes.set(name, method);
    classes.set(row.name, made);
  }
  return classes;
}

/** Calls a module: its forward, with the module on the stack so that ops know whose they are. */
function callModule(
  network: TracedNetwork,
  interpreter: Interpreter,
  instance: InstanceValue,
  args: Arguments,
  span: SourceSpan,
): PyValue | undefined {
  if (!network.isModule(instance)) return undefined;
  const forward = interpreter.method(instance, 'forward', span);
  if (forward === undefined) {
    const own = findMethod(instance.class, '__call__');
    return own ? undefined : interpreter.raise('NotImplementedError', `${instance.class.name} has no forward`, span);
  }
  network.moduleStack.push(instance);
  try {
    return interpreter.call(forward, args, span);
  } finally {
    network.moduleStack.pop();
  }
}

function tensorAttribute(
  network: TracedNetwork,
  interpreter: Interpreter,
  tensor: Extract<PyValue, { kind: 'tensor' }>,
  name: string,
  span: SourceSpan,
): PyValue | undefined {
  switch (name) {
    case 'shape':
      return tuple(tensor.shape.map((_, axis) => dimensionValue(tensor, axis, span)));
    case 'ndim':
      return int(tensor.shape.length);
    case 'dtype':
      return string('torch.float32');
    case 'device':
      return string('cpu');
    case 'is_cuda':
    case 'is_quantized':
    case 'requires_grad':
    case 'is_sparse':
      return pyFalse;
    case 'T':
    case 'mT':
      return interpreter.callWith(methodOf(network, tensor, 'transpose') ?? none, span, int(-2), int(-1));
    case 'data':
    case 'real':
      return tensor;
    case 'grad':
      return none;
    default:
      return methodOf(network, tensor, name) ?? unknown(`The tensor method ${name} is not modelled`, span);
  }
}

function methodOf(network: TracedNetwork, tensor: PyValue, name: string): PyValue | undefined {
  const row = Object.hasOwn(tensorMethods, name) ? tensorMethods[name] : undefined;
  return (
    row &&
    builtin(name, (interpreter, args, span) =>
      callTorch(
        interpreter,
        network,
        row,
        name,
        { positional: [tensor, ...args.positional], keywords: args.keywords },
        span,
      ),
    )
  );
}

function asBuiltins(
  network: TracedNetwork,
  prefix: string,
  rows: Readonly<Record<string, TorchFunction>>,
): [string, PyValue][] {
  return Object.entries(rows).map(([name, row]) => [
    name,
    builtin(name, (interpreter, args, span) => callTorch(interpreter, network, row, `${prefix}${name}`, args, span)),
  ]);
}

/** Modules that are there but say nothing about shapes: everything in them is unknown, importing them is not. */
const silentModules =
  /^(torch\.(utils|optim|distributed|cuda|autograd|backends|onnx|hub|profiler|quantization|ao|amp|_dynamo|version|multiprocessing|special|linalg|fft|export|func)(\..*)?|numpy(\..*)?|PIL(\..*)?|tqdm|matplotlib.*|scipy.*)$/;

function libraryModule(
  interpreter: Interpreter,
  network: TracedNetwork,
  classes: ReadonlyMap<string, ClassValue>,
  name: string,
): ModuleValue | undefined {
  const span: SourceSpan = { document: '', start: 0, end: 0 };
  const make = (names: Iterable<readonly [string, PyValue]>): ModuleValue => ({
    kind: 'module',
    name,
    document: '',
    names: new Map(names),
    isModelled: true,
  });
  switch (name) {
    case 'torch':
      return make([
        ...asBuiltins(network, 'torch.', torchTensorFunctions),
        ...asBuiltins(network, 'torch.', torchFunctions),
        ...torchConstants(span),
        ['Tensor', nativeClass('Tensor', [])],
        ['Size', interpreter.builtins.get('tuple') ?? none],
      ]);
    case 'torch.nn':
      return make([...classes, ['Parameter', parameterClass()]]);
    case 'torch.nn.parameter':
      return make([['Parameter', parameterClass()]]);
    case 'torch.nn.functional':
      return make(asBuiltins(network, 'F.', functional));
    case 'torch.nn.modules':
    case 'torch.nn.modules.batchnorm':
    case 'torch.nn.modules.conv':
    case 'torch.nn.modules.linear':
    case 'torch.nn.modules.activation':
    case 'torch.nn.modules.container':
    case 'torch.nn.modules.pooling':
      return make([...classes, ['_BatchNorm', classes.get('BatchNorm2d') ?? none]]);
    case 'torch.nn.init':
      return make(
        [
          'kaiming_normal_',
          'kaiming_uniform_',
          'xavier_normal_',
          'xavier_uniform_',
          'normal_',
          'uniform_',
          'constant_',
          'zeros_',
          'ones_',
          'trunc_normal_',
          'orthogonal_',
          'dirac_',
          'calculate_gain',
          '_calculate_fan_in_and_fan_out',
        ].map((init) => [init, builtin(init, (_, args) => args.positional[0] ?? none)] as const),
      );
    case 'torch.jit':
      return make([
        ['is_scripting', builtin('is_scripting', () => bool(false))],
        ['is_tracing', builtin('is_tracing', () => bool(false))],
        ...['ignore', 'export', 'unused', 'script', 'script_method', '_overload_method', 'interface'].map(
          (each) => [each, passingThrough(each)] as const,
        ),
        ['Final', nativeClass('Final', [])],
      ]);
    case 'torch.utils.checkpoint':
      return make([
        [
          'checkpoint',
          builtin('checkpoint', (inner, args, place) =>
            inner.call(
              args.positional[0] ?? none,
              { positional: args.positional.slice(1), keywords: new Map() },
              place,
            ),
          ),
        ],
      ]);
    case 'torch.fx':
      return make([['wrap', passingThrough('wrap')]]);
    default: {
      const standard = standardModule(interpreter, name);
      if (standard) return make(standard);
      return silentModules.test(name) ? make([]) : undefined;
    }
  }
}

/** `nn.Parameter(tensor)` marks a tensor as a trainable parameter of whichever module it becomes an attribute of. */
function parameterClass(): ClassValue {
  return nativeClass('Parameter', [], [], (_, args, span) => {
    const tensor = args.positional[0] ?? args.keywords.get('data');
    if (tensor?.kind !== 'tensor')
      return tensor?.kind === 'unknown' ? tensor : unknown('What this parameter is made of is not known', span);
    return { ...tensor, parameter: { id: '', role: 'other', trainable: true } };
  });
}
