// The size of images that a model is made for, where it says so itself: in the arguments that it is made with, in their defaults,
// and in what it keeps of them, such as timm's default configuration.

import type { InstanceValue, PyValue } from '../evaluator/machine.ts';
import { integerOf } from '../evaluator/numbers.ts';
import { keyOf, string } from '../evaluator/values.ts';
import type { Expression } from '../syntax/ast.ts';
import { constructorOf, type Definitions } from './definitions.ts';

/** Parameters and attributes that hold the height and width of images. */
const sizeNames = /^(image_?size|img_?size|in_size|(input|img|image)_resolution|imsize|crop_size)$/i;
/** Those that hold them only where they are more than one number: of a recurrent layer it is the number of features. */
const shapeNames = /^(input_?size|input_?shape|in_shape|resolution)$/i;
const channelNames = /^(in_channels|in_chans|in_ch|input_channels|num_channels|img_channels|image_channels|channels)$/i;
/** Images have no more channels than the bands of a satellite; what has more is something inside. */
const mostChannels = 16;

/** `[3, 384, 384]`: what the numbers that a model names by such names come to. */
function shapeOf(named: Iterable<readonly [string, readonly number[]]>): readonly number[] | undefined {
  let size: readonly number[] | undefined;
  let channels: number | undefined;
  for (const [name, numbers] of named) {
    if (numbers.length === 0 || !numbers.every((number) => Number.isInteger(number) && number > 0)) continue;
    if (sizeNames.test(name) || (shapeNames.test(name) && numbers.length > 1)) size ??= numbers;
    else if (channelNames.test(name) && numbers.length === 1) channels ??= numbers[0];
  }
  if (size === undefined || size.length > 3) return undefined;
  const [height = 0, width = height] = size.slice(-2);
  const stated = size.length === 3 ? size[0] : channels;
  return [stated !== undefined && stated <= mostChannels ? stated : 3, height, width];
}

/** The image that an entry's arguments tell of, or the defaults of what makes it. */
export function statedByArguments(entry: string, definitions: Definitions): readonly number[] | undefined {
  const definition = definitions.get(/^\w+/.exec(entry)?.[0] ?? '');
  const maker = definition?.kind === 'class' ? constructorOf(definition, definitions) : definition;
  const given = [...entry.matchAll(/(?<=[(,]\s*)(\w+)=(\d+|[([][\d, ]+[)\]])(?=[,)])/g)].map(
    ([, name = '', numbers = '']) => [name, (numbers.match(/\d+/g) ?? []).map(Number)] as const,
  );
  const defaults = (maker?.parameters ?? []).map(
    ({ name, default: value }) => [name, value ? numbersIn(value) : []] as const,
  );
  return shapeOf([...given, ...defaults]);
}

function numbersIn(value: Expression): readonly number[] {
  const parts = value.kind === 'tuple' || value.kind === 'list' ? value.elements : [value];
  return parts.map((part) => (part.kind === 'number' ? part.value : NaN));
}

/** The image that a model keeps the size of. */
export function statedByModel({ attributes }: InstanceValue): readonly number[] | undefined {
  for (const name of ['pretrained_cfg', 'default_cfg']) {
    const config = attributes.get(name);
    const own =
      config?.kind === 'dict'
        ? config.entries.get(keyOf(string('input_size')))?.value
        : config?.kind === 'instance'
          ? config.attributes.get('input_size')
          : undefined;
    const shape = own && shapeOf([['input_size', integersOf(own)]]);
    if (shape) return shape;
  }
  return shapeOf([...attributes].map(([name, value]) => [name, integersOf(value)] as const));
}

function integersOf(value: PyValue): readonly number[] {
  const parts = value.kind === 'tuple' || value.kind === 'list' ? value.items : [value];
  return parts.map((part) => integerOf(part) ?? NaN);
}
