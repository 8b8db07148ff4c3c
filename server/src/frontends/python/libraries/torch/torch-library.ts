// PyTorch as a library of the Python frontend: modules by dotted name, tensors' attributes and operators, calling modules.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { unshared } from '../../evaluator/effects.ts';
import { findMethod, isSubclass } from '../../evaluator/classes.ts';
import { bool, builtin, int, none, pyFalse, unknown } from '../../evaluator/values.ts';
import { attentionModules } from './attention-modules.ts';
import { baseModuleClass, namesOfLayers } from './base-module.ts';
import { frameworkModule, parameterClass } from './library-modules.ts';
import { containerItem, containerModules, methodsOfContainer } from './container-modules.ts';
import { cpu, elementTypeOf } from './element-types.ts';
import { layerModules } from './layer-modules.ts';
import { moduleClass } from './module-classes.ts';
import { plainModules } from './plain-modules.ts';
import { recurrentCells } from './recurrent-cells.ts';
import { recurrentModules } from './recurrent-modules.ts';
import { tensorMethods } from './tensor-functions.ts';
import { overwrite } from '../../tracing/tensor-writes.ts';
import { callTraced, sizeOf } from '../../tracing/traced-call.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import { torchModuleWriter } from './slim-file/write-module.ts';
import type { OpenLibrary, PythonLibrary } from '../python-library.ts';
import { transformerModules } from './transformer-modules.ts';
import type { Machine, Arguments, ClassValue, InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';

export const torchLibrary: PythonLibrary = {
  framework: 'pytorch',
  mentions: /\b(torch|timm)\b/,
  modelWord: 'nn.Module',
  writer: torchModuleWriter,
  passive: {
    isBase: (words) => /^(torch\.)?nn\.Module$/.test(words),
    isDecorator: (words) => /^torch\.(no_grad\(\)|jit\.\w+)$/.test(words),
  },
  scaleSetting: 'affine',
  open: openTorch,
};

function openTorch(network: TracedNetwork): OpenLibrary {
  const base = baseModuleClass(network);
  const classes = moduleClasses(base, network);
  const parameter = parameterClass();
  const isLayer = (value: PyValue): value is InstanceValue =>
    value.kind === 'instance' && isSubclass(value.class, base);
  return {
    framework: 'pytorch',
    imageLayout: 'chw',
    inputArguments: (inputs) => ({ positional: inputs, keywords: new Map() }),
    layers: {
      isLayer,
      childrenOf: ({ attributes }) =>
        [...attributes].flatMap(([name, value]) => (isLayer(value) ? [[name, value] as const] : [])),
      separator: '.',
      runMethod: 'forward',
      layerOfKind: {
        convolution: '_ConvNd',
        'transposed-convolution': '_ConvNd',
        dense: 'Linear',
        'batch-norm': '_BatchNorm',
        'layer-norm': 'LayerNorm',
        'group-norm': 'GroupNorm',
      },
    },
    module: (machine, name) => frameworkModule({ machine, network, classes, parameterClass: parameter }, name),
    owns: ({ owner }) => owner === undefined,
    tensorAttribute: (machine, tensor, name, span) => tensorAttribute(network, machine, tensor, name, span),
    callInstance: (machine, instance, args, span) =>
      isLayer(instance) ? callModule(network, machine, instance, args, span) : undefined,
    instanceItem: (machine, instance, index, span) => containerItem(network, machine, instance, index, span),
  };
}

function moduleClasses(base: ClassValue, network: TracedNetwork): ReadonlyMap<string, ClassValue> {
  const classes = new Map<string, ClassValue>([['Module', base]]);
  const rows = [
    ...layerModules,
    ...plainModules,
    ...attentionModules,
    ...transformerModules,
    ...recurrentModules,
    ...recurrentCells,
    ...containerModules,
  ];
  for (const row of rows) {
    const made = moduleClass(row, classes.get(row.base ?? 'Module') ?? base, network);
    unshared(made).allNames = namesOfLayers;
    // Only layers with weights can be reset; source asks which ones can.
    if (layerModules.includes(row))
      unshared(made).attributes.set(
        'reset_parameters',
        builtin('reset_parameters', () => none, true),
      );
    if (recurrentModules.includes(row))
      unshared(made).attributes.set(
        'flatten_parameters',
        builtin('flatten_parameters', () => none, true),
      );
    if (containerModules.includes(row))
      for (const [name, method] of methodsOfContainer(row.name)) unshared(made).attributes.set(name, method);
    classes.set(row.name, made);
  }
  return classes;
}

/** Calls a module: its forward, with the module on the stack so that ops know whose they are. */
function callModule(
  network: TracedNetwork,
  machine: Machine,
  instance: InstanceValue,
  args: Arguments,
  span: SourceSpan,
): PyValue | undefined {
  const forward = instance.attributes.get('forward') ?? machine.method(instance, 'forward', span);
  if (forward === undefined) {
    const own = findMethod(instance.class, '__call__');
    return own ? undefined : machine.raise('NotImplementedError', `${instance.class.name} has no forward`, span);
  }
  network.moduleStack.push(instance);
  try {
    return machine.call(forward, args, span);
  } finally {
    network.moduleStack.pop();
  }
}

function tensorAttribute(
  network: TracedNetwork,
  machine: Machine,
  tensor: Extract<PyValue, { kind: 'tensor' }>,
  name: string,
  span: SourceSpan,
): PyValue | undefined {
  switch (name) {
    case 'shape':
      return sizeOf(tensor, span);
    case 'ndim':
      return int(tensor.shape.length);
    case 'dtype':
      return elementTypeOf(tensor.dtype);
    case 'device':
      return cpu;
    case 'is_cuda':
    case 'is_quantized':
    case 'is_sparse':
      return pyFalse;
    case 'requires_grad':
      if (tensor.own?.has(name) !== true && tensor.id !== undefined)
        return unknown('Whether a gradient flows here depends on how the model is used', span);
      return tensor.own?.get(name) ?? bool(tensor.parameter?.trainable === true);
    case 'T':
    case 'mT':
      return machine.callWith(methodOf(network, tensor, 'transpose') ?? none, span, int(-2), int(-1));
    case 'data':
    case 'real':
    case 'imag':
      return tensor;
    case 'grad':
      return none;
    default:
      return (
        tensor.own?.get(name) ??
        methodOf(network, tensor, name) ??
        (isNoneOfTorch(name) ? undefined : unknown(`The tensor method ${name} is not modelled`, span))
      );
  }
}

const hiddenInTorch: ReadonlySet<string> = new Set([
  '_backward_hooks',
  '_base',
  '_grad',
  '_indices',
  '_is_view',
  '_values',
  '_version',
]);

/** Whether only source can have given a tensor an attribute of this name. */
function isNoneOfTorch(name: string): boolean {
  return name.startsWith('_') && !name.startsWith('__') && !hiddenInTorch.has(name);
}

function methodOf(network: TracedNetwork, tensor: TensorValue, name: string): PyValue | undefined {
  const row = Object.hasOwn(tensorMethods, name) ? tensorMethods[name] : undefined;
  return (
    row &&
    builtin(name, (machine, args, span) => {
      const whole = { positional: [tensor, ...args.positional], keywords: args.keywords };
      const result = callTraced(machine, network, row, name, whole, span);
      return name.endsWith('_') ? overwrite(machine, tensor, result) : result;
    })
  );
}
