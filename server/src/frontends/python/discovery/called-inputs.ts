// The tensors that a file calls its models with: each model's own, found by the variable that keeps it and by what made that.
// Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Argument, Expression, ExpressionOf, Statement } from '../syntax/ast.ts';
import type { InputShapes } from './fitting-input.ts';
import { blocksOf } from '../syntax/assigned-names.ts';
import { assignmentsIn, calleeName, callsIn, isMainGuard, nodesIn } from './syntax-search.ts';
import { madeIn } from './written-calls.ts';

/** One call of a model with tensors whose shapes the text tells, without the batch. */
export interface CalledInput {
  readonly shapes: InputShapes;
  readonly span: SourceSpan;
  /** `net` of `net(x)`; empty for `Net()(x)`. */
  readonly holder: string;
  /** Classes and functions that make what the holder keeps, as far as the text tells. */
  readonly makers: readonly string[];
  /** Whether the model is given just these, in this order. */
  readonly isWhole: boolean;
}

type Given = Pick<CalledInput, 'shapes' | 'isWhole'>;

/** What the names of one function, or of the file's top level, stand for. */
interface Names {
  readonly tensors: Map<string, readonly number[]>;
  readonly integers: Map<string, number>;
  readonly makers: Map<string, readonly string[]>;
}

const makesTensor = /^(randn|rand|zeros|ones|empty|randint|full|normal|FloatTensor|LongTensor|Tensor)$/;
/** What takes a model and its input. */
const takesBoth =
  /^(summary|get_model_complexity_info|profile|trace|export|FlopCountAnalysis|flop_count|make_dot|draw_graph|clever_format|add_graph)$/;
/** A text without one of these makes no tensor of known shape. */
const mayMakeTensor = /\b(randn|rand|zeros|ones|empty|randint|full|FloatTensor|summary|get_model_complexity_info)\b/;

/** All calls of models with known shapes, in the order of the text. */
export function calledInputs(body: readonly Statement[], text: string): readonly CalledInput[] {
  if (!mayMakeTensor.test(text)) return [];
  const withBatch = body.some((statement) => statement.kind === 'import-from' && statement.module === 'torchinfo');
  const found: CalledInput[] = [];
  const top: Names = { tensors: new Map(), integers: new Map(), makers: new Map() };
  const visit = (statement: Statement, names: Names): void => {
    if (statement.kind === 'function') {
      const inner: Names = {
        tensors: new Map(names.tensors),
        integers: new Map(names.integers),
        makers: new Map(names.makers),
      };
      for (const { name, default: value } of statement.parameters)
        if (value?.kind === 'number' && value.isInteger) inner.integers.set(name, value.value);
      for (const each of statement.body) visit(each, inner);
      return;
    }
    if (statement.kind === 'class') return;
    for (const { target, value } of assignmentsIn(statement)) note(names, target, value);
    for (const call of callsIn(headOf(statement))) {
      const input = inputOf(call, names, withBatch);
      if (input) found.push(input);
    }
    for (const block of blocksOf(statement)) for (const each of block) visit(each, names);
  };
  // Functions know all that the top level knows once it has run.
  const isLate = ({ kind }: Statement): boolean => kind === 'function';
  const guards = body.filter((statement) => statement.kind === 'if' && isMainGuard(statement));
  for (const statement of body) if (!isLate(statement) && !guards.includes(statement)) visit(statement, top);
  for (const statement of guards) visit(statement, top);
  for (const statement of body) if (isLate(statement)) visit(statement, top);
  return found;
}

/** What a statement evaluates itself, without the blocks inside it. */
function headOf(statement: Statement): unknown {
  switch (statement.kind) {
    case 'if':
    case 'while':
      return statement.test;
    case 'for':
      return statement.iterable;
    case 'with':
      return statement.items;
    case 'try':
    case 'match':
      return undefined;
    default:
      return statement;
  }
}

function note(names: Names, target: Expression, value: Expression): void {
  const name = target.kind === 'name' || target.kind === 'attribute' ? target.name : undefined;
  if (name === undefined) return;
  const shape = tensorShape(value, names);
  if (shape) names.tensors.set(name, shape);
  else names.tensors.delete(name);
  if (value.kind === 'number' && value.isInteger) names.integers.set(name, value.value);
  // What wraps a model keeps it: `net = net.cuda()`.
  const makers = madeIn(value)
    .map(calleeName)
    .filter((maker) => maker !== '');
  const keepsOwn = [...nodesIn(value)].some(
    (node) => 'kind' in node && node.kind === 'name' && 'name' in node && node.name === name,
  );
  if (makers.length > 0) names.makers.set(name, keepsOwn ? [...(names.makers.get(name) ?? []), ...makers] : makers);
}

function inputOf(call: ExpressionOf<'call'>, names: Names, withBatch: boolean): CalledInput | undefined {
  const { callee, arguments: given, span } = call;
  if (takesBoth.test(calleeName(call))) return handedInput(call, names, withBatch);
  const input = shapesGiven(given, names);
  if (input === undefined) return undefined;
  const object = callee.kind === 'attribute' && callee.name === 'forward' ? callee.object : callee;
  return calledModel(object, names, input, span);
}

function calledModel(object: Expression, names: Names, input: Given, span: SourceSpan): CalledInput | undefined {
  if (
    object.kind === 'name' ||
    (object.kind === 'attribute' && object.object.kind === 'name' && object.object.name === 'self')
  )
    return { ...input, span, holder: object.name, makers: names.makers.get(object.name) ?? [] };
  if (object.kind !== 'call') return undefined;
  return { ...input, span, holder: '', makers: madeIn(object).map(calleeName) };
}

/** `summary(net, (3, 32, 32))` of torchsummary, with the batch where torchinfo prints it; `profile(net, inputs=(x,))`. */
function handedInput(call: ExpressionOf<'call'>, names: Names, withBatch: boolean): CalledInput | undefined {
  const positional = call.arguments.filter(({ kind }) => kind === 'positional');
  const [model] = positional;
  const input =
    call.arguments.find(({ name }) =>
      /^(input_size|input_res|inputs?|args|input_data|input_to_model|example_inputs)$/.test(name ?? ''),
    ) ?? positional[1];
  if (model === undefined || input === undefined) return undefined;
  const { value } = input;
  const shape = tensorShape(value, names);
  const shapes = shape
    ? [shape]
    : value.kind === 'tuple' || value.kind === 'list'
      ? tensorsIn(value.elements, names)
      : undefined;
  if (shapes) return calledModel(model.value, names, { shapes, isWhole: true }, call.span);
  const sizes = sizesOf(value, names);
  const isSize = /^(summary|get_model_complexity_info|draw_graph)$/.test(calleeName(call));
  if (!isSize || sizes === undefined) return undefined;
  const hasBatch = withBatch || calleeName(call) === 'draw_graph';
  const own = hasBatch ? sizes.slice(1) : sizes;
  if (own.length === 0 || !own.every((size) => size > 0)) return undefined;
  return calledModel(model.value, names, { shapes: [own], isWhole: true }, call.span);
}

/** Shapes of all tensors that a call is given; undefined where one is not known. */
function shapesGiven(given: readonly Argument[], names: Names): Given | undefined {
  const shapes: (readonly number[])[] = [];
  for (const { kind, value } of given) {
    if (kind.endsWith('splat')) return undefined;
    const shape = tensorShape(value, names);
    if (shape) shapes.push(shape);
    else if (kind === 'positional' && !isPlain(value)) return undefined;
  }
  const isWhole = shapes.length === given.length && given.every(({ kind }) => kind === 'positional');
  return shapes.length > 0 ? { shapes, isWhole } : undefined;
}

const isPlain = ({ kind }: Expression): boolean => kind === 'number' || kind === 'constant' || kind === 'string';

function tensorsIn(values: readonly Expression[], names: Names): InputShapes | undefined {
  const shapes = values.map((value) => tensorShape(value, names));
  const known = shapes.filter((shape) => shape !== undefined);
  return known.length > 0 && known.length === shapes.length ? known : undefined;
}

/** Methods and functions that leave a tensor's shape as it is. */
const keepsShape =
  /^(to|cuda|cpu|float|half|double|long|int|detach|clone|contiguous|requires_grad_|normal_|uniform_|type|type_as|Variable|abs|sigmoid|softmax)$/;

/** The shape without its batch of `x`, `torch.randn(1, 3, 32, 32)`, `torch.rand(3, 32, 32).unsqueeze(0).cuda()`. */
function tensorShape(value: Expression, names: Names): readonly number[] | undefined {
  const whole = wholeShape(value, names);
  return whole !== undefined && whole.length >= 2 && whole.slice(1).every((size) => size > 0)
    ? whole.slice(1)
    : undefined;
}

/** With the batch, whose size need not be known: it is NaN then. */
function wholeShape(value: Expression, names: Names): readonly number[] | undefined {
  if (
    value.kind === 'name' ||
    (value.kind === 'attribute' && value.object.kind === 'name' && value.object.name === 'self')
  ) {
    const own = names.tensors.get(value.name);
    return own && [1, ...own];
  }
  if (value.kind !== 'call') return undefined;
  const { callee, arguments: given } = value;
  const name = calleeName(value);
  const [first] = given;
  if (makesTensor.test(name)) {
    const isRange = name === 'randint' || name === 'normal';
    const asked = given.find((argument) => argument.name === 'size' || argument.name === 'shape');
    const positional = given.filter(({ kind }) => kind === 'positional').map((argument) => argument.value);
    const last = isRange ? positional.findLast((each) => each.kind === 'tuple' || each.kind === 'list') : undefined;
    const [one] = positional;
    const sizes = asked
      ? [asked.value]
      : isRange
        ? last && [last]
        : one?.kind === 'tuple' || one?.kind === 'list'
          ? [one]
          : positional;
    if (sizes === undefined) return undefined;
    const numbers = sizes.flatMap((size) => listOf(size).map((each) => integerOf(each, names) ?? NaN));
    return numbers.slice(1).some((size) => Number.isNaN(size)) ? undefined : numbers;
  }
  if (callee.kind === 'attribute' && name === 'unsqueeze') {
    const inner = wholeShape(callee.object, names);
    const axis = first && integerOf(first.value, names);
    return inner !== undefined && axis === 0 && !inner.includes(NaN) ? [1, ...inner] : undefined;
  }
  if (!keepsShape.test(name)) return undefined;
  if (callee.kind === 'attribute' && callee.object.kind !== 'name') return wholeShape(callee.object, names);
  const of = callee.kind === 'attribute' && names.tensors.has(nameIn(callee.object)) ? callee.object : first?.value;
  return of && wholeShape(of, names);
}

const nameIn = (value: Expression): string => (value.kind === 'name' ? value.name : '');
const listOf = (value: Expression): readonly Expression[] =>
  value.kind === 'tuple' || value.kind === 'list' ? value.elements : [value];

function sizesOf(value: Expression, names: Names): readonly number[] | undefined {
  const sizes = listOf(value).map((each) => integerOf(each, names));
  const known = sizes.filter((size) => size !== undefined);
  return known.length === sizes.length ? known : undefined;
}

/** An integer, or a name that was given one. */
function integerOf(value: Expression, names: Names): number | undefined {
  switch (value.kind) {
    case 'number':
      return value.isInteger ? value.value : undefined;
    case 'name':
      return names.integers.get(value.name);
    case 'binary': {
      const [left, right] = [integerOf(value.left, names), integerOf(value.right, names)];
      if (left === undefined || right === undefined) return undefined;
      if (value.operator === '*') return left * right;
      if (value.operator === '+') return left + right;
      if (value.operator === '-') return left - right;
      return value.operator === '//' && right !== 0 ? Math.floor(left / right) : undefined;
    }
    default:
      return undefined;
  }
}
