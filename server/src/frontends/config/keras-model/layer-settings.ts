// The settings of a layer as JSON writes them, under the defaults of the Keras family's layer table.

import type { Initializer, ParameterRole } from '../../../network/op.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config-tree.ts';
import { initializerOf, initializerSetting, usualKerasInitializer } from '../../shared/keras-layers/initializers.ts';
import type { LayerSettings } from '../../shared/keras-layers/keras-layer.ts';

/** A setting that is not written. */
type Plain = string | number | boolean | null;

/** `filters strides=1 padding=valid`: names with their defaults. */
function defaultsOf(parameters: string): ReadonlyMap<string, Plain> {
  return new Map(
    parameters.split(' ').flatMap((parameter): readonly (readonly [string, Plain])[] => {
      const [name = '', text] = parameter.split('=');
      if (text === undefined) return [];
      if (text === 'None') return [[name, null]];
      if (text === 'True' || text === 'False') return [[name, text === 'True']];
      const number = Number(text);
      return [[name, Number.isNaN(number) ? text : number]];
    }),
  );
}

export function layerSettings(config: ConfigValue | undefined, parameters: string): LayerSettings {
  const defaults = defaultsOf(parameters);
  const plain = (name: string): Plain | undefined => {
    const value = valueAt(config, name);
    if (value?.kind === 'scalar') return value.value;
    // A list of one stands for its element: the axis of a batch norm.
    if (value?.kind === 'list' && value.items.length === 1) return numberOf(value.items[0]);
    // Newer files write functions with their kind, and their name as the config.
    if (value?.kind === 'map')
      return textOf(valueAt(value, 'class_name')) === 'function' ? textOf(valueAt(value, 'config')) : undefined;
    return value === undefined ? defaults.get(name) : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = plain(name);
    return typeof value === 'number' ? value : undefined;
  };
  return {
    isNone: (name) => plain(name) === null,
    integer: (name) => {
      const value = number(name);
      return value !== undefined && Number.isInteger(value) ? value : undefined;
    },
    integers: (name, count) => {
      const listed = itemsOf(valueAt(config, name)).flatMap((item) => numberOf(item) ?? []);
      // Of no particular count, any will do.
      if (listed.length > 0 && (count === 0 || listed.length === count)) return listed;
      const one = number(name);
      return one === undefined ? undefined : Array.from({ length: Math.max(1, count) }, () => one);
    },
    sizes: (name) => {
      const value = valueAt(config, name);
      if (value?.kind === 'list') return value.items.map((item) => numberOf(item));
      const one = number(name);
      return one === undefined ? undefined : [one];
    },
    number,
    text: (name) => {
      const value = plain(name);
      return typeof value === 'string' ? value : undefined;
    },
    flag: (name) => plain(name) === true || plain(name) === 1,
    pairs: (name, count) => {
      const value = valueAt(config, name);
      const one = numberOf(value);
      if (one !== undefined) return Array.from({ length: count }, () => [one, one] as const);
      const items = value?.kind === 'list' ? value.items : [];
      const isFlat = count === 1 && items.length === 2 && items.every((item) => item.kind === 'scalar');
      const pairs = (isFlat && value !== undefined ? [value] : items).flatMap(
        (item): readonly (readonly [number, number])[] => {
          const both = numberOf(item);
          if (both !== undefined) return [[both, both]];
          const [before, after] = itemsOf(item).map(numberOf);
          return before === undefined || after === undefined ? [] : [[before, after]];
        },
      );
      return pairs.length === count ? pairs : undefined;
    },
    origin: (name) => {
      const value = valueAt(config, name);
      const written = numberOf(value);
      if (value === undefined || written === undefined) return undefined;
      if (value.kind === 'scalar' && value.origin !== undefined) return value.origin;
      return { kind: 'config', value: written, span: value.span, key: name };
    },
  };
}

/** How a weight starts; undefined where every framework does the same. */
export function startOf(config: ConfigValue | undefined, weight: string, role: ParameterRole): Initializer | undefined {
  // Scales of batch normalisations start by the reference's rule: see `usualInitializer`.
  if (role === 'scale' || role === 'running-mean' || role === 'running-variance') return undefined;
  const written = valueAt(config, initializerSetting(weight));
  const name = textOf(written) ?? textOf(valueAt(written, 'class_name'));
  const rule = name === undefined ? undefined : initializerOf(name);
  const settings = valueAt(written, 'config');
  const number = (setting: string): number | undefined => numberOf(valueAt(settings, setting));
  if (name?.toLowerCase() === 'constant') return { kind: 'constant', value: number('value') ?? 0 };
  switch (rule?.kind) {
    case 'normal':
      return { ...rule, mean: number('mean') ?? rule.mean, deviation: number('stddev') ?? rule.deviation };
    case 'uniform':
      return { ...rule, bound: number('maxval') ?? rule.bound };
    case 'variance-scaling': {
      const fan = fans[textOf(valueAt(settings, 'mode')) ?? ''] ?? rule.fan;
      const isUniform = textOf(valueAt(settings, 'distribution')) === 'uniform';
      return {
        ...rule,
        scale: number('scale') ?? rule.scale,
        fan,
        distribution: isUniform ? 'uniform' : rule.distribution,
      };
    }
    default:
      return rule ?? usualKerasInitializer(role);
  }
}

const fans: Readonly<Record<string, 'in' | 'out' | 'average'>> = { fan_in: 'in', fan_out: 'out', fan_avg: 'average' };
