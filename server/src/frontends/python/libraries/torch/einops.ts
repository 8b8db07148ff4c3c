// einops: `rearrange`, `reduce` and `repeat` as what they are made of: a reshape, a permutation, a reduction, a reshape.
// Patterns as the library documents them (einops.rocks/api): axes by name, groups in parentheses, `...`, and ones.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { binary } from '../../evaluator/operators.ts';
import { dict, int, list, string, unknown } from '../../evaluator/values.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { dimensionValue, fn, giveUp, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { Machine, InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { integerOf } from '../../evaluator/numbers.ts';

/** The axes of one side of a pattern: each entry is a dimension, which several axes may share. */
type Side = readonly (readonly string[])[];

/** What a pattern can't mean. The library raises it as an exception of its own. */
class PatternError extends Error {}

/** `...` by itself is so many dimensions, in parentheses it is one. */
const [ellipsis, grouped] = ['...', '(...)'];
const isEllipsis = (axis: string): boolean => axis === ellipsis || axis === grouped;

/** Reads one side: `b (h p) ... 1` is [[b], [h, p], [...], []]. */
function parseSide(text: string, side = ''): Side {
  const groups: string[][] = [];
  let open: string[] | undefined;
  for (const [place, written] of (text.match(/\(|\)|\.\.\.|[^\s().]+/g) ?? []).entries()) {
    // Two axes that are given by their size alone are not the same one.
    const token = /^\d+$/.test(written) && written !== '1' ? `${written}#${side}${String(place)}` : written;
    if (token === '(') {
      if (open !== undefined) throw new PatternError('Parentheses of a pattern are not nested');
      open = [];
    } else if (token === ')') {
      if (open === undefined) throw new PatternError('A parenthesis of the pattern is not opened');
      groups.push(open);
      open = undefined;
    } else if (token === '1') {
      if (open === undefined) groups.push([]);
    } else if (open === undefined) groups.push([token]);
    else open.push(token === ellipsis ? grouped : token);
  }
  if (open !== undefined) throw new PatternError('A parenthesis of the pattern is not closed');
  return groups;
}

/** Puts as many axes in the place of `...` as the tensor has beyond the named ones. */
function withoutEllipsis(side: Side, count: number): Side {
  return side.flatMap((group): Side => {
    const place = group.findIndex(isEllipsis);
    if (place === -1) return [group];
    const axes = Array.from({ length: count }, (_, axis) => `${ellipsis}${String(axis)}`);
    return group[place] === ellipsis ? axes.map((axis) => [axis]) : [group.toSpliced(place, 1, ...axes)];
  });
}

/** The two sides of a pattern, for a tensor of this many dimensions. */
function parsePattern(pattern: string, rank: number): { readonly before: Side; readonly after: Side } {
  const [left, right, ...rest] = pattern.split('->');
  if (left === undefined || right === undefined || rest.length > 0)
    throw new PatternError(`The pattern "${pattern}" does not have the form "before -> after"`);
  const before = parseSide(left, 'before');
  const count = rank - (before.some((group) => group.some(isEllipsis)) ? before.length - 1 : before.length);
  if (count < 0 || (count > 0 && !before.some((group) => group.some(isEllipsis))))
    throw new PatternError(
      `The pattern "${pattern}" is for ${String(before.length)} dimensions, the tensor has ${String(rank)}`,
    );
  return { before: withoutEllipsis(before, count), after: withoutEllipsis(parseSide(right, 'after'), count) };
}

/** Sizes of axes, each with its trail: what the call gives, and what follows from the tensor. */
class AxisSizes {
  readonly #machine: Machine;
  readonly #span: SourceSpan;
  readonly #sizes: Map<string, PyValue>;

  constructor({ machine, span }: TracedCall, given: Iterable<readonly [string, PyValue]>) {
    this.#machine = machine;
    this.#span = span;
    this.#sizes = new Map(given);
  }

  /** Learns the axes of a dimension from its size. At most one of them may not be given. */
  learn(group: readonly string[], size: PyValue): void {
    const open = group.filter((axis) => this.#find(axis) === undefined);
    const [axis] = open;
    if (open.length > 1) throw new PatternError(`The sizes of ${open.join(' and ')} can not be told apart`);
    const rest = this.product(group.filter((each) => each !== axis));
    const [whole, part] = [integerOf(size), integerOf(rest)];
    if (whole === undefined || part === undefined) {
      if (axis !== undefined)
        this.#sizes.set(axis, group.length === 1 ? size : unknown('The size of this axis is not known', this.#span));
      return;
    }
    if (axis === undefined ? whole !== part : part === 0 || whole % part !== 0)
      throw new PatternError(
        `A dimension of ${String(whole)} is not ${group.join(' × ')}, where ${String(part)} is given`,
      );
    if (axis !== undefined)
      this.#sizes.set(axis, group.length === 1 ? size : binary(this.#machine, '//', size, rest, this.#span));
  }

  /** The size of a dimension that these axes share; 1 for none. */
  product(group: readonly string[]): PyValue {
    const [first, ...rest] = group.map((axis) => this.size(axis));
    return first === undefined
      ? int(1)
      : rest.reduce((total, size) => binary(this.#machine, '*', total, size, this.#span), first);
  }

  size(axis: string): PyValue {
    const size = this.#find(axis);
    if (size === undefined) throw new PatternError(`The size of ${axis} is not given`);
    return size;
  }

  /** An axis may be a number itself. */
  #find(axis: string): PyValue | undefined {
    return this.#sizes.get(axis) ?? (/^\d+#/.test(axis) ? int(parseInt(axis, 10)) : undefined);
  }
}

/** Runs a method of a tensor; what is no tensor stays what it is. */
function apply({ machine, span }: TracedCall, tensor: PyValue, method: string, ...args: readonly PyValue[]): PyValue {
  return tensor.kind === 'tensor' ? machine.callWith(machine.attribute(tensor, method, span), span, ...args) : tensor;
}

/** One tensor; a list of tensors is one with a new first dimension. */
function tensorOf(call: TracedCall, value: PyValue): PyValue {
  if (value.kind !== 'list' && value.kind !== 'tuple') return value;
  const stack = call.machine.library.module(call.machine, 'torch')?.names.get('stack');
  return stack === undefined ? value : call.machine.callWith(stack, call.span, list(value.items));
}

interface Transformation {
  readonly pattern: string;
  /** Null: only axes of size 1 may vanish. */
  readonly reduction: string | null;
  readonly sizes: Iterable<readonly [string, PyValue]>;
}

/** Takes dimensions apart, reduces and orders axes, adds new ones, and joins them to the wanted dimensions. */
function transform(call: TracedCall, tensor: TensorValue, { pattern, reduction, sizes }: Transformation): PyValue {
  const { before, after } = parsePattern(pattern, tensor.shape.length);
  const known = new AxisSizes(call, sizes);
  for (const [axis, group] of before.entries()) known.learn(group, dimensionValue(tensor, axis, call.span));
  const source = before.flat();
  const wanted = after.flat();
  let result: PyValue = tensor;
  if (before.some((group) => group.length !== 1))
    result = apply(call, result, 'reshape', ...source.map((axis) => known.size(axis)));
  const lost = source.filter((axis) => !wanted.includes(axis));
  if (lost.length > 0) {
    if (reduction === null) throw new PatternError(`${lost.join(' and ')} of "${pattern}" would be lost`);
    const axes = lost.map((axis) => int(source.indexOf(axis)));
    result = apply(call, result, reduction, reduction === 'prod' && axes[0] ? axes[0] : { kind: 'tuple', items: axes });
  }
  const kept = source.filter((axis) => wanted.includes(axis));
  const order = wanted.filter((axis) => kept.includes(axis));
  if (order.some((axis, place) => axis !== kept[place]))
    result = apply(call, result, 'permute', ...order.map((axis) => int(kept.indexOf(axis))));
  if (order.length < wanted.length) {
    const ones = wanted.map((axis) => (kept.includes(axis) ? known.size(axis) : int(1)));
    result = apply(call, result, 'reshape', ...ones);
    result = apply(call, result, 'expand', ...wanted.map((axis) => known.size(axis)));
  }
  if (after.some((group) => group.length !== 1))
    result = apply(call, result, 'reshape', ...after.map((group) => known.product(group)));
  return result;
}

const sizesOf = (value: PyValue): readonly (readonly [string, PyValue])[] =>
  value.kind === 'dict'
    ? [...value.entries.values()].flatMap(({ key, value: size }) =>
        key.kind === 'string' ? [[key.value, size] as const] : [],
      )
    : [];

/** A call of the library: what its pattern can't mean is raised, what is not known is said. */
function rearranged(
  call: TracedCall,
  value: PyValue,
  pattern: PyValue,
  sizes: PyValue,
  reduction: string | null = null,
): PyValue {
  const tensor = tensorOf(call, value);
  if (tensor.kind !== 'tensor') return giveUp(call, `${call.label} is given something that is no known tensor`);
  if (pattern.kind !== 'string') return giveUp(call, 'The pattern is not known');
  try {
    return transform(call, tensor, { pattern: pattern.value, reduction, sizes: sizesOf(sizes) });
  } catch (error) {
    if (error instanceof PatternError) return call.machine.raise('EinopsError', error.message, call.span);
    throw error;
  }
}

/** The tensor method of a reduction's name; a function of the user's is not followed. */
function reductionOf(value: PyValue): string | undefined {
  return value.kind === 'string' && /^(mean|sum|max|min|prod|any|all)$/.test(value.value)
    ? value.value.replace(/^(max|min)$/, 'a$1')
    : undefined;
}

function reduced(call: TracedCall, value: PyValue, pattern: PyValue, by: PyValue, sizes: PyValue): PyValue {
  const reduction = reductionOf(by);
  return reduction === undefined
    ? giveUp(call, 'A reduction by a function of its own is not followed')
    : rearranged(call, value, pattern, sizes, reduction);
}

/** `parse_shape(x, 'b c _ w')`: the sizes by name. */
function parsedShape(call: TracedCall): PyValue {
  const tensor = call.args.value('x');
  const pattern = call.args.value('pattern');
  if (tensor.kind !== 'tensor' || pattern.kind !== 'string') return giveUp(call, 'This shape is not known');
  const names = parseSide(pattern.value).map(([name]) => name ?? '_');
  return dict(
    names.flatMap((name, axis) =>
      name === '_' ? [] : [[string(name), dimensionValue(tensor, axis, call.span)] as const],
    ),
  );
}

/** The functions of `einops`. `einsum` takes names where PyTorch's takes letters. */
export const einopsFunctions: Readonly<Record<string, TracedFunction>> = {
  rearrange: fn('tensor pattern **sizes', (call) =>
    rearranged(call, call.args.value('tensor'), call.args.value('pattern'), call.args.value('sizes')),
  ),
  repeat: fn('tensor pattern **sizes', (call) =>
    rearranged(call, call.args.value('tensor'), call.args.value('pattern'), call.args.value('sizes')),
  ),
  reduce: fn('tensor pattern reduction **sizes', (call) => {
    const { args } = call;
    return reduced(call, args.value('tensor'), args.value('pattern'), args.value('reduction'), args.value('sizes'));
  }),
  parse_shape: fn('x pattern', parsedShape),
  einsum: fn('*arguments', (call) => {
    const values = call.args.value('arguments');
    const items = values.kind === 'tuple' ? values.items : [];
    const formula = items.at(-1);
    const torch = call.machine.library.module(call.machine, 'torch')?.names.get('einsum');
    if (formula?.kind !== 'string' || torch === undefined) return giveUp(call, 'This einsum is not known');
    const letters = new Map<string, string>();
    const lettered = formula.value.replace(/[A-Za-z_]\w*/g, (name) => {
      if (!letters.has(name)) letters.set(name, String.fromCharCode(97 + letters.size));
      return letters.get(name) ?? '';
    });
    return call.machine.callWith(torch, call.span, string(lettered.replace(/ /g, '')), ...items.slice(0, -1));
  }),
};

const attributeOf = (self: InstanceValue, name: string): PyValue => self.attributes.get(name) ?? dict();

/** `einops.layers.torch`: the same as modules. */
export const einopsModules: readonly ModuleRow[] = [
  {
    name: 'Rearrange',
    parameters: 'pattern **axes_lengths',
    construct: (self, args, machine) => keepArguments(machine, self, args, 'pattern axes_lengths'),
    forward: (self, call) =>
      rearranged(call, call.args.value('input'), attributeOf(self, 'pattern'), attributeOf(self, 'axes_lengths')),
  },
  {
    name: 'Reduce',
    parameters: 'pattern reduction **axes_lengths',
    construct: (self, args, machine) => keepArguments(machine, self, args, 'pattern reduction axes_lengths'),
    forward: (self, call) =>
      reduced(
        call,
        call.args.value('input'),
        attributeOf(self, 'pattern'),
        attributeOf(self, 'reduction'),
        attributeOf(self, 'axes_lengths'),
      ),
  },
];
