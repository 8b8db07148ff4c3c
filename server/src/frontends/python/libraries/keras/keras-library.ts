// Keras as a library of the Python frontend, with what of TensorFlow its models use.

import { isSubclass, nativeClass } from '../../evaluator/classes.ts';
import { builtin, int, list, none, string, unknown } from '../../evaluator/values.ts';
import type { ClassValue, InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { OpenLibrary, PythonLibrary } from '../python-library.ts';
import { GraphMode } from './graph-mode/graph-mode.ts';
import {
  callFunctionModel,
  functionModel,
  functionModelClass,
  isGraphModel,
  placeholderModel,
} from './graph-mode/graph-models.ts';
import { graphNames, type GraphNames } from './graph-mode/graph-modules.ts';
import { placeholderFunction } from './graph-mode/placeholders.ts';
import { callLayer, callOperation, operationClass, type KerasParts } from './layer-calls.ts';
import { baseLayerClass, nameOf, tableClasses } from './layer-classes.ts';
import { LayerNames } from './layer-names.ts';
import { graphOf, inputTensor, layersOf, lostLayers, modelClasses, statedInputs } from './model-classes.ts';
import { initializers, kerasModule, tensorFlowOperations, type KerasNames } from './namespaces.ts';
import { layerOfKind } from './row-calls.ts';
import { isSymbolic, shapeValue } from './symbolic-tensors.ts';
import { kerasModuleWriter } from './slim-file.ts';
import { wrapperClasses } from './wrapper-layers.ts';

export const kerasLibrary: PythonLibrary = {
  framework: 'keras',
  kin: ['tf-slim'],
  mentions: /\b(keras|tensorflow|keras_core|tf_keras|tf_slim)\b/,
  modelWord: 'keras.Model',
  writer: kerasModuleWriter,
  scaleSetting: 'scale',
  open: openKeras,
};

function openKeras(network: TracedNetwork): OpenLibrary {
  let dataFormat: 'channels_last' | 'channels_first' = 'channels_last';
  const layerClass = baseLayerClass(() => parts);
  const parts: KerasParts = {
    network,
    names: new LayerNames(),
    layerClass,
    operationClass: operationClass(),
    lostCalls: list([]),
    usualDataFormat: () => dataFormat,
  };
  const inputLayer = inputLayerClass(layerClass);
  const models = modelClasses(parts, inputLayer);
  const tables = tableClasses(parts);
  const layers = new Map<string, ClassValue>([
    ['Layer', layerClass],
    ['InputLayer', inputLayer],
    ...tables,
    ...wrapperClasses(parts, tables),
  ]);
  const graph = new GraphMode(parts, layers);
  const functionClass = functionModelClass(layerClass);
  const placeholder = placeholderFunction(parts, inputLayer);
  let graphs: GraphNames | undefined;
  const names: KerasNames = {
    parts,
    layers,
    models,
    input: builtin('Input', (machine, args, span) => inputTensor(parts, machine, inputLayer, args, span)),
    graph: () =>
      (graphs ??= graphNames(graph, layers, placeholder, new Map(initializers()), tensorFlowOperations(parts))),
    setDataFormat: (format) => {
      dataFormat = format;
    },
  };
  const isLayer = (value: PyValue): value is InstanceValue =>
    value.kind === 'instance' && (isSubclass(value.class, layerClass) || isSubclass(value.class, parts.operationClass));
  return {
    framework: 'keras',
    imageLayout: 'hwc',
    inputArguments: (inputs) => ({ positional: inputs.length === 1 ? inputs : [list(inputs)], keywords: new Map() }),
    layers: {
      isLayer,
      childrenOf: (layer) => childrenOf(parts, isLayer, layer),
      separator: '/',
      runMethod: 'call',
      layerOfKind,
    },
    module: (machine, name) => kerasModule(names, machine, name),
    owns: ({ owner }) => owner === 'keras',
    tensorAttribute: (_, tensor, name, span) => tensorAttribute(tensor, name, span),
    callInstance: (machine, instance, args, span) => {
      if (instance.class === functionClass) return callFunctionModel(machine, instance, args, span);
      return isLayer(instance) ? callLayer(parts, machine, instance, args, span) : undefined;
    },
    modelOf: (machine, value, span) =>
      functionModel(functionClass, value, span) ??
      placeholderModel(parts, models.get('Model') ?? layerClass, machine, value, span),
    frameworkOf: (model) => (isGraphModel(functionClass, model) ? 'tf-slim' : 'keras'),
    instanceItem: () => undefined,
    operation: (machine, operator, args, span, run) =>
      callOperation(
        parts,
        machine,
        operationNames[operator] ?? 'Operation',
        { positional: args, keywords: new Map() },
        span,
        (given) => run(given.positional),
      ),
    countAnew: (machine) => {
      parts.names.clear(machine);
      machine.change(parts.lostCalls).items.length = 0;
      graph.clear(machine);
    },
    statedInputs: (model) => statedInputs(parts, model),
  };

  function inputLayerClass(base: ClassValue): ClassValue {
    return nativeClass('InputLayer', [base], [], (machine, args, span) => {
      const tensor = inputTensor(parts, machine, inputLayer, args, span);
      return tensor.kind === 'tensor' ? layerOfInput(tensor) : tensor;
    });
  }
}

/** The class names of Keras's own operations for the operators of the language. */
const operationNames: Readonly<Record<string, string>> = {
  '+': 'Add',
  '-': 'Subtract',
  '*': 'Multiply',
  '/': 'TrueDivide',
  '//': 'FloorDivide',
  '%': 'Mod',
  '**': 'Power',
  '@': 'Matmul',
  '==': 'Equal',
  '!=': 'NotEqual',
  '<': 'Less',
  '<=': 'LessEqual',
  '>': 'Greater',
  '>=': 'GreaterEqual',
  '[]': 'GetItem',
};

function layerOfInput(tensor: TensorValue): PyValue {
  const node = tensor.own?.get('<made by>');
  return (node?.kind === 'instance' ? node.attributes.get('operation') : undefined) ?? none;
}

/** The layers that a layer holds, by their own names: those that a model lists, or those among the attributes. */
function childrenOf(
  parts: KerasParts,
  isLayer: (value: PyValue) => value is InstanceValue,
  layer: InstanceValue,
): readonly (readonly [string, InstanceValue])[] {
  const found = new Set<InstanceValue>(graphOf(layer)?.operations ?? layersOf(parts, layer));
  for (const { layer: lost } of lostLayers(layer)) found.add(lost);
  const visit = (value: PyValue, depth: number): void => {
    if (isLayer(value)) found.add(value);
    else if (depth < 4 && (value.kind === 'list' || value.kind === 'tuple'))
      for (const item of value.items) visit(item, depth + 1);
    else if (depth < 4 && value.kind === 'dict')
      for (const entry of value.entries.values()) visit(entry.value, depth + 1);
  };
  for (const [name, value] of layer.attributes) if (!name.startsWith('<')) visit(value, 0);
  return [...found].map((child) => [nameOf(child), child]);
}

/** What a symbolic tensor, or one that flows through a model, answers when source asks it. */
function tensorAttribute(
  tensor: TensorValue,
  name: string,
  span: Parameters<OpenLibrary['tensorAttribute']>[3],
): PyValue | undefined {
  switch (name) {
    case 'shape':
    case '_keras_shape':
    case '_shape_val':
    case '_shape':
      return shapeValue(tensor);
    case 'get_shape':
      return builtin(name, () => shapeValue(tensor));
    case 'dtype':
      return string(tensor.dtype ?? 'float32');
    case 'ndim':
      return int(tensor.shape.length);
    case 'name':
      return string('keras_tensor');
    case 'node':
    case '_keras_history':
      return isSymbolic(tensor) ? unknown('How this tensor came about is not told', span) : undefined;
    default:
      return tensor.own?.get(name);
  }
}
