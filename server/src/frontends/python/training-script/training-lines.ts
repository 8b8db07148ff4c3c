// The lines that make a training script learn widths, as edits of its text: the import, the attaching before the optimizer is
// made, the term in the loss, the count behind the optimizer's step; and the argument that carries it to the function that trains.

import { LineIndex } from '../../../common/line-index.ts';
import type { Result } from '../../../common/problem.ts';
import type { TextEdit } from '../../shared/named-numbers.ts';
import type { TrainingLines, TrainingLinesRequest } from '../../shared/training-lines.ts';
import { assignmentsIn, calleeName, isKind, mentions, nodesIn } from '../discovery/syntax-search.ts';
import { newlineOf, placeForOneMore } from '../refactoring/pieces.ts';
import type { Expression, ExpressionOf, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { placedStatements, sees, type PlacedStatement, type Scope } from './placed-statements.ts';
import { callsTo, findTrainingLoop, type TakenLoss, type TrainingLoop } from './training-loop.ts';

/** Why the lines can't be written, in words. */
class NotSeen extends Error {}

const moduleName = 'morphnet_torch';
const wrappers = /^(DistributedDataParallel|DDP|DataParallel|FullyShardedDataParallel|FSDP|fully_shard|prepare)$/;

/** The edits of one script; a failure is a sentence about what is in the way. */
export function trainingLines(
  { document, structure }: TrainingLinesRequest,
  body: readonly Statement[],
  text: string,
): Result<TrainingLines> {
  if (new RegExp(`^\\s*(from|import)\\s+${moduleName}\\b`, 'm').test(text))
    return { ok: false, error: 'it has MorphNet’s lines already' };
  const lines = new LineIndex(text);
  const lineOf = ({ span }: Statement): string => `line ${String(lines.positionAt(span.start).line + 1)}`;
  const statements = placedStatements(body);
  const loop = findTrainingLoop(statements, text, lineOf);
  if (!loop.ok) return loop;
  try {
    const writing = new Writing(document, text, body, statements, loop.value, lineOf);
    return { ok: true, value: { edits: writing.edits(structure), model: loop.value.model } };
  } catch (error) {
    if (error instanceof NotSeen) return { ok: false, error: error.message };
    throw error;
  }
}

class Writing {
  readonly #document: string;
  readonly #text: string;
  readonly #body: readonly Statement[];
  readonly #statements: readonly PlacedStatement[];
  readonly #loop: TrainingLoop;
  readonly #lineOf: (statement: Statement) => string;
  readonly #edits: TextEdit[] = [];
  /** What holds it: `morphnet`, or `self.morphnet` where the model is an attribute. */
  readonly #holder: string;

  constructor(
    document: string,
    text: string,
    body: readonly Statement[],
    statements: readonly PlacedStatement[],
    loop: TrainingLoop,
    lineOf: (statement: Statement) => string,
  ) {
    this.#document = document;
    this.#text = text;
    this.#body = body;
    this.#statements = statements;
    this.#loop = loop;
    this.#lineOf = lineOf;
    const path = loop.model.split('.');
    this.#holder = path.length > 1 ? `${path[0] ?? ''}.morphnet` : 'morphnet';
    if (mentions(body, 'morphnet')) throw new NotSeen('it has a variable of the name morphnet already');
  }

  edits(structure: string): readonly TextEdit[] {
    const { model, losses, steps } = this.#loop;
    const attach = this.#attachPlace();
    this.#insertImport(attach.statement);
    this.#insertBefore(attach.statement, `${this.#holder} = MorphNet.attach(${model}, ${JSON.stringify(structure)})`);
    const names = losses.map((taken) => this.#addTerm(taken));
    // A loss of a closure is not seen where the step is.
    const [name] = losses.every(({ place }) => place.scope === steps[0]?.scope) ? names : [];
    for (const step of steps) {
      this.#insertAfter(step.statement, `${this.#holder}.step(${name === undefined ? '' : `loss=${name}`})`);
      this.#carry(step.scope, attach.scope, new Set());
    }
    return [...this.#edits].sort((left, right) => left.start - right.start);
  }

  #put(start: number, newText: string): void {
    const isThere = this.#edits.some((edit) => edit.start === start && edit.newText === newText);
    if (!isThere) this.#edits.push({ document: this.#document, start, end: start, oldText: '', newText });
  }

  /** Before the model is wrapped for several processes, and before the optimizer takes its parameters. */
  #attachPlace(): PlacedStatement {
    const { optimizer, model } = this.#loop;
    const makers = this.#statements.filter(
      ({ scope, statement }) =>
        scope === optimizer.scope && assignmentsIn(statement).some(({ target }) => this.#textOf(target) === model),
    );
    const isWrapping = (statement: Statement): boolean =>
      assignmentsIn(statement).some(
        ({ value }) => value.kind === 'call' && wrappers.test(calleeName(value)) && this.#textOf(value).includes(model),
      );
    const wrapping = makers.find(
      ({ statement }) => isWrapping(statement) && statement.span.start < optimizer.statement.span.start,
    );
    return this.#topOf(wrapping ?? optimizer, makers);
  }

  /** The outermost statement around a place that stands behind the model’s making: what is done in one of several ways is done before them. */
  #topOf(place: PlacedStatement, makers: readonly PlacedStatement[]): PlacedStatement {
    const made = makers.find(({ statement }) => statement.span.end <= place.statement.span.start);
    let top: Statement = place.statement;
    for (const { of } of place.blocks.toReversed()) {
      const isOneWay = of?.kind === 'if' || of?.kind === 'try' || of?.kind === 'match';
      if (of === undefined || !isOneWay || isGuard(of)) break;
      if (made !== undefined && made.statement.span.end > of.span.start) break;
      top = of;
    }
    return this.#statements.find(({ statement }) => statement === top) ?? place;
  }

  #textOf({ span }: Expression): string {
    return this.#text.slice(span.start, span.end);
  }

  /** `… + morphnet.loss()` behind what gradients are taken of. Gives the loss’s name where it has one. */
  #addTerm(taken: TakenLoss): string | undefined {
    const term = `${this.#holder}.loss()`;
    const { loss, place } = taken;
    const scaling = loss.kind === 'name' ? this.#scalingOf(loss, place) : undefined;
    if (scaling !== undefined) {
      this.#insertBefore(scaling, `${this.#textOf(loss)} = ${this.#textOf(loss)} + ${term}`);
      return this.#textOf(loss);
    }
    // A part of accumulated gradients: the term is divided like the loss.
    const whole = loss.kind === 'binary' && loss.operator === '/' ? loss.left : loss;
    const isPart = whole !== loss;
    const { start, end } = whole.span;
    const isClosed = this.#isInParentheses(whole);
    const isArgument = !isPart && this.#text.slice(end).trimStart().startsWith(')') && !isClosed;
    const isSum = isPlain(whole) || (whole.kind === 'binary' && bindsTighter.test(whole.operator));
    if (isSum && (isClosed || isArgument)) this.#put(end, ` + ${term}`);
    else {
      this.#put(start, isSum || isClosed ? '(' : '((');
      this.#put(end, isClosed ? `) + ${term}` : `${isSum ? '' : ')'} + ${term})`);
    }
    return isPlain(whole) && whole.kind !== 'call' ? this.#textOf(whole) : undefined;
  }

  /** Parentheses of its own, not those of a call. */
  #isInParentheses({ span }: Expression): boolean {
    const before = this.#text.slice(0, span.start).trimEnd();
    const isOpened = before.endsWith('(') && !/[\w\])][ \t]*\($/.test(before);
    return isOpened && this.#text.slice(span.end).trimStart().startsWith(')');
  }

  /** `loss = loss / parts` or `loss /= parts` before the gradients are taken. */
  #scalingOf(loss: ExpressionOf<'name'>, place: PlacedStatement): Statement | undefined {
    const isScaling = (statement: Statement): boolean => {
      if (statement.kind === 'augmented')
        return statement.operator === '/' && statement.target.kind === 'name' && statement.target.name === loss.name;
      return assignmentsIn(statement).some(
        ({ target, value }) =>
          target.kind === 'name' &&
          target.name === loss.name &&
          value.kind === 'binary' &&
          value.operator === '/' &&
          value.left.kind === 'name' &&
          value.left.name === loss.name,
      );
    };
    const before = this.#statements.filter(
      ({ statement, scope }) => scope === place.scope && statement.span.end <= place.statement.span.start,
    );
    const last = before.findLast(({ statement }) => {
      const target =
        statement.kind === 'augmented' ? [statement.target] : assignmentsIn(statement).map((each) => each.target);
      return target.some((each) => each.kind === 'name' && each.name === loss.name);
    });
    return last !== undefined && isScaling(last.statement) ? last.statement : undefined;
  }

  /** Makes it known in a function: as an attribute, a variable that is seen, or an argument that is passed down the calls. */
  #carry(scope: Scope, from: Scope, known: Set<Scope>): void {
    if (this.#holder !== 'morphnet') {
      const isBeside = scope.owner !== undefined && scope.owner === from.owner;
      if (!isBeside && !sees(scope, from)) throw new NotSeen(`${this.#loop.model} is not seen where the loop is`);
      return;
    }
    if (sees(scope, from) || known.has(scope)) return;
    known.add(scope);
    const { definition } = scope;
    if (definition === undefined || scope.owner !== undefined)
      throw new NotSeen(`the loop of ${definition?.name ?? 'the file'} does not see the model`);
    const calls = callsTo(definition, this.#statements);
    if (calls.length === 0 || calls.length < this.#mentionsOf(definition))
      throw new NotSeen(`${definition.name} is called in a way that can not be followed`);
    const open = this.#text.indexOf('(', definition.nameSpan.end);
    const parameter = placeForOneMore(this.#text, open);
    this.#put(parameter.at, parameter.write(parameterOf(definition)));
    for (const { call, place } of calls) {
      const argument = placeForOneMore(this.#text, this.#text.indexOf('(', call.callee.span.end));
      this.#put(argument.at, argument.write('morphnet=morphnet'));
      if (place.scope !== scope) this.#carry(place.scope, from, known);
    }
  }

  #mentionsOf({ name }: FunctionDefinition): number {
    return nodesIn(this.#body).filter((node) => isKind<ExpressionOf<'name'>>(node, 'name') && node.name === name)
      .length;
  }

  /** Behind the last import of the file's top that comes before the first definition that uses it. */
  #insertImport(first: Statement): void {
    const imports = this.#body.filter(
      ({ kind, span }) => (kind === 'import' || kind === 'import-from') && span.end <= first.span.start,
    );
    const last = imports.at(-1);
    const line = `from ${moduleName} import MorphNet`;
    if (last !== undefined) this.#insertAfter(last, line);
    else if (this.#body[0] !== undefined) this.#insertBefore(this.#body[0], line);
  }

  #indentAt(at: number): string {
    const start = this.#text.lastIndexOf('\n', at - 1) + 1;
    const before = this.#text.slice(start, at);
    if (!/^[ \t]*$/.test(before)) throw new NotSeen(`a line has several statements: ${before.trim()}`);
    return before;
  }

  #insertBefore(statement: Statement, line: string): void {
    const indent = this.#indentAt(statement.span.start);
    this.#put(statement.span.start, `${line}${newlineOf(this.#text)}${indent}`);
  }

  #insertAfter(statement: Statement, line: string): void {
    const indent = this.#indentAt(statement.span.start);
    const end = this.#text.indexOf('\n', statement.span.end);
    const lineEnd = end < 0 ? this.#text.length : end - (this.#text[end - 1] === '\r' ? 1 : 0);
    const rest = this.#text.slice(statement.span.end, lineEnd);
    if (!/^\s*(#.*)?$/.test(rest)) throw new NotSeen(`${this.#lineOf(statement)} has several statements`);
    this.#put(lineEnd, `${newlineOf(this.#text)}${indent}${line}`);
  }
}

/** Operators that bind at least like `+`. */
const bindsTighter = /^([-+%@]|\/\/?|\*\*?)$/;

/** What stands beside any operator without parentheses. */
function isPlain({ kind }: Expression): boolean {
  return kind === 'name' || kind === 'attribute' || kind === 'subscript' || kind === 'call';
}

function isGuard(statement: Statement): boolean {
  return statement.kind === 'if' && mentions(statement.test, '__name__');
}

/** Behind parameters with defaults it has to be given by name. */
function parameterOf({ parameters }: FunctionDefinition): string {
  const isOpen = parameters.some(({ kind }) => kind === 'keyword-only' || kind === 'splat');
  const hasDefaults = parameters.some(
    (parameter) => parameter.kind === 'positional' && parameter.default !== undefined,
  );
  return !isOpen && hasDefaults ? '*, morphnet' : 'morphnet';
}
