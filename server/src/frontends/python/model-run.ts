// A model that was made, run on the tensors that its entry gives it: the network that this traces.

import type { SourceSpan } from '../../common/source-span.ts';
import type { Framework, ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import { isUsual } from './discovery/input-shapes.ts';
import { statedByModel } from './discovery/stated-sizes.ts';
import { failureOf } from './evaluation-failure.ts';
import type { InstanceValue, Machine, PyValue, TensorValue } from './evaluator/machine.ts';
import { findMethod } from './evaluator/classes.ts';
import { PythonError } from './evaluator/python-error.ts';
import { pyFalse } from './evaluator/values.ts';
import type { OpenLibrary } from './libraries/python-library.ts';
import type { TracedNetwork } from './tracing/traced-network.ts';

/** Calls a model on its inputs. What ends the call early is reported, and the network stays what was seen of it. */
export function runModel(
  machine: Machine,
  network: TracedNetwork,
  owner: OpenLibrary,
  model: InstanceValue,
  entry: ModelEntry,
): NetworkGraph {
  network.nameModules(model);
  // Modules are made for training, and are counted as they are used.
  for (const module of network.names.keys())
    if (module.attributes.has('training')) machine.change(module).attributes.set('training', pyFalse);
  for (const module of network.names.keys()) leaveTraining(machine, module, entry.span);
  [network.firstWeight, network.secondWeight] = firstWeights(model);
  network.inputNames = inputNames(machine, owner, model, entry.span);
  const told = withStatedInputs(entry, owner, model);
  const { input } = told;
  const site = { span: input.span ?? entry.span, callChain: [] };
  const isLast = owner.imageLayout === 'hwc';
  const inputs = input.shapes.map((shape, i) =>
    network.input(
      [1, ...shape],
      site,
      input.shapes.length === 1 ? 'input' : `input${String(i)}`,
      isLast ? owner.framework : undefined,
      isLast && shape.length > 1 ? -1 : undefined,
    ),
  );
  let outputs: number[] = [];
  try {
    const result = machine.call(model, owner.inputArguments(inputs), entry.span);
    outputs = tensorsIn(result).map((tensor) => network.idOf(machine, tensor, entry.span));
    if (result.kind === 'unknown') machine.loseTrack(result.reason, result.span);
  } catch (error) {
    const failure = failureOf(error, entry.span);
    machine.report({ ...failure, message: failure.message.replace('Building', 'Running') });
    machine.loseTrack(failure.message, failure.span ?? entry.span);
  }
  return finish(machine, network, owner.frameworkOf?.(model) ?? owner.framework, told, outputs);
}

/** A module whose class changes it as it goes from training to use is changed. */
function leaveTraining(machine: Machine, module: InstanceValue, span: SourceSpan): void {
  const train = findMethod(module.class, 'train');
  if (train?.kind !== 'function') return;
  try {
    machine.call(train, { positional: [module, pyFalse], keywords: new Map() }, span);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    machine.report(failureOf(error, span));
  }
}

/** The sizes of the first two weights with a side for their input, in the order in which a model makes its parts. */
function firstWeights(model: InstanceValue): readonly (readonly number[])[] {
  const seen = new Set<PyValue>();
  const found: (readonly number[])[] = [];
  const find = (value: PyValue): void => {
    if (value.kind === 'tensor') {
      const sizes = value.shape.filter((size) => typeof size === 'number');
      if (value.parameter?.role === 'weight' && sizes.length > 1 && sizes.length === value.shape.length)
        found.push(sizes);
      return;
    }
    if (value.kind !== 'instance' || seen.has(value) || seen.size > mostParts) return;
    seen.add(value);
    for (const inner of [...value.attributes.values(), ...(value.items ?? [])]) {
      if (found.length > 1) return;
      find(inner);
    }
  };
  find(model);
  return found;
}

/** A weight that is not among so many parts is not looked for. */
const mostParts = 200;

/** What is assumed of a size that a model leaves open: the side of ImageNet's images. */
const usualSide = 224;

/**
 * The entry with the inputs that the model itself says it takes, where nobody outside the file says otherwise. Images that are
 * only assumed are laid out as the framework has them.
 */
function withStatedInputs(entry: ModelEntry, owner: OpenLibrary, model: InstanceValue): ModelEntry {
  const { input } = entry;
  if (input.from !== 'default' && input.from !== 'call') return entry;
  const stated = owner.statedInputs?.(model);
  if (stated) {
    const isOpen = stated.shapes.some((shape) => shape.includes(undefined));
    const shapes = stated.shapes.map((shape) => shape.map((size) => size ?? usualSide));
    return { ...entry, input: { shapes, from: isOpen ? 'default' : 'call', span: stated.span } };
  }
  if (input.from !== 'default') return entry;
  if (owner.imageLayout === 'chw') {
    const shape = isUsual(input.shapes) ? statedByModel(model) : undefined;
    return shape ? { ...entry, input: { ...input, shapes: [shape] } } : entry;
  }
  const shapes = input.shapes.map((shape) => (shape.length > 2 ? [...shape.slice(1), ...shape.slice(0, 1)] : shape));
  return { ...entry, input: { ...input, shapes } };
}

/** What a model has to be given, by name. */
function inputNames(
  machine: Machine,
  { layers }: OpenLibrary,
  model: InstanceValue,
  span: SourceSpan,
): readonly string[] {
  const run = machine.method(model, layers.runMethod, span);
  if (run?.kind !== 'bound-method' || run.function.kind !== 'function') return [];
  const { parameters, defaults } = run.function;
  return parameters
    .slice(1)
    .filter(({ name, kind }) => kind === 'positional' && !defaults.has(name))
    .map(({ name }) => name);
}

function finish(
  machine: Machine,
  network: TracedNetwork,
  framework: Framework,
  entry: ModelEntry,
  outputs: readonly number[],
): NetworkGraph {
  for (const part of machine.lostParts) network.builder.addUnknown(part);
  network.addIdleLayers();
  return network.builder.build(framework, entry, outputs);
}

/** The tensors of a result: alone, in sequences, in dictionaries. */
function tensorsIn(value: PyValue): readonly TensorValue[] {
  const found: TensorValue[] = [];
  const seen = new Set<PyValue>();
  const visit = (item: PyValue, depth: number): void => {
    if (item.kind === 'tensor') found.push(item);
    if (depth > 10 || seen.has(item)) return;
    seen.add(item);
    if (item.kind === 'list' || item.kind === 'tuple') for (const each of item.items) visit(each, depth + 1);
    else if (item.kind === 'dict' || item.kind === 'partial-dict')
      for (const each of item.entries.values()) visit(each.value, depth + 1);
    else if (item.kind === 'instance') for (const each of item.attributes.values()) visit(each, depth + 1);
  };
  visit(value, 0);
  return found;
}
