// The calls by which a file makes models: assigned to variables and attributes, as items of lists and dictionaries, and given
// to what trains them; without the wrappers that leave a model's layers as they are.

import type { Expression, ExpressionOf, Statement } from '../syntax/ast.ts';
import { assignedNames, blocksOf } from '../syntax/assigned-names.ts';
import { namesIn } from '../syntax/mentioned-names.ts';
import { assignmentsIn, calleeName, isCalled, isMainGuard } from './syntax-search.ts';

/** A call that may make a model, and the names that only its own function or guard knows. */
export interface WrittenCall {
  readonly value: ExpressionOf<'call'>;
  /** What keeps it; undefined for an item of a collection, or an argument. */
  readonly target: Expression | undefined;
  readonly hidden: ReadonlySet<string>;
  /** Whether a layer makes it, as a part of itself. */
  readonly isPart: boolean;
}

/** Methods that give the module itself. */
const keepsLayers =
  /^(to|cuda|cpu|train|eval|float|half|double|bfloat16|requires_grad_|to_empty|share_memory|apply|to_device)$/;
/** Functions whose first argument is the model that they give back, as it is or in a wrapper of its own name. */
const wrappers =
  /^(DataParallel|DistributedDataParallel|DDP|FSDP|FullyShardedDataParallel|compile|script|convert_sync_batchnorm|prepare|convert_syncbn_model|to_device|freeze|ModelEMA|AveragedModel|OptimizedModule)$/;
/** What takes a finished model: `Trainer(model=Net())`, `summary(Net(), …)`, `trainer.fit(Net())`. */
const takesModel =
  /(fit|train\w*|test\w*|validate|predict|summary\w*|Trainer|Learner|Solver|Runner|Engine|profile|get_model_complexity_info|FlopCountAnalysis)$/;

/** Whether a call only wraps the model that it is given. */
export function isWrapper(call: ExpressionOf<'call'>): boolean {
  return wrappers.test(calleeName(call));
}

/** `Net()` of `Net().to(device)`, of `torch.compile(nn.DataParallel(Net()).cuda())` and their kin. */
function unwrapped(value: Expression): Expression {
  if (value.kind !== 'call') return value;
  const { callee, arguments: given } = value;
  if (callee.kind === 'attribute' && keepsLayers.test(callee.name) && callee.object.kind === 'call')
    return unwrapped(callee.object);
  const [first] = given;
  const isGiven = first !== undefined && (first.kind === 'positional' || first.name === 'module');
  return isGiven && first.value.kind === 'call' && isWrapper(value) ? unwrapped(first.value) : value;
}

/** The models that an expression may make: itself, the ways of a conditional, the items of a collection. */
export function madeIn(value: Expression): readonly ExpressionOf<'call'>[] {
  switch (value.kind) {
    case 'call': {
      const call = unwrapped(value);
      return call.kind === 'call' ? [call] : [];
    }
    case 'conditional':
      return [...madeIn(value.then), ...madeIn(value.otherwise)];
    case 'list':
    case 'tuple':
      return value.elements.flatMap(madeIn);
    case 'dictionary':
      return value.entries.flatMap((entry) => madeIn(entry.value));
    default:
      return [];
  }
}

/** The calls of a file, in the order of its text: at its top level, under the main guard, in its functions and methods. */
export function writtenCalls(body: readonly Statement[]): readonly WrittenCall[] {
  const found: WrittenCall[] = [];
  let isPart = false;
  const visitCalls = (value: Expression, target: Expression | undefined, hidden: ReadonlySet<string>): void => {
    for (const call of madeIn(value)) {
      found.push({ value: call, target: value.kind === 'call' ? target : undefined, hidden, isPart });
      if (takesModel.test(calleeName(call)))
        for (const given of call.arguments) visitCalls(given.value, undefined, hidden);
      // `Net(8)(x)` and `Trainer(Net(8)).fit()`
      const { callee } = call;
      if (callee.kind === 'call') visitCalls(callee, undefined, hidden);
      if (callee.kind === 'attribute') visitCalls(callee.object, undefined, hidden);
    }
  };
  const visit = (statement: Statement, hidden: ReadonlySet<string>): void => {
    for (const { target, value } of assignmentsIn(statement)) visitCalls(value, target, hidden);
    if (statement.kind === 'expression') visitCalls(statement.expression, undefined, hidden);
    const isFunction = statement.kind === 'function';
    const inner = isFunction
      ? new Set([...hidden, ...statement.parameters.map(({ name }) => name), ...assignedNames(statement.body)])
      : statement.kind === 'if' && isMainGuard(statement)
        ? new Set([...hidden, ...assignedNames(statement.body)])
        : hidden;
    const blocks = isFunction ? [statement.body] : blocksOf(statement);
    for (const block of blocks) for (const each of block) visit(each, inner);
  };
  const visitTop = (statement: Statement): void => {
    isPart = statement.kind === 'class' && isCalled(statement.body);
    if (statement.kind !== 'class') visit(statement, new Set());
    else for (const each of statement.body) if (each.kind === 'function') visit(each, new Set());
  };
  body.forEach(visitTop);
  return found;
}

const longestName = 80;

/**
 * A call as text, when it gives the same wherever in the file it is evaluated: its arguments are constants or names of
 * definitions. Undefined for what depends on a variable, which may be another by then.
 */
export function describe(
  call: ExpressionOf<'call'>,
  hidden: ReadonlySet<string>,
  isFixed: (name: string) => boolean,
): string | undefined {
  for (const name of namesIn(call)) if (hidden.has(name) || !isFixed(name)) return undefined;
  const text = textOf(call);
  return text === undefined || text.length > longestName ? undefined : text;
}

/** An expression as text, of the kinds that entries are named by. */
export function textOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'number':
      return String(expression.value);
    case 'string':
      return JSON.stringify(expression.value);
    case 'constant':
      return expression.value === null ? 'None' : expression.value ? 'True' : 'False';
    case 'list':
    case 'tuple': {
      const parts = allOf(expression.elements.map(textOf));
      if (parts === undefined) return undefined;
      return expression.kind === 'list'
        ? `[${parts.join(', ')}]`
        : `(${parts.join(', ')}${parts.length === 1 ? ',' : ''})`;
    }
    case 'dictionary': {
      const parts = allOf(
        expression.entries.map(({ key, value }) => {
          const [name, given] = [key && textOf(key), textOf(value)];
          if (given === undefined || (key !== undefined && name === undefined)) return undefined;
          return name === undefined ? `**${given}` : `${name}: ${given}`;
        }),
      );
      return parts && `{${parts.join(', ')}}`;
    }
    case 'attribute': {
      const object = textOf(expression.object);
      return object && `${object}.${expression.name}`;
    }
    case 'subscript': {
      const [object, index] = [textOf(expression.object), textOf(expression.index)];
      return object === undefined || index === undefined ? undefined : `${object}[${index}]`;
    }
    case 'unary': {
      const operand = textOf(expression.operand);
      return operand && `${expression.operator}${expression.operator === 'not' ? ' ' : ''}${operand}`;
    }
    case 'binary': {
      const [left, right] = [textOf(expression.left), textOf(expression.right)];
      if (left === undefined || right === undefined) return undefined;
      return `${inBrackets(expression.left, left)} ${expression.operator} ${inBrackets(expression.right, right)}`;
    }
    case 'starred': {
      const value = textOf(expression.value);
      return value && `*${value}`;
    }
    case 'call': {
      const callee = textOf(expression.callee);
      const parts = allOf(
        expression.arguments.map(({ kind, name, value }) => {
          const given = textOf(value);
          if (given === undefined) return undefined;
          if (kind === 'keyword') return `${name ?? ''}=${given}`;
          return kind === 'dictionary-splat' ? `**${given}` : kind === 'splat' ? `*${given}` : given;
        }),
      );
      return callee === undefined || parts === undefined ? undefined : `${callee}(${parts.join(', ')})`;
    }
    default:
      return undefined;
  }
}

const inBrackets = (expression: Expression, text: string): string =>
  expression.kind === 'binary' ? `(${text})` : text;

function allOf<T>(parts: readonly (T | undefined)[]): readonly T[] | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known : undefined;
}

/** The call that an entry was named after, as it stands in the file; undefined for an entry that comes from elsewhere. */
export function writtenCall(body: readonly Statement[], name: string): Expression | undefined {
  return writtenCalls(body).find(({ value, hidden }) => {
    const text = describe(value, hidden, () => true);
    return text !== undefined && callForm(text) === callForm(name);
  })?.value;
}

/** `LeNet` and `LeNet()` are the same entry. */
export function callForm(name: string): string {
  return /^\w+$/.test(name) ? `${name}()` : name.replace(/\s+/g, '');
}
