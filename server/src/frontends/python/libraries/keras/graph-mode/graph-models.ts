// What a model is in TensorFlow 1: a function from tensors to tensors, or the tensors that a program made of its placeholders.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import { nativeClass } from '../../../evaluator/classes.ts';
import { list, none, string, tuple } from '../../../evaluator/values.ts';
import type {
  Arguments,
  ClassValue,
  InstanceValue,
  Machine,
  PyValue,
  TensorValue,
} from '../../../evaluator/machine.ts';
import { functionalGraph } from '../functional-graph.ts';
import type { KerasParts } from '../layer-calls.ts';
import { isSymbolic, nodeOf, tensorsGiven, tensorsOf } from '../symbolic-tensors.ts';

/** Where a model keeps the function that it is; no Python text can use the name. */
const functionKey = '<function>';
/** Set on models that are made of placeholders. */
const fromGraph = '<from a graph>';

/** The class of models that are functions. */
export function functionModelClass(layerClass: ClassValue): ClassValue {
  return nativeClass('GraphFunction', [layerClass]);
}

/** A function, or what holds one, as a model. */
export function functionModel(type: ClassValue, value: PyValue, span: SourceSpan): InstanceValue | undefined {
  const isCallable =
    value.kind === 'function' || value.kind === 'builtin' || value.kind === 'partial' || value.kind === 'bound-method';
  if (!isCallable) return undefined;
  return {
    kind: 'instance',
    class: type,
    site: { span, callChain: [] },
    attributes: new Map<string, PyValue>([
      ['name', string('model')],
      [functionKey, value],
    ]),
  };
}

/** Calls such a model. What it gives beside its output, as end points, is no output of the network. */
export function callFunctionModel(machine: Machine, model: InstanceValue, args: Arguments, span: SourceSpan): PyValue {
  const result = machine.call(model.attributes.get(functionKey) ?? none, args, span);
  return outputOf(result);
}

/** The tensors of a result without the dictionaries of end points beside them. */
function outputOf(result: PyValue): PyValue {
  if (result.kind !== 'tuple' && result.kind !== 'list') return result;
  const tensors = result.items.filter((item) => item.kind !== 'dict');
  if (tensors.length === result.items.length || tensorsOf(tuple(tensors)).length === 0) return result;
  return tensors.length === 1 ? (tensors[0] ?? none) : tuple(tensors);
}

/** The model between a program's placeholders and the tensors that it keeps. */
export function placeholderModel(
  parts: KerasParts,
  modelClass: ClassValue,
  machine: Machine,
  value: PyValue,
  span: SourceSpan,
): InstanceValue | undefined {
  const outputs = outputOf(value);
  const symbolic = tensorsOf(outputs).filter(isSymbolic);
  if (symbolic.length === 0) return undefined;
  const inputs = functionalGraph([], list(symbolic)).calls.flatMap((node): readonly TensorValue[] =>
    tensorsGiven(node.args).length === 0 && nodeOf(tensorsOf(node.result)[0] ?? noTensor) !== undefined
      ? tensorsOf(node.result)
      : [],
  );
  if (inputs.length === 0) return undefined;
  const ends = [inputs.length === 1 ? (inputs[0] ?? none) : list(inputs), outputs];
  const model = machine.call(modelClass, { positional: ends, keywords: new Map() }, span);
  if (model.kind !== 'instance') return undefined;
  machine.change(model).attributes.set(fromGraph, parts.layerClass);
  return model;
}

const noTensor: TensorValue = { kind: 'tensor', shape: [] };

/** Whether a model was written in TensorFlow 1's way. */
export function isGraphModel(type: ClassValue, model: InstanceValue): boolean {
  return model.class === type || model.attributes.has(fromGraph);
}
