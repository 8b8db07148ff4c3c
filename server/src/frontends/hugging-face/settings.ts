// The settings of a `config.json` of Hugging Face's transformers: what the file writes, or the library's default.

import type { SourceSpan } from '../../common/source-span.ts';
import type { ActivationFunction } from '../../network/op.ts';
import { valueAt, type ConfigValue } from '../config/config-tree.ts';
import { Misfit } from '../shared/module-builder.ts';
import { fixed, written, type Width } from '../shared/traced-width.ts';

/** A number with the line that writes it. */
export interface Setting extends Width {
  readonly span: SourceSpan;
}

/** Longest list of stages or blocks; more are a slip of the pen. */
const mostItems = 1_000;

/** transformers.activations.ACT2FN. */
const activations: ReadonlyMap<string, ActivationFunction> = new Map<string, ActivationFunction>([
  ['gelu', 'gelu'],
  ['gelu_fast', 'gelu-tanh'],
  ['gelu_new', 'gelu-tanh'],
  ['gelu_pytorch_tanh', 'gelu-tanh'],
  ['hardswish', 'hard-swish'],
  ['leaky_relu', 'leaky-relu'],
  ['mish', 'mish'],
  ['relu', 'relu'],
  ['relu6', 'relu6'],
  ['sigmoid', 'sigmoid'],
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['tanh', 'tanh'],
]);

export class Settings {
  readonly #root: ConfigValue;
  /** Where things stand that no line writes. */
  readonly span: SourceSpan;

  constructor(root: ConfigValue, span: SourceSpan) {
    this.#root = root;
    this.span = span;
  }

  /** A number; `lowest` is the least that makes sense. */
  number(key: string, usual: number, lowest = 0): Setting {
    const value = valueAt(this.#root, key);
    if (value === undefined || (value.kind === 'scalar' && value.value === null))
      return { ...fixed(usual, `the library’s default of ${key}`), span: this.span };
    if (value.kind !== 'scalar' || typeof value.value !== 'number') throw new Misfit(`"${key}" is no number`);
    if (value.value < lowest) throw new Misfit(`"${key}" is ${String(value.value)}; the least is ${String(lowest)}`);
    return { ...written(value.value, value.span, key), span: value.span };
  }

  /** A width or a count. */
  whole(key: string, usual: number): Setting {
    const setting = this.number(key, usual, 1);
    if (!Number.isInteger(setting.value)) throw new Misfit(`"${key}" is no whole number`);
    return setting;
  }

  /** A list of widths or counts. */
  list(key: string, usual: readonly number[], lowest = 1): readonly Setting[] {
    const value = valueAt(this.#root, key);
    if (value === undefined)
      return usual.map((number) => ({ ...fixed(number, `the library’s default of ${key}`), span: this.span }));
    if (value.kind !== 'list') throw new Misfit(`"${key}" is no list`);
    if (value.items.length > mostItems)
      throw new Misfit(`"${key}" has more than ${mostItems.toLocaleString('en')} items`);
    return value.items.map((item) => {
      if (
        item.kind !== 'scalar' ||
        typeof item.value !== 'number' ||
        !Number.isInteger(item.value) ||
        item.value < lowest
      )
        throw new Misfit(`"${key}" holds something that is no whole number from ${String(lowest)} on`);
      return { ...written(item.value, item.span, key), span: item.span };
    });
  }

  flag(key: string, usual: boolean): boolean {
    const value = valueAt(this.#root, key);
    return value?.kind === 'scalar' && typeof value.value === 'boolean' ? value.value : usual;
  }

  text(key: string, usual: string): string {
    const value = valueAt(this.#root, key);
    return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : usual;
  }

  /** Height and width: one number for both, or a pair. */
  size(key: string, usual: number): readonly [number, number] {
    const value = valueAt(this.#root, key);
    if (value?.kind !== 'list') {
      const { value: both } = this.whole(key, usual);
      return [both, both];
    }
    const [height, width, ...more] = this.list(key, []);
    if (height === undefined || width === undefined || more.length > 0)
      throw new Misfit(`"${key}" is neither a number nor a pair`);
    return [height.value, width.value];
  }

  isWritten(key: string): boolean {
    return valueAt(this.#root, key) !== undefined;
  }

  activation(key: string, usual: string): ActivationFunction {
    const name = this.text(key, usual);
    const found = activations.get(name);
    if (found === undefined) throw new Misfit(`the activation "${name}" is not modelled`);
    return found;
  }

  /** How many classes a classifier tells apart: of two keys, as the library looks for them. */
  labels(): Setting {
    if (this.isWritten('num_labels')) return this.number('num_labels', 2);
    const names = valueAt(this.#root, 'id2label');
    if (names?.kind !== 'map') return { ...fixed(2, 'the library’s default of num_labels'), span: this.span };
    return { ...fixed(names.entries.length, 'as many classes as id2label names'), span: names.span };
  }
}

/** Of two lists that belong together, each pair. */
export function pairs(
  widths: readonly Setting[],
  depths: readonly Setting[],
): readonly { readonly width: Setting; readonly depth: number }[] {
  if (widths.length !== depths.length || widths.length === 0)
    throw new Misfit(`${String(widths.length)} widths and ${String(depths.length)} depths of stages do not fit`);
  return widths.map((width, i) => ({ width, depth: depths[i]?.value ?? 0 }));
}
