// A module of the package as a row calls it.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ValueId } from '../../../network/op.ts';
import { Misfit, type ModuleBuilder } from '../../shared/module-builder.ts';
import { fixed, written, type Width } from '../../shared/traced-width.ts';

/** What a row writes: a number with its place, a word, a list, or nothing. */
export type Argument =
  | { readonly kind: 'number'; readonly value: number; readonly span: SourceSpan }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'list'; readonly value: readonly Argument[] }
  | { readonly kind: 'none' };

/** A row that is being read. Arguments are those of the row, without the channels that the package puts in front. */
export interface RowCall {
  readonly build: ModuleBuilder;
  readonly inputs: readonly ValueId[];
  readonly arguments: readonly Argument[];
  /** The row's output width at the model's scale, where its first argument is one. */
  readonly width: Width;
  /** How often what the module repeats is there, at the model's scale. */
  readonly repeats: number;
  readonly span: SourceSpan;
  readonly model: ModelSettings;
  /** Anchors a level, where the row is given the table's: heads of YOLOv5 are. */
  readonly anchors?: number | undefined;
  /** Names a copy of a module in a row of several. */
  readonly part: string;
}

/** What the whole table says. */
export interface ModelSettings {
  readonly scale: string;
  readonly widthFactor: number;
  readonly mostChannels: number;
  readonly regMax: number;
  readonly isEndToEnd: boolean;
  readonly keypoints: readonly number[];
  /** Whether the head is of the older kind: no newer module was met. */
  readonly isLegacy: boolean;
  /** Whether the table is of YOLOv5's own program: its head takes anchors. */
  readonly isVersion5: boolean;
}

/** What a module gives: one tensor, or a list of them for the modules that take one of it. */
export type ModuleOutput = ValueId | readonly ValueId[];

export type Module = (call: RowCall) => ModuleOutput;

export function inputOf({ inputs }: RowCall): ValueId {
  const [input] = inputs;
  if (input === undefined) throw new Misfit('the row takes no input');
  return input;
}

export function numberAt({ arguments: given }: RowCall, index: number, fallback: number): number {
  const argument = given[index];
  if (argument?.kind === 'number') return argument.value;
  if (argument?.kind === 'flag') return argument.value ? 1 : 0;
  if (argument === undefined || argument.kind === 'none') return fallback;
  throw new Misfit(`argument ${String(index + 1)} is no number`);
}

export function flagAt({ arguments: given }: RowCall, index: number, fallback: boolean): boolean {
  const argument = given[index];
  if (argument?.kind === 'flag') return argument.value;
  if (argument?.kind === 'number') return argument.value !== 0;
  return argument === undefined || argument.kind === 'none' ? fallback : true;
}

/** A number of the row that is a width by itself. */
export function widthAt({ arguments: given }: RowCall, index: number, fallback: number): Width {
  const argument = given[index];
  return argument?.kind === 'number'
    ? written(argument.value, argument.span, `argument ${String(index + 1)}`)
    : fixed(fallback);
}

/** The name of a part inside the copy of the module that is being built. */
export function within(call: RowCall, part: string): string {
  return call.part === '' ? part : part === '' ? call.part : `${call.part}.${part}`;
}
