// The settings of one layer as values. A malformed value is reported and remembered: a layer made from it would show wrong
// numbers, so it becomes opaque instead.

import type { Problem, Severity } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { Initializer } from '../../network/op.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import { numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import { valuesAt } from '../config/protobuf-text.ts';
import type { LayerDefinition } from './layer-definition.ts';

/** Sizes above this are slips of the pen: no blob of Caffe can have them. */
const largestSize = 2 ** 31 - 1;

/** Settings of the oldest notation that are spelled otherwise today. */
const oldestNames: ReadonlyMap<string, string> = new Map([
  ['bias_term', 'biasterm'],
  ['kernel_size', 'kernelsize'],
  ['crop_size', 'cropsize'],
  ['mean_file', 'meanfile'],
]);

export class LayerSettings {
  readonly #layer: LayerDefinition;
  readonly #report: (problem: Problem) => void;
  #malformed: string | undefined;

  constructor(layer: LayerDefinition, report: (problem: Problem) => void) {
    this.#layer = layer;
    this.#report = report;
  }

  /** The first malformed setting that was asked for, as a reason; undefined while all were good. */
  get malformed(): string | undefined {
    return this.#malformed;
  }

  problem(code: string, severity: Severity, message: string, span: SourceSpan = this.#layer.span): void {
    this.#report({ code, severity, message, span });
  }

  /** Every value of a setting, such as `convolution_param` and `kernel_size`. */
  values(group: string, key: string): readonly ConfigValue[] {
    const { body, oldest } = this.#layer;
    if (oldest !== undefined) return valuesAt(oldest, oldestNames.get(key) ?? key);
    return valuesAt(valueAt(body, group), key);
  }

  /** The one value of a setting. Caffe stops at a second. */
  value(group: string, key: string): ConfigValue | undefined {
    const [first, second] = this.values(group, key);
    if (first !== undefined && second !== undefined)
      this.#refuse(second, `${key} of ${this.#layer.name} is set twice, at which Caffe stops; remove one of them`);
    return first;
  }

  has(group: string, key: string): boolean {
    return this.values(group, key).length > 0;
  }

  spanOf(group: string, key: string): SourceSpan {
    return this.values(group, key)[0]?.span ?? this.#layer.span;
  }

  /** A whole number of at least `minimum`; the fallback is Caffe's own. */
  integer(group: string, key: string, fallback: number, minimum: number): number {
    const value = this.value(group, key);
    return value === undefined ? fallback : (this.#integerOf(value, key, minimum) ?? fallback);
  }

  /** Whole numbers of a setting that may be repeated. */
  integers(group: string, key: string, minimum: number): readonly number[] {
    return this.values(group, key).flatMap((value) => this.#integerOf(value, key, minimum) ?? []);
  }

  decimal(group: string, key: string, fallback: number): number {
    const value = this.value(group, key);
    if (value === undefined) return fallback;
    const number = numberOf(value);
    if (number !== undefined && Number.isFinite(number)) return number;
    this.#refuse(value, `${key} of ${this.#layer.name} must be a number`);
    return fallback;
  }

  flag(group: string, key: string, fallback: boolean): boolean {
    const value = this.value(group, key);
    if (value === undefined) return fallback;
    const plain = value.kind === 'scalar' ? value.value : undefined;
    if (plain === true || plain === 1 || plain === 't') return true;
    if (plain === false || plain === 0 || plain === 'f') return false;
    this.#refuse(value, `${key} of ${this.#layer.name} must be true or false`);
    return fallback;
  }

  /** One of several words; the first of them is Caffe's default. Enums may be written as their number. */
  word(group: string, key: string, words: readonly string[]): string {
    const value = this.value(group, key);
    const [fallback = ''] = words;
    if (value === undefined) return fallback;
    const word = textOf(value) ?? words[numberOf(value) ?? -1];
    if (word !== undefined && words.includes(word)) return word;
    this.#refuse(value, `${key} of ${this.#layer.name} must be ${words.join(' or ')}`);
    return fallback;
  }

  /** A layer's width; undefined after a report where it says none. */
  width(group: string, key = 'num_output'): { readonly value: number; readonly origin: WidthOrigin } | undefined {
    const value = this.value(group, key);
    if (value === undefined) {
      const place = this.#layer.oldest === undefined ? `${group} { ${key}: 64 }` : `${key}: 64`;
      this.#missing(`${this.#layer.name} does not say how many outputs it has; add for example ${place}`);
      return undefined;
    }
    const size = this.#integerOf(value, key, 1);
    if (size === undefined) return undefined;
    return { value: size, origin: { kind: 'config', value: size, span: value.span, key } };
  }

  /** How training starts a weight; undefined where nothing is said that is known. */
  filler(group: string, key: string): Initializer | undefined {
    const filler = this.values(group, key)[0];
    const number = (name: string, fallback: number): number => numberOf(valueAt(filler, name)) ?? fallback;
    const fan = fans.get(textOf(valueAt(filler, 'variance_norm')) ?? '') ?? 'in';
    switch (textOf(valueAt(filler, 'type'))) {
      case 'constant':
        return { kind: 'constant', value: number('value', 0) };
      case 'gaussian':
        return { kind: 'normal', mean: number('mean', 0), deviation: number('std', 1) };
      case 'uniform':
        return number('min', 0) === -number('max', 1) ? { kind: 'uniform', bound: number('max', 1) } : undefined;
      case 'xavier':
        return { kind: 'variance-scaling', scale: 1, fan, distribution: 'uniform' };
      case 'msra':
        return { kind: 'variance-scaling', scale: 2, fan, distribution: 'normal' };
      default:
        return undefined;
    }
  }

  /** Says what a layer lacks; it becomes opaque. */
  #missing(message: string): void {
    this.#malformed ??= message;
    this.problem('caffe-missing-setting', 'error', message);
  }

  #integerOf(value: ConfigValue, key: string, minimum: number): number | undefined {
    const number = numberOf(value);
    if (number !== undefined && Number.isInteger(number) && number >= minimum && number <= largestSize) return number;
    this.#refuse(value, `${key} of ${this.#layer.name} must be a whole number of at least ${String(minimum)}`);
    return undefined;
  }

  #refuse(value: ConfigValue, message: string): void {
    const found =
      value.kind === 'scalar' && !message.includes(';') ? `, but there is ${JSON.stringify(value.value)}` : '';
    this.#malformed ??= message + found;
    this.problem('caffe-setting-value', 'error', message + found, value.span);
  }
}

const fans: ReadonlyMap<string, 'in' | 'out' | 'average'> = new Map([
  ['FAN_IN', 'in'],
  ['FAN_OUT', 'out'],
  ['AVERAGE', 'average'],
]);
