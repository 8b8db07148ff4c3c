// Tensors of a functional model that is still being written down: each knows the call that made it, so that the model can be
// run again on other tensors. A call is kept as a value of the language: what was called, with what, and what came of it.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import { bool, builtin, dict, int, list, none, string, tuple } from '../../evaluator/values.ts';
import { unshared } from '../../evaluator/effects.ts';
import type { Arguments, InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';

const madeBy = '<made by>';
const nodeClass = nativeClass('Node', []);

type Sizes = Extract<PyValue, { kind: 'tuple' }>;

const shapeMethod = (name: string, answer: (sizes: Sizes) => PyValue): [string, PyValue] => [
  name,
  builtin(name, (_, { positional: [self] }) => (self?.kind === 'tuple' ? answer(self) : none), true),
];

const shapeProperty = (name: string, answer: (sizes: Sizes) => PyValue): [string, PyValue] => {
  const [, getter] = shapeMethod(name, answer);
  return [name, { kind: 'property', getter }];
};

const isWhole = ({ items }: Sizes): boolean => items.every(({ kind }) => kind !== 'none');

/** TensorFlow's own kind of tuple. */
const shapeClass = nativeClass(
  'TensorShape',
  [],
  [
    shapeMethod('as_list', ({ items }) => list(items)),
    shapeMethod('is_fully_defined', (sizes) => bool(isWhole(sizes))),
    shapeMethod('num_elements', (sizes) =>
      isWhole(sizes) ? int(sizes.items.reduce((product, size) => product * (integerOf(size) ?? 1), 1)) : none,
    ),
    shapeMethod('with_rank', (sizes) => sizes),
    shapeMethod('with_rank_at_least', (sizes) => sizes),
    shapeMethod('assert_has_rank', () => none),
    shapeMethod('assert_is_compatible_with', () => none),
    shapeProperty('ndims', ({ items }) => int(items.length)),
    shapeProperty('rank', ({ items }) => int(items.length)),
    shapeProperty('dims', ({ items }) => list(items)),
  ],
);

/** One call of a layer or operation on symbolic tensors. */
export interface CallNode {
  readonly value: InstanceValue;
  readonly callee: InstanceValue;
  readonly args: Arguments;
  readonly result: PyValue;
  readonly span: SourceSpan;
}

/** The call that made a tensor; undefined for a tensor that is not symbolic. */
export function nodeOf(tensor: TensorValue): CallNode | undefined {
  const value = tensor.own?.get(madeBy);
  if (value?.kind !== 'instance') return undefined;
  const callee = value.attributes.get('operation');
  const result = value.attributes.get('result');
  const positional = value.attributes.get('positional');
  const keywords = value.attributes.get('keywords');
  if (callee?.kind !== 'instance' || result === undefined || positional?.kind !== 'tuple' || keywords?.kind !== 'dict')
    return undefined;
  const named = [...keywords.entries.values()].map(
    ({ key, value: item }) => [key.kind === 'string' ? key.value : '', item] as const,
  );
  return {
    value,
    callee,
    args: { positional: positional.items, keywords: new Map(named) },
    result,
    span: value.site.span,
  };
}

export const isSymbolic = (tensor: TensorValue): boolean => tensor.own?.has(madeBy) === true;

/** A tensor without its past. */
export function plain(tensor: TensorValue): TensorValue {
  if (!isSymbolic(tensor)) return tensor;
  const plainOne: TensorValue = { ...tensor };
  delete unshared(plainOne).own;
  return plainOne;
}

/** The result of a call with every tensor in it symbolic, made by that call. */
export function madeByCall(
  machine: Machine,
  callee: InstanceValue,
  args: Arguments,
  result: PyValue,
  span: SourceSpan,
): PyValue {
  const value: InstanceValue = {
    kind: 'instance',
    class: nodeClass,
    site: { span, callChain: [...machine.callStack] },
    attributes: new Map<string, PyValue>([
      ['operation', callee],
      ['positional', tuple(args.positional)],
      ['keywords', dict([...args.keywords].map(([name, each]) => [string(name), each] as const))],
    ]),
  };
  const symbolic = mapTensors(result, (tensor) => ({
    ...plain(tensor),
    owner: 'keras',
    own: new Map<string, PyValue>([[madeBy, value]]),
  }));
  machine.change(value).attributes.set('result', symbolic);
  return symbolic;
}

/** The tensors of a value, in order: alone, in sequences, in dictionaries. */
export function tensorsOf(value: PyValue, depth = 0): readonly TensorValue[] {
  if (value.kind === 'tensor') return [value];
  if (depth > 8) return [];
  if (value.kind === 'list' || value.kind === 'tuple') return value.items.flatMap((item) => tensorsOf(item, depth + 1));
  if (value.kind === 'dict') return [...value.entries.values()].flatMap((entry) => tensorsOf(entry.value, depth + 1));
  return [];
}

/** The tensors among a call's arguments. */
export function tensorsGiven({ positional, keywords }: Arguments): readonly TensorValue[] {
  return [...positional, ...keywords.values()].flatMap((value) => tensorsOf(value));
}

/** A value with each tensor in it replaced. */
export function mapTensors(value: PyValue, replace: (tensor: TensorValue) => PyValue, depth = 0): PyValue {
  if (value.kind === 'tensor') return replace(value);
  if (depth > 8 || tensorsOf(value).length === 0) return value;
  if (value.kind === 'list') return list(value.items.map((item) => mapTensors(item, replace, depth + 1)));
  if (value.kind === 'tuple')
    return { ...value, items: value.items.map((item) => mapTensors(item, replace, depth + 1)) };
  if (value.kind === 'dict')
    return dict(
      [...value.entries.values()].map((entry) => [entry.key, mapTensors(entry.value, replace, depth + 1)] as const),
    );
  return value;
}

export function mapArguments(args: Arguments, replace: (tensor: TensorValue) => PyValue): Arguments {
  return {
    positional: args.positional.map((value) => mapTensors(value, replace)),
    keywords: new Map([...args.keywords].map(([name, value]) => [name, mapTensors(value, replace)])),
  };
}

/** The size of each axis behind the batch as Keras shows it: with the batch, which is `None`, first. */
export function shapeValue(tensor: TensorValue): PyValue {
  return {
    ...tuple(
      tensor.shape.map((size, axis) =>
        typeof size !== 'number' || (axis === 0 && tensor.owner === 'keras')
          ? none
          : {
              ...int(size, { kind: 'shape', value: size, of: `dimension ${String(axis)} of a tensor` }),
              isDimension: true as const,
            },
      ),
    ),
    class: shapeClass,
    isSize: true,
  };
}

/** A shape as source writes it; sizes that it leaves open are undefined. */
export function sizesOf(value: PyValue): readonly (number | undefined)[] | undefined {
  if (value.kind !== 'tuple' && value.kind !== 'list') {
    const size = integerOf(value);
    return size === undefined ? undefined : [size];
  }
  const sizes = value.items.map((item) => (item.kind === 'none' ? undefined : (integerOf(item) ?? NaN)));
  return sizes.some(Number.isNaN) ? undefined : sizes;
}
