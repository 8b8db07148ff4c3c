// Products of tensors: matmul and its kin, einsum, attention. One row each.

import type { Dimension } from '../../../network/shape.ts';
import { binary } from '../evaluator/operators.ts';
import { none, tuple } from '../evaluator/values.ts';
import { BoundArguments } from './signature.ts';
import { axisOf, fn, giveUp, type TracedCall, type TracedFunction } from './traced-call.ts';
import type { PyValue, TensorValue } from '../evaluator/machine.ts';

const notATensor = 'This is given something that is no known tensor';

/** One matrix product. */
function product(call: TracedCall, left: PyValue, right: PyValue, label = 'matmul'): PyValue {
  if (left.kind !== 'tensor' || right.kind !== 'tensor') return giveUp(call, notATensor);
  return call.network.emit(call.machine, {
    label,
    attributes: { kind: 'matmul' },
    inputs: [left, right],
    span: call.span,
  });
}

function matmul(call: TracedCall): PyValue {
  return product(call, call.args.value('input'), call.args.value('other'), call.label);
}

/** Sums over the last axis of both. */
function innerProduct(call: TracedCall): PyValue {
  const other = call.args.tensor('other');
  if (other === undefined || other.shape.length > 2) return giveUp(call, 'This inner product is not followed');
  const right = other.shape.length === 2 ? transposed(call, other) : other;
  return product(call, call.args.value('input'), right, call.label);
}

function sum(call: TracedCall, left: PyValue, right: PyValue): PyValue {
  if (left.kind !== 'tensor' || right.kind !== 'tensor') return giveUp(call, notATensor);
  return call.network.emit(call.machine, {
    label: 'add',
    attributes: { kind: 'elementwise', operator: 'add' },
    inputs: [left, right],
    span: call.span,
  });
}

/** Swaps the last two axes. */
function transposed(call: TracedCall, tensor: TensorValue): PyValue {
  const order = tensor.shape.map((_, axis) => axis);
  order.push(...order.splice(-2).reverse());
  return call.network.emit(call.machine, {
    label: 'transpose',
    attributes: { kind: 'permute', order },
    inputs: [tensor],
    span: call.span,
  });
}

/** softmax(query · keyᵀ) · value, over the last two axes. */
export function attend(call: TracedCall, query: PyValue, key: PyValue, value: PyValue): PyValue {
  if (key.kind !== 'tensor') return giveUp(call, 'What attends is no known tensor');
  const scores = product(call, query, transposed(call, key));
  if (scores.kind !== 'tensor') return scores;
  const weights = call.network.emit(call.machine, {
    label: 'softmax',
    attributes: { kind: 'softmax', axis: scores.shape.length - 1, log: false },
    inputs: [scores],
    span: call.span,
  });
  return product(call, weights, value);
}

/** Repeats key and value heads where several query heads share one. */
function groupedHeads(call: TracedCall, tensor: PyValue, heads: Dimension | undefined): PyValue {
  if (tensor.kind !== 'tensor') return tensor;
  const axis = tensor.shape.length - 3;
  const own = tensor.shape[axis];
  if (!call.args.flag('enable_gqa') || typeof heads !== 'number' || typeof own !== 'number' || own === heads)
    return tensor;
  return call.network.emit(call.machine, {
    label: 'repeat_interleave',
    attributes: { kind: 'rearrange', operation: 'repeat_interleave', shape: tensor.shape.with(axis, heads) },
    inputs: [tensor],
    span: call.span,
  });
}

function scaledAttention(call: TracedCall): PyValue {
  const [query = none, key = none, value = none] = ['query', 'key', 'value'].map((name) => call.args.value(name));
  const heads = query.kind === 'tensor' ? query.shape[query.shape.length - 3] : undefined;
  return attend(call, query, groupedHeads(call, key, heads), groupedHeads(call, value, heads));
}

/** What letters of an einsum formula are in each operand. */
interface Formula {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

const lettersOf = (text: string, rank: number): readonly string[] => {
  const [before = '', after] = text.split('...');
  if (after === undefined) return Array.from(before).filter((letter) => letter !== ' ');
  const free = Math.max(0, rank - before.length - after.length);
  // Axes under an ellipsis are aligned at the end, so they are numbered from there.
  return [
    ...Array.from(before),
    ...Array.from({ length: free }, (_, i) => `#${String(free - i)}`),
    ...Array.from(after),
  ];
};

function parseFormula(text: string, ranks: readonly number[]): Formula | undefined {
  const [left = '', right] = text.replace(/\s/g, '').split('->');
  const operands = left.split(',');
  if (operands.length !== ranks.length) return undefined;
  const inputs = operands.map((operand, i) => lettersOf(operand, ranks[i] ?? 0));
  const hidden = Math.max(0, ...inputs.flat().map((letter) => (letter.startsWith('#') ? Number(letter.slice(1)) : 0)));
  if (right !== undefined)
    return { inputs, output: lettersOf(right, right.replace('...', '').length + (right.includes('...') ? hidden : 0)) };
  const all = inputs.flat();
  const once = [...new Set(all)].filter((letter) => all.filter((other) => other === letter).length === 1);
  return { inputs, output: once.sort() };
}

/** Brings a tensor's letters into an order, then merges runs of them into the given groups. */
function arranged(
  call: TracedCall,
  tensor: PyValue,
  letters: readonly string[],
  groups: readonly (readonly string[])[],
  sizes: ReadonlyMap<string, Dimension>,
): PyValue {
  if (tensor.kind !== 'tensor') return tensor;
  const order = groups.flat().map((letter) => letters.indexOf(letter));
  const isSorted = order.every((axis, i) => axis === i);
  const turned = isSorted
    ? tensor
    : call.network.emit(call.machine, {
        label: 'permute',
        attributes: { kind: 'permute', order },
        inputs: [tensor],
        span: call.span,
      });
  if (turned.kind !== 'tensor' || groups.every((group) => group.length === 1)) return turned;
  const shape = groups.map((group): Dimension => merged(group.map((letter) => sizes.get(letter) ?? 1)));
  return call.network.emit(call.machine, {
    label: 'reshape',
    attributes: { kind: 'reshape', shape },
    inputs: [turned],
    span: call.span,
  });
}

function merged(sizes: readonly Dimension[]): Dimension {
  let total = 1;
  for (const size of sizes) {
    if (typeof size !== 'number') return size;
    total *= size;
  }
  return total;
}

/** Two operands as a batched matrix product: letters of both and of the result are batch, of both alone are summed over. */
function contract(
  call: TracedCall,
  left: PyValue,
  leftLetters: readonly string[],
  right: PyValue,
  rightLetters: readonly string[],
  kept: ReadonlySet<string>,
): { readonly value: PyValue; readonly letters: readonly string[] } {
  const sizes = new Map<string, Dimension>();
  const note = (tensor: PyValue, letters: readonly string[]): void => {
    if (tensor.kind !== 'tensor') return;
    for (const [i, letter] of letters.entries()) {
      const size = tensor.shape[i];
      if (size !== undefined && (sizes.get(letter) ?? 1) === 1) sizes.set(letter, size);
    }
  };
  note(left, leftLetters);
  note(right, rightLetters);
  const both = leftLetters.filter((letter) => rightLetters.includes(letter));
  const batch = both.filter((letter) => kept.has(letter));
  const inner = both.filter((letter) => !kept.has(letter));
  const rows = leftLetters.filter((letter) => !both.includes(letter));
  const columns = rightLetters.filter((letter) => !both.includes(letter));
  const letters = [...batch, ...rows, ...columns];
  const batchGroups = batch.map((letter) => [letter]);
  const isSum = inner.some((letter) => sizes.get(letter) !== 1);
  const a = arranged(call, left, leftLetters, [...batchGroups, rows, inner], sizes);
  const b = arranged(call, right, rightLetters, [...batchGroups, inner, columns], sizes);
  // With nothing to sum over PyTorch multiplies element by element, and counts no product of matrices.
  const raw = isSum ? product(call, a, b, call.label) : binary(call.machine, '*', a, b, call.span);
  if (raw.kind !== 'tensor' || (rows.length === 1 && columns.length === 1)) return { value: raw, letters };
  const shape = letters.map((letter) => sizes.get(letter) ?? 1);
  const value = call.network.emit(call.machine, {
    label: 'reshape',
    attributes: { kind: 'reshape', shape },
    inputs: [raw],
    span: call.span,
  });
  return { value, letters };
}

function einsum(call: TracedCall): PyValue {
  const text = call.args.text('equation');
  const given = call.args.value('operands');
  const items = given.kind === 'tuple' ? given.items : [];
  const [only] = items;
  const operands = items.length === 1 && (only?.kind === 'list' || only?.kind === 'tuple') ? only.items : items;
  const tensors = operands.filter((value) => value.kind === 'tensor');
  const formula =
    text === undefined
      ? undefined
      : parseFormula(
          text,
          tensors.map((tensor) => tensor.shape.length),
        );
  if (!formula || tensors.length !== operands.length) return giveUp(call, 'This einsum is not known');
  let [value = none]: readonly PyValue[] = tensors;
  let [letters = []] = formula.inputs;
  for (const [i, tensor] of tensors.entries()) {
    if (i === 0) continue;
    const kept = new Set([...formula.output, ...formula.inputs.slice(i + 1).flat()]);
    ({ value, letters } = contract(call, value, letters, tensor, formula.inputs[i] ?? [], kept));
  }
  if (value.kind !== 'tensor') return value;
  const summed = letters.flatMap((letter, axis) => (formula.output.includes(letter) ? [] : [axis]));
  if (summed.length > 0) {
    value = call.network.emit(call.machine, {
      label: 'sum',
      attributes: { kind: 'reduce', reducer: 'sum', axes: summed, keepDimensions: false },
      inputs: [value],
      span: call.span,
    });
    letters = letters.filter((letter) => formula.output.includes(letter));
  }
  return arranged(
    call,
    value,
    letters,
    formula.output.map((letter) => [letter]),
    new Map(),
  );
}

/** Sums over the last axes of one and the first of the other, or over those that are named. */
function tensorDot(call: TracedCall): PyValue {
  const [a, b, dims] = [call.args.tensor('a'), call.args.tensor('b'), call.args.value('dims')];
  if (!a || !b) return giveUp(call, notATensor);
  const [left, right] = summedAxes(call, a, b, dims);
  if (left?.length === undefined || left.length !== right?.length)
    return giveUp(call, 'The axes to sum over are not known');
  const leftLetters = a.shape.map((_, axis) =>
    left.includes(axis) ? `s${String(left.indexOf(axis))}` : `a${String(axis)}`,
  );
  const rightLetters = b.shape.map((_, axis) =>
    right.includes(axis) ? `s${String(right.indexOf(axis))}` : `b${String(axis)}`,
  );
  const kept = new Set([...leftLetters, ...rightLetters].filter((letter) => !letter.startsWith('s')));
  return contract(call, a, leftLetters, b, rightLetters, kept).value;
}

function summedAxes(
  call: TracedCall,
  a: TensorValue,
  b: TensorValue,
  dims: PyValue,
): readonly (readonly number[] | undefined)[] {
  if (dims.kind === 'list' || dims.kind === 'tuple')
    return [a, b].map((tensor, i) => {
      const axes = new BoundArguments(new Map([['axes', dims.items[i] ?? none]])).integers('axes', 0);
      return axes?.map((axis) => axisOf(tensor, axis));
    });
  const count = call.args.integer('dims');
  if (count === undefined) return [];
  const first = Array.from({ length: count }, (_, i) => i);
  return [first.map((i) => a.shape.length - count + i), first];
}

function outer(call: TracedCall): PyValue {
  const [a, b] = [call.args.tensor('input'), call.args.tensor('other')];
  const [rows, columns] = [a?.shape[0], b?.shape[0]];
  if (!a || !b || rows === undefined || columns === undefined) return giveUp(call, notATensor);
  const shaped = (tensor: TensorValue, shape: readonly Dimension[]): PyValue =>
    call.network.emit(call.machine, {
      label: 'reshape',
      attributes: { kind: 'reshape', shape },
      inputs: [tensor],
      span: call.span,
    });
  const [left, right] = [shaped(a, [rows, 1]), shaped(b, [1, columns])];
  if (left.kind !== 'tensor' || right.kind !== 'tensor') return giveUp(call, notATensor);
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: { kind: 'elementwise', operator: 'multiply' },
    inputs: [left, right],
    span: call.span,
    fold: (x = NaN, y = NaN) => x * y,
  });
}

/** Pairwise distances: positions of one by positions of the other. */
function distances(call: TracedCall): PyValue {
  const [a, b] = [call.args.tensor('x1'), call.args.tensor('x2')];
  if (!a || !b) return giveUp(call, notATensor);
  const shape = [...a.shape.slice(0, -1), b.shape.at(-2) ?? 1];
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: { kind: 'rearrange', operation: 'cdist', shape },
    inputs: [a, b],
    span: call.span,
  });
}

export const productRows: Readonly<Record<string, TracedFunction>> = {
  matmul: fn('input other', matmul),
  bmm: fn('input other|mat2', matmul),
  mm: fn('input other|mat2', matmul),
  mv: fn('input other|vec', matmul),
  dot: fn('input other', matmul),
  inner: fn('input other', innerProduct),
  outer: fn('input other|vec2', outer),
  ger: fn('input other|vec2', outer),
  addmm: fn('input mat1 mat2 *rest **options', (call) =>
    sum(call, call.args.value('input'), product(call, call.args.value('mat1'), call.args.value('mat2'))),
  ),
  baddbmm: fn('input mat1|batch1 mat2|batch2 *rest **options', (call) =>
    sum(call, call.args.value('input'), product(call, call.args.value('mat1'), call.args.value('mat2'))),
  ),
  cdist: fn('x1 x2 *rest **options', distances),
  tensordot: fn('a b dims=2', tensorDot),
};

export const formulaRows: Readonly<Record<string, TracedFunction>> = {
  einsum: fn('equation *operands', einsum),
};

export const attentionRow: TracedFunction = fn(
  'query key value attn_mask=None dropout_p=0.0 is_causal=False scale=None enable_gqa=False',
  scaledAttention,
);

/** The pair that `nn.MultiheadAttention` gives. */
export function withoutWeights(output: PyValue): PyValue {
  return tuple([output, none]);
}
