// A width's trail in words: what it is computed from and where that is written, or why it can't be edited.

import type { OriginOperator, WidthOrigin } from '../network/width-origin.ts';
import { assertUnreachable } from '../common/assert.ts';
import { codeSpan, escapeMarkdown } from './markdown.ts';
import type { SourcePlaces } from './source-places.ts';

/** `64 in vgg.py:12`, or `144 = round(24 × 6): 24 in …, 6 in …`, as Markdown. */
export function widthWords(origin: WidthOrigin, places: SourcePlaces): string {
  const leaves = [...new Set(leafWords(origin, places))].join(', ');
  return origin.kind === 'computed' ? `${codeSpan(`${String(origin.value)} = ${formula(origin)}`)}: ${leaves}` : leaves;
}

/** Every leaf with its place. */
function leafWords(origin: WidthOrigin, places: SourcePlaces): readonly string[] {
  switch (origin.kind) {
    case 'literal':
      return [`${codeSpan(places.written(origin.span))} in ${places.link(origin.span)}`];
    case 'default':
      return [
        `${codeSpan(`${origin.parameter}=${places.written(origin.span)}`)}, a default in ${places.link(origin.span)}`,
      ];
    case 'config':
      return [`${codeSpan(`${origin.key}=${places.written(origin.span)}`)} in ${places.link(origin.span)}`];
    case 'shape':
      return [`${String(origin.value)} follows ${codeSpan(origin.of)}`];
    case 'untraced':
      return [
        `${String(origin.value)}: ${escapeMarkdown(origin.reason)}${origin.span === undefined ? '' : ` (${places.link(origin.span)})`}`,
      ];
    case 'computed':
      return origin.operands.flatMap((operand) => leafWords(operand, places));
  }
}

/** The computation with its numbers: `round(24 × 6)`. */
function formula(origin: WidthOrigin): string {
  if (origin.kind !== 'computed') return String(origin.value);
  const operands = origin.operands.map((operand) => formula(operand));
  const sign = infixSign(origin.operator);
  if (sign === undefined || operands.length === 1) {
    return `${sign === undefined ? origin.operator : sign}(${operands.join(', ')})`;
  }
  return origin.operands
    .map((operand, index) => {
      const text = operands[index] ?? '';
      return operand.kind === 'computed' && infixSign(operand.operator) !== undefined ? `(${text})` : text;
    })
    .join(` ${sign} `);
}

function infixSign(operator: OriginOperator): string | undefined {
  switch (operator) {
    case '+':
    case '-':
    case '/':
    case '//':
    case '%':
    case '**':
    case '<<':
    case '>>':
      return operator;
    case '*':
      return '×';
    case 'min':
    case 'max':
    case 'int':
    case 'round':
    case 'ceil':
    case 'floor':
    case 'sum':
      return undefined;
    default:
      return assertUnreachable(operator);
  }
}
