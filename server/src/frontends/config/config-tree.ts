// Config files as trees of keys and values with their places, whichever notation they are written in. What is too deep or too
// large is cut off with a problem; nothing here knows what a key means.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';

export type ConfigValue = ConfigMap | ConfigList | ConfigScalar;

export interface ConfigEntry {
  readonly key: string;
  readonly keySpan: SourceSpan;
  readonly value: ConfigValue;
}

export interface ConfigMap {
  readonly kind: 'map';
  readonly entries: readonly ConfigEntry[];
  readonly span: SourceSpan;
}

export interface ConfigList {
  readonly kind: 'list';
  readonly items: readonly ConfigValue[];
  readonly span: SourceSpan;
}

export interface ConfigScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly span: SourceSpan;
  /** The trail of a number that a program computes; without one it stands at its place as it is. */
  readonly origin?: WidthOrigin;
}

export interface ConfigText {
  /** Undefined where nothing could be read. */
  readonly root: ConfigValue | undefined;
  readonly problems: readonly Problem[];
}

/** Values in values, and values of one file, aliases counted as often as they are used. */
export const deepestConfig = 100;
export const mostConfigValues = 100_000;

/** The value under a key; of two the first. */
export function valueAt(value: ConfigValue | undefined, key: string): ConfigValue | undefined {
  return value?.kind === 'map' ? value.entries.find((entry) => entry.key === key)?.value : undefined;
}

export function itemsOf(value: ConfigValue | undefined): readonly ConfigValue[] {
  return value?.kind === 'list' ? value.items : [];
}

export function numberOf(value: ConfigValue | undefined): number | undefined {
  return value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : undefined;
}

export function textOf(value: ConfigValue | undefined): string | undefined {
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
