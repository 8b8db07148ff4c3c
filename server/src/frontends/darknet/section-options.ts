// Options of one section as values. A malformed value is reported and remembered: a layer made from it would show
// wrong numbers, so it becomes opaque instead.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import type { Option, Section } from './section.ts';

export class SectionOptions {
  readonly #section: Section;
  readonly #byKey: ReadonlyMap<string, Option>;
  readonly #report: (problem: Problem) => void;
  #malformed: string | undefined;

  constructor(section: Section, report: (problem: Problem) => void) {
    this.#section = section;
    this.#report = report;
    const byKey = new Map<string, Option>();
    for (const option of section.options) {
      const first = byKey.get(option.key);
      // Darknet takes the first of two.
      if (first === undefined) byKey.set(option.key, option);
      else {
        report({
          code: 'darknet-repeated-option',
          severity: 'warning',
          message: `${option.key} is set twice in [${section.type}]; the first value, ${first.value}, counts. Remove one of them.`,
          span: option.keySpan,
          related: [{ span: first.keySpan, message: 'First set here' }],
        });
      }
    }
    this.#byKey = byKey;
  }

  /** The first malformed option that was asked for, as a reason; undefined while all were good. */
  get malformed(): string | undefined {
    return this.#malformed;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  spanOf(key: string): SourceSpan {
    return this.#byKey.get(key)?.valueSpan ?? this.#section.span;
  }

  text(key: string, fallback: string): string {
    return this.#byKey.get(key)?.value ?? fallback;
  }

  /** A whole number of at least `minimum`; the fallback is Darknet's own. */
  integer(key: string, fallback: number, minimum: number): number {
    const option = this.#byKey.get(key);
    if (option === undefined) return fallback;
    const value = /^[+-]?\d{1,9}$/.test(option.value) ? Number(option.value) : Number.NaN;
    return value >= minimum ? value : this.#refuse(option, `a whole number of at least ${String(minimum)}`, fallback);
  }

  /** Any number. */
  decimal(key: string, fallback: number): number {
    const option = this.#byKey.get(key);
    if (option === undefined) return fallback;
    const value = option.value === '' ? Number.NaN : Number(option.value);
    return Number.isFinite(value) ? value : this.#refuse(option, 'a number', fallback);
  }

  /** 0 or 1. */
  flag(key: string): boolean {
    return this.integer(key, 0, 0) !== 0;
  }

  /** Whole numbers separated by commas; absent is undefined. */
  integers(key: string): readonly number[] | undefined {
    const option = this.#byKey.get(key);
    if (option === undefined) return undefined;
    const parts = option.value.split(',').map((part) => part.trim());
    if (parts.at(-1) === '') parts.pop();
    if (parts.length > 0 && parts.every((part) => /^[+-]?\d{1,9}$/.test(part))) return parts.map(Number);
    this.#refuse(option, 'a list of whole numbers such as -1, 8', undefined);
    return undefined;
  }

  /** The trail of a width: the digits in the file, or that it is Darknet's default. `value` is what `integer` gave. */
  width(key: string, value: number): WidthOrigin {
    const option = this.#byKey.get(key);
    if (option !== undefined) return { kind: 'config', value, span: option.valueSpan, key };
    const reason = `[${this.#section.type}] does not set ${key}, so Darknet takes ${String(value)}; write ${key}=${String(value)} to change it`;
    return { kind: 'untraced', value, reason, span: this.#section.span };
  }

  #refuse<T>(option: Option, expected: string, fallback: T): T {
    const found = option.value === '' ? 'nothing' : `"${option.value}"`;
    const message = `${option.key} of [${this.#section.type}] must be ${expected}, but there is ${found}`;
    this.#malformed ??= message;
    const span = option.value === '' ? option.keySpan : option.valueSpan;
    this.#report({ code: 'darknet-option-value', severity: 'error', message, span });
    return fallback;
  }
}
