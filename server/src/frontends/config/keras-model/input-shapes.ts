// Which inputs a Keras model takes, and the sizes that it leaves open.

import { valueAt, type ConfigValue } from '../config-tree.ts';
import { classOf, configOf, isModel, layersOf, nameOf, tensorsIn, writtenShape } from './model-parts.ts';

/** What an image is taken to be high and wide, and a sequence long, where the file leaves it open. */
const usualImage = 224;
const usualLength = 128;
type OpenShape = readonly (number | undefined)[];

/** Shapes of the inputs without the batch; sizes that are open are undefined. */
export function inputShapes(model: ConfigValue): readonly OpenShape[] {
  const layers = layersOf(model);
  const inputs = layers.filter((layer) => classOf(layer) === 'InputLayer');
  if (inputs.length > 0) return inputsInOrder(model, inputs).flatMap((layer) => sizesOf(layer));
  const [first] = layers;
  if (first === undefined) return [];
  const own = sizesOf(first);
  if (own.length > 0) return own;
  const inner = isModel(first) ? inputShapes(first) : [];
  return inner.length > 0 ? inner : sizesOf(model);
}

/** As the model takes them, which need not be as they are listed. */
function inputsInOrder(model: ConfigValue, inputs: readonly ConfigValue[]): readonly ConfigValue[] {
  const named = tensorsIn(valueAt(configOf(model), 'input_layers')).map((key) => key.split(':')[0]);
  const found = named.flatMap((name) => inputs.find((layer) => nameOf(layer) === name) ?? []);
  return found.length > 0 ? found : inputs;
}

function sizesOf(layer: ConfigValue): readonly OpenShape[] {
  const shape = writtenShape(layer);
  return shape === undefined ? [] : [shape.slice(1)];
}

/** Sizes that the file leaves open as they usually are: those of an image, or the length of a sequence. */
export function assumedShapes(written: readonly OpenShape[]): readonly (readonly number[])[] {
  if (written.length === 0) return [[usualImage, usualImage, 3]];
  return written.map((shape) => {
    const isImage = shape.length === 3 || shape.length === 4;
    const isFirst = isImage && typeof shape[0] === 'number' && shape[0] <= 4 && shape.slice(1).includes(undefined);
    const channels = isFirst ? 0 : shape.length - 1;
    return shape.map((size, axis) => size ?? (!isImage ? usualLength : axis === channels ? 3 : usualImage));
  });
}
