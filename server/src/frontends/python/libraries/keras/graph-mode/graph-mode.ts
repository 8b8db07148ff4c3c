// What programs of TensorFlow 1 build a graph with: scopes, collections, and layers that are made where they are called.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import { dict, keyOf, list, string } from '../../../evaluator/values.ts';
import type { ClassValue, DictValue, Machine, PyValue, TensorValue } from '../../../evaluator/machine.ts';
import { callLayer, type KerasParts } from '../layer-calls.ts';
import { tensorsOf } from '../symbolic-tensors.ts';
import { ArgumentScopes } from './argument-scopes.ts';
import { VariableScopes } from './variable-scopes.ts';

/** One layer to be: its class, the scope that names it, and its settings by Keras's names. */
export interface LayerToCall {
  readonly className: string;
  readonly name: string;
  readonly settings: Iterable<readonly [string, PyValue]>;
  readonly input: PyValue;
  readonly span: SourceSpan;
}

export class GraphMode {
  readonly scopes = new VariableScopes();
  readonly argumentScopes = new ArgumentScopes();
  /** Tensors by collection and name: what slim calls end points. */
  readonly #collections: DictValue = dict();
  readonly #layers: ReadonlyMap<string, ClassValue>;
  readonly parts: KerasParts;

  constructor(parts: KerasParts, layers: ReadonlyMap<string, ClassValue>) {
    this.parts = parts;
    this.#layers = layers;
  }

  /** What follows is a graph of its own. */
  clear(machine: Machine): void {
    this.scopes.clear(machine);
    this.argumentScopes.clear(machine);
    machine.change(this.#collections).entries.clear();
  }

  /** Makes a layer of Keras's table and calls it; it has the variables that its scope has already. */
  callLayer(machine: Machine, { className, name, settings, input, span }: LayerToCall): PyValue {
    if (input.kind === 'unknown') {
      machine.loseTrack(input.reason, input.span);
      return input;
    }
    const type = this.#layers.get(className);
    if (type === undefined) throw new Error(`There is no layer ${className}`);
    const keywords = new Map<string, PyValue>([...settings, ['name', string(name)]]);
    const layer = machine.call(type, { positional: [], keywords }, span);
    if (layer.kind !== 'instance') return layer;
    for (const [own, variable] of this.scopes.variablesOf(name)) machine.change(layer).attributes.set(own, variable);
    const result = callLayer(this.parts, machine, layer, { positional: [asTensors(input)], keywords: new Map() }, span);
    for (const [own, value] of layer.attributes)
      if (value.kind === 'tensor' && value.parameter) this.scopes.keepVariable(machine, `${name}/${own}`, value);
    return result;
  }

  /** Notes an output under its layer's name, where the call names collections. */
  collect(machine: Machine, collections: PyValue, name: string, output: PyValue): PyValue {
    const named = collections.kind === 'list' || collections.kind === 'tuple' ? collections.items : [collections];
    for (const collection of named) {
      if (collection.kind !== 'string') continue;
      const known = this.collected(collection);
      machine.change(known).entries.set(keyOf(string(name)), { key: string(name), value: output });
      machine.change(this.#collections).entries.set(keyOf(collection), { key: collection, value: known });
    }
    return output;
  }

  /** The outputs of a collection by name. */
  collected(collection: PyValue): DictValue {
    const known = this.#collections.entries.get(keyOf(collection))?.value;
    return known?.kind === 'dict' ? known : dict();
  }
}

function asTensors(input: PyValue): PyValue {
  if (input.kind === 'tensor') return input;
  const tensors: readonly TensorValue[] = tensorsOf(input);
  return tensors.length > 0 ? list(tensors) : input;
}
