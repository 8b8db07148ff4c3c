// One function's definition as its text stands: where an expression or a call is, and which loops go round it.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Expression, ExpressionOf, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { blocksOf } from '../syntax/definitions.ts';
import { expressionsOf, partsOf } from '../syntax/expression-parts.ts';

/** A loop, or a clause of a comprehension. */
export interface Loop {
  readonly target: Expression;
  readonly iterable: Expression;
}

/** An expression in a function, with the way to it. */
export interface FoundExpression {
  readonly expression: Expression;
  /** Outermost first. */
  readonly loops: readonly Loop[];
  /** The statement of the function's own block that it is in. */
  readonly top: Statement;
  /** The statement that it stands in. */
  readonly statement: Statement;
}

/** What a document does outside all functions, as a function without parameters. */
export function moduleAsFunction(document: string, length: number, body: readonly Statement[]): FunctionDefinition {
  const span = { document, start: 0, end: length };
  const nameSpan = { document, start: 0, end: 0 };
  const name = 'the module';
  return { kind: 'function', name, nameSpan, span, parameters: [], body, decorators: [], isGenerator: false };
}

/** The outermost expression at a span; undefined where the span is no expression of the function's body. */
export function findExpression(definition: FunctionDefinition, span: SourceSpan): FoundExpression | undefined {
  for (const top of definition.body) {
    const found = inStatement(top, span, []);
    if (found !== undefined) return { ...found, top };
  }
  return undefined;
}

type Found = Omit<FoundExpression, 'top'>;

function inStatement(statement: Statement, span: SourceSpan, loops: readonly Loop[]): Found | undefined {
  if (!holds(statement.span, span)) return undefined;
  for (const expression of expressionsOf(statement)) {
    const found = inExpression(expression, span, loops);
    if (found !== undefined) return { ...found, statement };
  }
  const inner = statement.kind === 'for' ? [...loops, statement] : loops;
  for (const block of blocksOf(statement)) {
    for (const one of block) {
      const found = inStatement(one, span, inner);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function inExpression(
  expression: Expression,
  span: SourceSpan,
  loops: readonly Loop[],
): Omit<Found, 'statement'> | undefined {
  if (!holds(expression.span, span)) return undefined;
  if (expression.span.start === span.start && expression.span.end === span.end) return { expression, loops };
  const inner = expression.kind === 'comprehension' ? [...loops, ...expression.clauses] : loops;
  const first = expression.kind === 'comprehension' ? expression.clauses[0]?.iterable : undefined;
  for (const part of partsOf(expression)) {
    const found = inExpression(part, span, part === first ? loops : inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function holds(outer: SourceSpan, inner: SourceSpan): boolean {
  return outer.document === inner.document && outer.start <= inner.start && inner.end <= outer.end;
}

/** The call at a span. */
export function findCall(
  definition: FunctionDefinition,
  span: SourceSpan,
): (FoundExpression & { readonly expression: ExpressionOf<'call'> }) | undefined {
  const found = findExpression(definition, span);
  return found?.expression.kind === 'call' ? { ...found, expression: found.expression } : undefined;
}

/** What is compared with something in a function, from one of its statements on. */
export function comparedFrom({ body }: FunctionDefinition, first: Statement): readonly Expression[] {
  const inExpressionOf = (expression: Expression): readonly Expression[] => [
    ...(expression.kind === 'comparison' ? partsOf(expression) : []),
    ...partsOf(expression).flatMap(inExpressionOf),
  ];
  const inStatementOf = (statement: Statement): readonly Expression[] => [
    ...expressionsOf(statement).flatMap(inExpressionOf),
    ...blocksOf(statement).flatMap((block) => block.flatMap(inStatementOf)),
  ];
  return body.filter(({ span }) => span.start >= first.span.start).flatMap(inStatementOf);
}

/** Whether two expressions are the same product of names and numbers, in whatever order. */
export function isSameProduct(left: Expression, right: Expression): boolean {
  const [one, other] = [factorsOf(left), factorsOf(right)];
  return one !== undefined && other !== undefined && one.length > 1 && one.join() === other.join();
}

function factorsOf(expression: Expression): readonly string[] | undefined {
  switch (expression.kind) {
    case 'name':
      return [expression.name];
    case 'number':
      return [String(expression.value)];
    case 'attribute': {
      const object = factorsOf(expression.object);
      return object?.length === 1 ? [`${object[0] ?? ''}.${expression.name}`] : undefined;
    }
    case 'binary': {
      const parts = [factorsOf(expression.left), factorsOf(expression.right)];
      const [left, right] = parts;
      return expression.operator === '*' && left && right ? [...left, ...right].sort() : undefined;
    }
    default:
      return undefined;
  }
}
