// The parts of a Keras model as JSON writes them, in the form of Keras 3 or that of Keras 2 and TensorFlow.js: classes, configs,
// layers, and which tensors each call of a layer is given.

import type { Shape } from '../../../network/shape.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config-tree.ts';

export function classOf(value: ConfigValue | undefined): string {
  return textOf(valueAt(value, 'class_name')) ?? '';
}

export const isModel = (value: ConfigValue | undefined): value is ConfigValue =>
  ['Sequential', 'Functional', 'Model'].includes(classOf(value));

export function configOf(value: ConfigValue | undefined): ConfigValue | undefined {
  return valueAt(value, 'config');
}

/** Keras 1 wrote the layers of a sequential model as its config. */
export function layersOf(model: ConfigValue): readonly ConfigValue[] {
  const config = configOf(model);
  return config?.kind === 'list' ? config.items : itemsOf(valueAt(config, 'layers'));
}

/** The name of a layer in its model. */
export function nameOf(layer: ConfigValue): string {
  return textOf(valueAt(layer, 'name')) ?? textOf(valueAt(configOf(layer), 'name')) ?? classOf(layer).toLowerCase();
}

const shapeIn = (value: ConfigValue | undefined): readonly (number | undefined)[] | undefined =>
  value?.kind === 'list' && value.items.every((item) => item.kind === 'scalar') ? value.items.map(numberOf) : undefined;

/** The shape of an input, the batch first, as the file writes it. */
export function writtenShape(layer: ConfigValue): readonly (number | undefined)[] | undefined {
  const config = configOf(layer);
  return (
    shapeIn(valueAt(config, 'batch_shape')) ??
    shapeIn(valueAt(config, 'batch_input_shape')) ??
    shapeIn(valueAt(config, 'build_input_shape')) ??
    shapeIn(valueAt(valueAt(layer, 'build_config'), 'input_shape'))
  );
}

/** The sizes that a layer of Keras 3 is built with before it is called: its weights are made for them. */
export function builtSizes(layer: ConfigValue): readonly ConfigValue[] {
  const shape = valueAt(valueAt(layer, 'build_config'), 'input_shape');
  return shapeIn(shape) === undefined ? [] : itemsOf(shape);
}

/** Which output of which call of a layer: `conv1:0:0`. */
export type TensorKey = string;

const keyOf = (layer: string, call: number, output: number): TensorKey => [layer, call, output].join(':');

/** What one call of a layer is given. */
export interface GivenArguments {
  /** Tensors and numbers by place; what is neither is left out. */
  readonly positional: readonly (TensorKey | number)[];
  readonly named: ReadonlyMap<string, TensorKey | number>;
}

/** One call of a layer in a functional model. */
export interface LayerNode {
  readonly layer: ConfigValue;
  readonly name: string;
  readonly given: GivenArguments;
}

export const outputKey = (node: LayerNode, call: number, output: number): TensorKey => keyOf(node.name, call, output);

/** `["conv1", 0, 0]`, with a fourth item for named arguments in older files. */
function tripleOf(value: ConfigValue): TensorKey | undefined {
  if (value.kind !== 'list') return undefined;
  const [layer, call, output] = value.items;
  const [name, index, place] = [textOf(layer), numberOf(call), numberOf(output)];
  return name === undefined || index === undefined || place === undefined ? undefined : keyOf(name, index, place);
}

/** A tensor as Keras 3 writes it, or as older files do. */
function tensorOf(value: ConfigValue): TensorKey | undefined {
  if (value.kind === 'map') {
    const history = valueAt(configOf(value), 'keras_history');
    return history === undefined ? undefined : tripleOf(history);
  }
  return tripleOf(value);
}

/** All tensors in a value, whatever lists and maps they stand in. */
export function tensorsIn(value: ConfigValue | undefined): readonly TensorKey[] {
  if (value === undefined || value.kind === 'scalar') return [];
  const own = tensorOf(value);
  if (own !== undefined) return [own];
  const parts = value.kind === 'map' ? value.entries.map((entry) => entry.value) : value.items;
  return parts.flatMap(tensorsIn);
}

/** Arguments that change no shape and no cost. */
const unread = /mask|^training$|initial_state|^constants$/;

function namedArguments(value: ConfigValue | undefined): ReadonlyMap<string, TensorKey | number> {
  if (value?.kind !== 'map') return new Map();
  return new Map(
    value.entries.flatMap(({ key, value: given }): readonly (readonly [string, TensorKey | number])[] => {
      if (unread.test(key)) return [];
      const found = numberOf(given) ?? tensorOf(given);
      return found === undefined ? [] : [[key, found]];
    }),
  );
}

/** Lists of lists end at what has no tensors in it; files of a few levels are all there are. */
function argumentsOf(node: ConfigValue): GivenArguments {
  const given = valueAt(node, 'args');
  if (given !== undefined) {
    const positional = itemsOf(given).flatMap((item): readonly (TensorKey | number)[] => {
      const number = numberOf(item);
      return number === undefined ? tensorsIn(item) : [number];
    });
    const named = valueAt(node, 'kwargs');
    // Some layers are called with all they take by name.
    const inputs = positional.length > 0 ? [] : tensorsIn(valueAt(named, 'inputs'));
    return { positional: [...positional, ...inputs], named: namedArguments(named) };
  }
  const triples = tripleOf(node) === undefined ? itemsOf(node) : [node];
  const positional = triples.flatMap((triple) => tripleOf(triple) ?? []);
  const [first] = triples;
  return { positional, named: namedArguments(itemsOf(first)[3]) };
}

/** The calls of a functional model's layers. A layer that is called twice has two. */
export function nodesOf(model: ConfigValue): readonly LayerNode[] {
  return layersOf(model).flatMap((layer): readonly LayerNode[] => {
    const name = nameOf(layer);
    return itemsOf(valueAt(layer, 'inbound_nodes')).map((node) => ({ layer, name, given: argumentsOf(node) }));
  });
}

/** Shapes of tensors as the calls that take them state them: what a layer gives that is not understood. */
export function statedShapes(model: ConfigValue): ReadonlyMap<TensorKey, Shape> {
  const found = new Map<TensorKey, Shape>();
  const visit = (value: ConfigValue): void => {
    if (value.kind === 'scalar') return;
    if (value.kind === 'list') {
      value.items.forEach(visit);
      return;
    }
    const key = tensorOf(value);
    const shape = key === undefined ? undefined : shapeIn(valueAt(configOf(value), 'shape'));
    if (key === undefined || shape === undefined) return;
    found.set(
      key,
      shape.map(
        (size, axis) =>
          size ?? (axis === 0 ? 1 : { kind: 'unknown', reason: 'the file leaves this size open', span: value.span }),
      ),
    );
  };
  for (const layer of layersOf(model))
    for (const node of itemsOf(valueAt(layer, 'inbound_nodes'))) visit(valueAt(node, 'args') ?? node);
  return found;
}
