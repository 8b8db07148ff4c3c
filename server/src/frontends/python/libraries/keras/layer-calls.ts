// Calling layers: on symbolic tensors a call is noted, so that a functional model can be run again; a layer is built at its
// first call.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { findMethod, nativeClass } from '../../evaluator/classes.ts';
import { builtin, list, none, pyTrue, string, tuple } from '../../evaluator/values.ts';
import type {
  Arguments,
  ClassValue,
  InstanceValue,
  ListValue,
  Machine,
  PyValue,
  TensorValue,
} from '../../evaluator/machine.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { LayerNames } from './layer-names.ts';
import {
  isSymbolic,
  madeByCall,
  mapArguments,
  plain,
  shapeValue,
  tensorsGiven,
  tensorsOf,
} from './symbolic-tensors.ts';

/** What one evaluation's Keras consists of. */
export interface KerasParts {
  readonly network: TracedNetwork;
  readonly names: LayerNames;
  readonly layerClass: ClassValue;
  readonly operationClass: ClassValue;
  /** Layers whose call on symbolic tensors could not be followed, each as a tuple of the layer and what it was given. */
  readonly lostCalls: ListValue;
  /** Where channels stand in layers that do not say so. */
  usualDataFormat(): 'channels_last' | 'channels_first';
}

/** Calls a layer, model or operation. */
export function callLayer(
  parts: KerasParts,
  machine: Machine,
  layer: InstanceValue,
  args: Arguments,
  span: SourceSpan,
): PyValue {
  if (!tensorsGiven(args).some(isSymbolic)) return runLayer(parts, machine, layer, args, span);
  const result = runLayer(parts, machine, layer, mapArguments(args, plain), span);
  if (result.kind === 'unknown')
    machine.change(parts.lostCalls).items.push(tuple([layer, tuple(tensorsGiven(args).filter(isSymbolic))]));
  const made = madeByCall(machine, layer, args, result, span);
  const attributes = machine.change(layer).attributes;
  if (!layer.attributes.has('<input>')) {
    attributes.set('<input>', args.positional[0] ?? none);
    attributes.set('<output>', made);
  }
  return made;
}

function runLayer(
  parts: KerasParts,
  machine: Machine,
  layer: InstanceValue,
  args: Arguments,
  span: SourceSpan,
): PyValue {
  build(machine, layer, args, span);
  parts.network.nameWithin(layer, layerName(layer));
  const run = machine.method(layer, 'call', span);
  if (run === undefined) return machine.raise('NotImplementedError', `${layer.class.name} has no call`, span);
  parts.network.moduleStack.push(layer);
  try {
    return machine.call(run, accepted(run, args), span);
  } finally {
    parts.network.moduleStack.pop();
  }
}

/** Keras gives `training` and `mask` to those only that take them. */
function accepted(run: PyValue, args: Arguments): Arguments {
  if (run.kind !== 'bound-method' || run.function.kind !== 'function') return args;
  const { parameters } = run.function;
  if (parameters.some(({ kind }) => kind === 'dictionary-splat')) return args;
  const keywords = new Map(
    [...args.keywords].filter(
      ([name]) => !/^(training|mask)$/.test(name) || parameters.some((parameter) => parameter.name === name),
    ),
  );
  return { positional: args.positional, keywords };
}

/** Runs the source's own `build` once, with the shape of the first argument. */
function build(machine: Machine, layer: InstanceValue, args: Arguments, span: SourceSpan): void {
  const built = layer.attributes.get('built');
  if (built?.kind === 'bool' && built.value) return;
  const own = findMethod(layer.class, 'build');
  if (own?.kind === 'function') {
    const first = args.positional[0] ?? [...args.keywords.values()][0] ?? none;
    const tensors = tensorsOf(first);
    const shape =
      first.kind === 'tensor' ? shapeValue(first) : list(tensors.map((tensor: TensorValue) => shapeValue(tensor)));
    machine.callWith({ kind: 'bound-method', self: layer, function: own }, span, shape);
  }
  keepWeights(machine, layer);
  machine.change(layer).attributes.set('built', pyTrue);
}

/** Where a layer keeps a weight that it was given a name for; no Python text can use the key. */
export const weightKey = (name: string): string => `<weight ${name}>`;

/** Weights that the source keeps as attributes are known by these; others by the names that they were given. */
function keepWeights(machine: Machine, layer: InstanceValue): void {
  const attributes = machine.change(layer).attributes;
  for (const [key, value] of [...layer.attributes]) {
    const name = /^<weight (.*)>$/.exec(key)?.[1];
    if (name === undefined) continue;
    const isKept = [...layer.attributes].some(([other, held]) => other !== key && held === value);
    attributes.delete(key);
    if (!isKept) attributes.set(name, value);
  }
}

function layerName({ attributes, class: type }: InstanceValue): string {
  const name = attributes.get('name');
  return name?.kind === 'string' ? name.value : type.name;
}

/** What an operation does; no Python text can use the name. */
const ownRun = '<run>';

/** The class of operations that are no layers. */
export function operationClass(): ClassValue {
  const call = builtin(
    'call',
    (machine, { positional: [self, ...positional], keywords }, span) =>
      machine.call(
        (self?.kind === 'instance' ? self.attributes.get(ownRun) : undefined) ?? none,
        { positional, keywords },
        span,
      ),
    true,
  );
  return nativeClass('Operation', [], [['call', call]]);
}

/**
 * Runs a function on symbolic tensors as an operation of its own, which is named and noted like a layer; on other tensors as
 * it is.
 */
export function callOperation(
  { names, operationClass: base }: KerasParts,
  machine: Machine,
  className: string,
  args: Arguments,
  span: SourceSpan,
  run: (args: Arguments) => PyValue,
): PyValue {
  if (!tensorsGiven(args).some(isSymbolic)) return run(args);
  const type = nativeClass(className, [base]);
  const operation: InstanceValue = {
    kind: 'instance',
    class: type,
    site: { span, callChain: [...machine.callStack] },
    attributes: new Map<string, PyValue>([
      ['name', string(names.next(machine, className))],
      [ownRun, builtin(className, (_, given) => run(given))],
    ]),
  };
  return madeByCall(machine, operation, args, run(mapArguments(args, plain)), span);
}
