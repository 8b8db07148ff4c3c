// The expressions inside expressions and statements.

import type { Expression, Statement } from './ast.ts';

/** The expressions that stand directly in an expression. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'format-string':
      return expression.parts.flatMap((part) => (part.kind === 'value' ? [part.expression] : []));
    case 'tuple':
    case 'list':
    case 'set':
      return expression.elements;
    case 'dictionary':
      return expression.entries.flatMap(({ key, value }) => (key === undefined ? [value] : [key, value]));
    case 'unary':
      return [expression.operand];
    case 'binary':
    case 'boolean':
      return [expression.left, expression.right];
    case 'comparison':
      return [expression.first, ...expression.rest.map(({ operand }) => operand)];
    case 'conditional':
      return [expression.test, expression.then, expression.otherwise];
    case 'lambda':
      return [expression.body];
    case 'call':
      return [expression.callee, ...expression.arguments.map(({ value }) => value)];
    case 'attribute':
      return [expression.object];
    case 'subscript':
      return [expression.object, expression.index];
    case 'slice':
      return [expression.lower, expression.upper, expression.step].filter((part) => part !== undefined);
    case 'comprehension':
      return [
        expression.element,
        ...(expression.value === undefined ? [] : [expression.value]),
        ...expression.clauses.flatMap(({ target, iterable, conditions }) => [target, iterable, ...conditions]),
      ];
    case 'starred':
    case 'walrus':
      return [expression.value];
    case 'yield':
      return expression.value === undefined ? [] : [expression.value];
    case 'name':
    case 'number':
    case 'string':
    case 'constant':
    case 'ellipsis':
    case 'broken':
      return [];
  }
}

/** The expressions that stand directly in a statement, not those of its blocks. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'expression':
      return [statement.expression];
    case 'assignment':
      return [...statement.targets, statement.value];
    case 'annotated':
      return statement.value === undefined ? [] : [statement.target, statement.value];
    case 'augmented':
      return [statement.target, statement.value];
    case 'return':
      return statement.value === undefined ? [] : [statement.value];
    case 'if':
    case 'while':
      return [statement.test];
    case 'for':
      return [statement.iterable];
    case 'with':
      return statement.items.map(({ value }) => value);
    case 'assert':
      return [statement.test];
    default:
      return [];
  }
}
