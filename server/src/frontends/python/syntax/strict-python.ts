// What Python's compiler refuses although our parser reads it, as it forgives what is being typed: statements that run over the
// end of their line, blocks that stand wrong, arguments and parameters in an order or with a name that can't be. Text that we
// write ourselves has to pass; see `Frontend.refusalOf`.

import type { Argument, Expression, ParameterDeclaration, Statement } from './ast.ts';
import { blocksOf } from './definitions.ts';
import type { ParsedModule } from './python-parser.ts';
import { strictLines, type StrictLine } from './strict-lines.ts';

/** Where a text is no Python, and why. */
export interface Refusal {
  readonly at: number;
  readonly reason: string;
}

/** Why Python would refuse a text; undefined where nothing is found. `parsed` is all of it, nothing left for later. */
export function refusalByPython(text: string, { body, problems, hasSupposed }: ParsedModule): Refusal | undefined {
  const [problem] = problems;
  if (problem !== undefined) return { at: problem.span?.start ?? 0, reason: problem.message };
  const read = strictLines(text);
  if (!read.ok) return { at: read.at, reason: read.reason };
  const lines = new Lines(text, read.lines);
  return (
    blockRefusal(body, lines, { isInFunction: false, isInLoop: false }) ??
    lines.firstWithoutStatement(body) ??
    (hasSupposed === true ? { at: 0, reason: 'a sign is missing' } : undefined)
  );
}

/** The lines of a text, by offset. */
class Lines {
  readonly text: string;
  readonly #lines: readonly StrictLine[];

  constructor(text: string, lines: readonly StrictLine[]) {
    this.text = text;
    this.#lines = lines;
  }

  /** A line that neither a statement begins nor a word that goes on with one. */
  firstWithoutStatement(body: readonly Statement[]): Refusal | undefined {
    const starts = startsIn(body);
    return firstOf(this.#lines, ({ start, end, hasComma }) => {
      const text = this.text.slice(start, end);
      // Without brackets several kinds of exceptions are for the newest versions alone.
      if (/^except\b/.test(text) && hasComma) return { at: start, reason: 'several exceptions need brackets' };
      if (starts.has(start) || /^(?:@|from\s+__future__|(?:else|elif|except|finally|case|type|async)\b)/.test(text))
        return undefined;
      return { at: start, reason: 'no statement begins here' };
    });
  }

  at(index: number): StrictLine | undefined {
    return this.#lines[index];
  }

  /** The index of the line that an offset stands in or behind. */
  of(offset: number): number {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle]?.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function firstOf<Item>(items: readonly Item[], find: (item: Item) => Refusal | undefined): Refusal | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The offsets at which statements begin, those in blocks too. */
function startsIn(body: readonly Statement[], starts = new Set<number>()): ReadonlySet<number> {
  for (const statement of body) {
    starts.add(statement.span.start);
    for (const block of blocksOf(statement)) startsIn(block, starts);
  }
  return starts;
}

/** What statements stand in. */
interface Surroundings {
  readonly isInFunction: boolean;
  readonly isInLoop: boolean;
}

const overItsLine = 'this statement runs over the end of its line';
const needsLine = 'this statement needs a line of its own';

function blockRefusal(block: readonly Statement[], lines: Lines, around: Surroundings): Refusal | undefined {
  let before: Statement | undefined;
  for (const statement of block) {
    const { start } = statement.span;
    if (before !== undefined && lines.of(before.span.end - 1) === lines.of(start)) {
      const between = lines.text.slice(before.span.end, start);
      if (isCompound(before) || isCompound(statement) || !/^\s*;\s*$/.test(between.replaceAll(/\\\r?\n/g, '')))
        return { at: start, reason: needsLine };
    }
    const wrong = statementRefusal(statement, lines, around);
    if (wrong !== undefined) return wrong;
    before = statement;
  }
  return undefined;
}

function statementRefusal(statement: Statement, lines: Lines, around: Surroundings): Refusal | undefined {
  const { kind } = statement;
  const { start } = statement.span;
  if (kind === 'broken-statement') return { at: start, reason: statement.reason };
  if (kind === 'return' && !around.isInFunction) return { at: start, reason: 'nothing can be returned here' };
  if ((kind === 'break' || kind === 'continue') && !around.isInLoop)
    return { at: start, reason: 'there is no loop here' };
  const wrong =
    firstOf(expressionsOf(statement), expressionRefusal) ??
    (kind === 'function' ? parametersRefusal(statement.parameters, start) : undefined) ??
    firstOf(targetsOf(statement), (target) => targetRefusal(target, kind));
  if (wrong !== undefined) return wrong;
  if (!isCompound(statement)) return simpleRefusal(statement, lines);
  const isDefinition = kind === 'function' || kind === 'class';
  const inside: Surroundings = {
    isInFunction: kind === 'function' || (kind !== 'class' && around.isInFunction),
    isInLoop: kind === 'for' || kind === 'while' || (!isDefinition && around.isInLoop),
  };
  const [body, ...others] = blocksOf(statement);
  if (body?.length === 0) return { at: start, reason: 'a block has to follow here' };
  return firstOf([body ?? [], ...others], (block) => {
    // Behind a loop's own block nothing is in the loop any more.
    const isOtherwise = block !== body && (kind === 'for' || kind === 'while');
    return (
      headRefusal(block, lines) ??
      blockRefusal(block, lines, isOtherwise ? { ...inside, isInLoop: around.isInLoop } : inside)
    );
  });
}

function simpleRefusal(statement: Statement, lines: Lines): Refusal | undefined {
  const { start, end } = statement.span;
  if (lines.of(start) !== lines.of(end - 1)) return { at: start, reason: overItsLine };
  if (statement.kind !== 'annotated') return undefined;
  // Only the name in front of an assignment can have an annotation.
  const behind = lines.text.slice(statement.target.span.end, end);
  return /^[\s)\\]*:/.test(behind) ? undefined : { at: start, reason: 'this annotation stands in an expression' };
}

function isCompound({ kind }: Statement): boolean {
  return ['if', 'while', 'for', 'function', 'class', 'try', 'with', 'match'].includes(kind);
}

/** A block stands below the colon that it belongs to, or behind it on the same line. */
function headRefusal([first]: readonly Statement[], lines: Lines): Refusal | undefined {
  if (first === undefined) return undefined;
  const { start } = first.span;
  const index = lines.of(start);
  const line = lines.at(index);
  if (line === undefined) return undefined;
  if (line.start < start) {
    if (!line.hasColon) return isDecorated(first, lines) ? undefined : { at: start, reason: overItsLine };
    return isCompound(first) ? { at: start, reason: needsLine } : undefined;
  }
  // `elif` is an `if` in the place of what is done otherwise.
  const isElif = lines.text.startsWith('elif', start);
  return isElif || lines.at(index - 1)?.opensBlock === true || isDecorated(first, lines)
    ? undefined
    : { at: start, reason: overItsLine };
}

/** Whether decorators stand above a definition, which may begin at them or below. */
function isDecorated(statement: Statement, lines: Lines): boolean {
  const isDefinition = statement.kind === 'function' || statement.kind === 'class';
  return isDefinition && statement.decorators.length > 0 && lines.of(statement.span.start) > 0;
}

/** The expressions that a statement consists of, those in its blocks left out. */
function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'expression':
      return [statement.expression];
    case 'assignment':
      return [...statement.targets, statement.value];
    case 'annotated':
      return statement.value === undefined ? [statement.target] : [statement.target, statement.value];
    case 'augmented':
      return [statement.target, statement.value];
    case 'return':
      return statement.value === undefined ? [] : [statement.value];
    case 'if':
    case 'while':
      return [statement.test];
    case 'for':
      return [statement.target, statement.iterable];
    case 'function':
      return [...statement.decorators, ...defaultsOf(statement.parameters)];
    case 'class':
      return [...statement.decorators, ...statement.bases.map(({ value }) => withoutStar(value))];
    case 'raise':
      return statement.exception === undefined ? [] : [statement.exception];
    case 'with':
      return statement.items.flatMap(({ value, target }) => (target === undefined ? [value] : [value, target]));
    case 'assert':
      return statement.message === undefined ? [statement.test] : [statement.test, statement.message];
    case 'delete':
      return statement.targets;
    case 'match':
      return [statement.subject, ...statement.cases.flatMap(({ guard }) => (guard === undefined ? [] : [guard]))];
    default:
      return [];
  }
}

function targetsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'assignment':
      return statement.targets;
    case 'annotated':
    case 'augmented':
    case 'for':
      return [statement.target];
    case 'with':
      return statement.items.flatMap(({ target }) => target ?? []);
    case 'delete':
      return statement.targets;
    default:
      return [];
  }
}

function targetRefusal(target: Expression, kind: Statement['kind']): Refusal | undefined {
  const isSingle = kind === 'annotated' || kind === 'augmented';
  switch (target.kind) {
    case 'name':
    case 'attribute':
    case 'subscript':
      return undefined;
    case 'tuple':
    case 'list':
      if (!isSingle)
        return firstOf(target.elements, (element) =>
          targetRefusal(element.kind === 'starred' && kind !== 'delete' ? element.value : element, kind),
        );
      break;
    default:
      break;
  }
  return { at: target.span.start, reason: 'nothing can be assigned to this' };
}

function defaultsOf(parameters: readonly ParameterDeclaration[]): readonly Expression[] {
  return parameters.flatMap((parameter) => parameter.default ?? []);
}

function parametersRefusal(parameters: readonly ParameterDeclaration[], at: number): Refusal | undefined {
  const names = new Set<string>();
  let hasDefault = false;
  let last = 0;
  const order = ['positional', 'splat', 'keyword-only', 'dictionary-splat'] as const;
  for (const parameter of parameters) {
    const { name, kind } = parameter;
    if (name !== '' && names.has(name)) return { at, reason: `two parameters have the name ${name}` };
    names.add(name);
    const place = order.indexOf(kind);
    if (place < last) return { at, reason: `the parameter ${name} stands too late` };
    last = place;
    if (kind !== 'positional') continue;
    if (parameter.default !== undefined) hasDefault = true;
    else if (hasDefault) return { at, reason: `the parameter ${name} without a default stands behind one that has it` };
  }
  return undefined;
}

function argumentsRefusal(given: readonly Argument[]): Refusal | undefined {
  const names = new Set<string>();
  let isNamed = false;
  let isSpread = false;
  for (const { kind, name, value } of given) {
    const at = value.span.start;
    if (kind === 'keyword') {
      if (name !== undefined && names.has(name)) return { at, reason: `the argument ${name} is given twice` };
      names.add(name ?? '');
      isNamed = true;
    } else if (kind === 'dictionary-splat') isSpread = true;
    else if (isSpread || (kind === 'positional' && isNamed))
      return { at, reason: 'an argument without a name stands behind one with a name' };
  }
  return undefined;
}

function withoutStar(expression: Expression): Expression {
  return expression.kind === 'starred' ? expression.value : expression;
}

/** The expressions that stand in an expression, and what is wrong with itself. */
function expressionRefusal(expression: Expression): Refusal | undefined {
  const { span } = expression;
  const all = (inner: readonly (Expression | undefined)[]): Refusal | undefined =>
    firstOf(inner, (one) => one && expressionRefusal(one));
  switch (expression.kind) {
    case 'format-string':
      return all(expression.parts.map((part) => (part.kind === 'value' ? part.expression : undefined)));
    case 'tuple':
    case 'list':
    case 'set':
      return all(expression.elements.map(withoutStar));
    case 'dictionary':
      return all(expression.entries.flatMap(({ key, value }) => [key, value]));
    case 'unary':
      return all([expression.operand]);
    case 'binary':
    case 'boolean':
      return all([expression.left, expression.right]);
    case 'comparison':
      return all([expression.first, ...expression.rest.map(({ operand }) => operand)]);
    case 'conditional':
      return all([expression.test, expression.then, expression.otherwise]);
    case 'lambda':
      return (
        parametersRefusal(expression.parameters, span.start) ??
        all([...defaultsOf(expression.parameters), expression.body])
      );
    case 'call':
      return (
        argumentsRefusal(expression.arguments) ??
        all([expression.callee, ...expression.arguments.map(({ value }) => withoutStar(value))])
      );
    case 'attribute':
      return all([expression.object]);
    case 'subscript':
      return all([expression.object, withoutStar(expression.index)]);
    case 'slice':
      return all([expression.lower, expression.upper, expression.step]);
    case 'comprehension':
      return all([
        expression.element,
        expression.value,
        ...expression.clauses.flatMap(({ target, iterable, conditions }) => [target, iterable, ...conditions]),
      ]);
    case 'starred':
      return { at: span.start, reason: 'nothing can be spread here' };
    case 'walrus':
      return all([expression.value]);
    case 'yield':
      return all([expression.value]);
    case 'name':
      // What the parser only supposes has no text.
      return expression.name === '' ? { at: span.start, reason: 'a name is missing' } : undefined;
    // What is broken was told as a problem, or is Python that models don't use.
    case 'broken':
    case 'number':
    case 'string':
    case 'constant':
    case 'ellipsis':
      return undefined;
  }
}
