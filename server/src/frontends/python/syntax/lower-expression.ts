// Tree-sitter's expression nodes to our own. Recursion is bounded: a nesting deeper than any real file is broken text.

import {
  binaryOperators,
  comparisonOperators,
  type Argument,
  type BinaryOperator,
  type ComprehensionClause,
  type Expression,
  type FormatPart,
  type ParameterDeclaration,
} from './ast.ts';
import {
  deepest,
  field,
  fields,
  fieldText,
  partsOf,
  reportBroken,
  reportTooDeep,
  spanOf,
  textOf,
  type Lowering,
} from './lowering.ts';
import { isRaw, parseNumber, plainString, unescape, unread } from './string-literal.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** One expression. Never throws; text that is no expression becomes `broken`, with a problem. */
export function lowerExpression(lowering: Lowering, node: SyntaxNode): Expression {
  if (lowering.depth >= deepest)
    return { kind: 'broken', reason: reportTooDeep(lowering, node), span: spanOf(lowering, node) };
  // Counted up and down in place: a copy for each expression is most of what reading a text would cost.
  lowering.depth++;
  const expression = lower(lowering, node);
  lowering.depth--;
  return aroundStar(expression);
}

/** Outside parentheses the grammar reads `*x.shape` as `(*x).shape`; the star belongs around all of it. */
function aroundStar(expression: Expression): Expression {
  const { span } = expression;
  if (expression.kind === 'attribute' && expression.object.kind === 'starred')
    return { kind: 'starred', value: { ...expression, object: expression.object.value }, span };
  if (expression.kind === 'subscript' && expression.object.kind === 'starred')
    return { kind: 'starred', value: { ...expression, object: expression.object.value }, span };
  if (expression.kind === 'call' && expression.callee.kind === 'starred')
    return { kind: 'starred', value: { ...expression, callee: expression.callee.value }, span };
  if (expression.kind === 'binary' && expression.left.kind === 'starred')
    return { kind: 'starred', value: { ...expression, left: expression.left.value }, span };
  return expression;
}

/** An expression that may be missing. */
function lowerField(lowering: Lowering, node: SyntaxNode, name: string): Expression {
  const child = field(node, name);
  if (child === undefined) return { kind: 'broken', reason: `No ${name}`, span: spanOf(lowering, node) };
  return lowerExpression(lowering, child);
}

function lower(lowering: Lowering, node: SyntaxNode): Expression {
  const span = spanOf(lowering, node);
  const all = (nodes: readonly SyntaxNode[]): Expression[] => nodes.map((child) => lowerExpression(lowering, child));
  switch (node.type) {
    case 'identifier':
      return { kind: 'name', name: textOf(lowering, node), span };
    case 'integer':
    case 'float':
      return {
        kind: 'number',
        value: parseNumber(textOf(lowering, node)),
        isInteger: node.type === 'integer',
        span,
        ...(lowering.place && { isPlaceless: true }),
      };
    case 'true':
    case 'false':
      return { kind: 'constant', value: node.type === 'true', span };
    case 'none':
      return { kind: 'constant', value: null, span };
    case 'ellipsis':
      return { kind: 'ellipsis', span };
    case 'string':
      return lowerString(lowering, [node], span);
    case 'concatenated_string':
      return lowerString(lowering, partsOf(node), span);
    case 'parenthesized_expression': {
      const [inner] = partsOf(node);
      return inner === undefined
        ? { kind: 'broken', reason: 'Empty parentheses', span }
        : lowerExpression(lowering, inner);
    }
    case 'tuple':
    case 'expression_list':
    case 'pattern_list':
    case 'tuple_pattern':
      return { kind: 'tuple', elements: all(partsOf(node)), span };
    case 'list':
    case 'list_pattern':
      return { kind: 'list', elements: all(partsOf(node)), span };
    case 'set':
      return { kind: 'set', elements: all(partsOf(node)), span };
    case 'dictionary':
      return {
        kind: 'dictionary',
        span,
        entries: partsOf(node).map((entry) => {
          if (entry.type === 'pair')
            return { key: lowerField(lowering, entry, 'key'), value: lowerField(lowering, entry, 'value') };
          return { value: lowerFirst(lowering, entry) };
        }),
      };
    case 'unary_operator': {
      const operator = fieldText(lowering, node, 'operator');
      return {
        kind: 'unary',
        operator: operator === '+' || operator === '~' ? operator : '-',
        operand: lowerField(lowering, node, 'argument'),
        span,
      };
    }
    case 'not_operator':
      return { kind: 'unary', operator: 'not', operand: lowerField(lowering, node, 'argument'), span };
    case 'binary_operator':
      return {
        kind: 'binary',
        operator: binaryOperator(fieldText(lowering, node, 'operator')),
        left: lowerField(lowering, node, 'left'),
        right: lowerField(lowering, node, 'right'),
        span,
      };
    case 'boolean_operator':
      return {
        kind: 'boolean',
        operator: fieldText(lowering, node, 'operator') === 'or' ? 'or' : 'and',
        left: lowerField(lowering, node, 'left'),
        right: lowerField(lowering, node, 'right'),
        span,
      };
    case 'comparison_operator':
      return lowerComparison(lowering, node);
    case 'conditional_expression': {
      const [then, test, otherwise] = all(partsOf(node));
      if (then === undefined || test === undefined || otherwise === undefined)
        return { kind: 'broken', reason: 'Half a conditional', span };
      return { kind: 'conditional', test, then, otherwise, span };
    }
    case 'lambda': {
      const parameters = field(node, 'parameters');
      return {
        kind: 'lambda',
        parameters: parameters ? lowerParameters(lowering, parameters) : [],
        body: lowerField({ ...lowering, yields: { found: false } }, node, 'body'),
        span,
      };
    }
    case 'call':
      return {
        kind: 'call',
        callee: lowerField(lowering, node, 'function'),
        arguments: lowerArguments(lowering, field(node, 'arguments')),
        span,
      };
    case 'attribute':
      return {
        kind: 'attribute',
        object: lowerField(lowering, node, 'object'),
        name: fieldText(lowering, node, 'attribute'),
        span,
      };
    case 'subscript': {
      const indices = fields(node, 'subscript');
      const index: Expression =
        indices.length === 1 && indices[0] && !node.children.some((child) => child.type === ',')
          ? lowerExpression(lowering, indices[0])
          : { kind: 'tuple', elements: all(indices), span };
      return { kind: 'subscript', object: lowerField(lowering, node, 'value'), index, span };
    }
    case 'slice':
      return lowerSlice(lowering, node);
    case 'list_comprehension':
    case 'set_comprehension':
    case 'generator_expression':
    case 'dictionary_comprehension':
      return lowerComprehension(lowering, node);
    case 'list_splat':
    case 'list_splat_pattern':
    case 'parenthesized_list_splat':
      return { kind: 'starred', value: lowerFirst(lowering, node), span };
    case 'named_expression':
      return {
        kind: 'walrus',
        name: fieldText(lowering, node, 'name'),
        value: lowerField(lowering, node, 'value'),
        span,
      };
    case 'await':
      return lowerFirst(lowering, node);
    case 'as_pattern_target':
      return lowerFirst(lowering, node);
    case 'yield': {
      if (lowering.yields) lowering.yields.found = true;
      const [value] = partsOf(node);
      const isFrom = node.children.some((child) => child.type === 'from');
      return { kind: 'yield', isFrom, span, ...(value && { value: lowerExpression(lowering, value) }) };
    }
    case 'keyword_argument':
      return { kind: 'broken', reason: 'A keyword argument outside a call', span };
    default:
      return {
        kind: 'broken',
        reason:
          node.type === 'ERROR' || node.isMissing ? reportBroken(lowering, node) : `Python's ${node.type} is not read`,
        span,
      };
  }
}

/** The grammar has no other operators where these stand. */
export function binaryOperator(text: string | undefined): BinaryOperator {
  return binaryOperators.find((operator) => operator === text) ?? '+';
}

function lowerFirst(lowering: Lowering, node: SyntaxNode): Expression {
  const [first] = partsOf(node);
  if (first === undefined) return { kind: 'broken', reason: 'Something is missing', span: spanOf(lowering, node) };
  return lowerExpression(lowering, first);
}

function lowerComparison(lowering: Lowering, node: SyntaxNode): Expression {
  const operands = partsOf(node).map((child) => lowerExpression(lowering, child));
  const operators = fields(node, 'operators')
    .map((child) => textOf(lowering, child).replace(/\s+/g, ' '))
    .map((text) => (text === '<>' ? '!=' : text));
  const [first, ...others] = operands;
  const span = spanOf(lowering, node);
  if (first === undefined || others.length !== operators.length)
    return { kind: 'broken', reason: 'Half a comparison', span };
  // The grammar has no other operators in this place.
  const rest = others.map((operand, i) => ({
    operator: comparisonOperators.find((operator) => operator === operators[i]) ?? '==',
    operand,
  }));
  return { kind: 'comparison', first, rest, span };
}

function lowerSlice(lowering: Lowering, node: SyntaxNode): Expression {
  const slots: [Expression?, Expression?, Expression?] = [];
  let slot = 0;
  for (const child of node.children) {
    if (child.type === ':') slot++;
    else if (child.isNamed && slot < 3) slots[slot] = lowerExpression(lowering, child);
  }
  const [lower, upper, step] = slots;
  return {
    kind: 'slice',
    span: spanOf(lowering, node),
    ...(lower && { lower }),
    ...(upper && { upper }),
    ...(step && { step }),
  };
}

function lowerComprehension(lowering: Lowering, node: SyntaxNode): Expression {
  const clauses: ComprehensionClause[] = [];
  for (const child of partsOf(node)) {
    if (child.type === 'for_in_clause') {
      const iterables = fields(child, 'right').filter((part) => part.isNamed);
      const iterable: Expression =
        iterables.length === 1 && iterables[0]
          ? lowerExpression(lowering, iterables[0])
          : {
              kind: 'tuple',
              elements: iterables.map((part) => lowerExpression(lowering, part)),
              span: spanOf(lowering, child),
            };
      clauses.push({ target: lowerField(lowering, child, 'left'), iterable, conditions: [] });
    } else if (child.type === 'if_clause') {
      const last = clauses.pop();
      if (last) clauses.push({ ...last, conditions: [...last.conditions, lowerFirst(lowering, child)] });
    }
  }
  const span = spanOf(lowering, node);
  const body = field(node, 'body');
  if (body === undefined) return { kind: 'broken', reason: 'A comprehension without a body', span };
  if (node.type === 'dictionary_comprehension') {
    return {
      kind: 'comprehension',
      flavour: 'dictionary',
      element: lowerField(lowering, body, 'key'),
      value: lowerField(lowering, body, 'value'),
      clauses,
      span,
    };
  }
  const flavour = node.type === 'list_comprehension' ? 'list' : node.type === 'set_comprehension' ? 'set' : 'generator';
  return { kind: 'comprehension', flavour, element: lowerExpression(lowering, body), clauses, span };
}

/** Arguments of a call or bases of a class. A bare generator expression is one positional argument. */
export function lowerArguments(lowering: Lowering, node: SyntaxNode | undefined): readonly Argument[] {
  if (node === undefined) return [];
  if (node.type === 'generator_expression') return [{ kind: 'positional', value: lowerExpression(lowering, node) }];
  return partsOf(node).map((child): Argument => {
    if (child.type === 'keyword_argument') {
      return { kind: 'keyword', name: fieldText(lowering, child, 'name'), value: lowerField(lowering, child, 'value') };
    }
    if (child.type === 'list_splat') return { kind: 'splat', value: lowerFirst(lowering, child) };
    if (child.type === 'dictionary_splat') return { kind: 'dictionary-splat', value: lowerFirst(lowering, child) };
    return { kind: 'positional', value: lowerExpression(lowering, child) };
  });
}

function firstText(lowering: Lowering, node: SyntaxNode): string {
  const [first] = partsOf(node);
  return first === undefined ? '' : textOf(lowering, first);
}

/** Parameters of a function or lambda. */
export function lowerParameters(lowering: Lowering, node: SyntaxNode): readonly ParameterDeclaration[] {
  const parameters: ParameterDeclaration[] = [];
  let keywordOnly = false;
  for (const child of partsOf(node)) {
    const inner = child.type === 'typed_parameter' ? (partsOf(child)[0] ?? child) : child;
    const kind = keywordOnly ? 'keyword-only' : 'positional';
    if (inner.type === 'identifier') parameters.push({ name: textOf(lowering, inner), kind });
    else if (inner.type === 'default_parameter' || inner.type === 'typed_default_parameter') {
      parameters.push({
        name: fieldText(lowering, inner, 'name'),
        kind,
        default: lowerField(lowering, inner, 'value'),
      });
    } else if (inner.type === 'list_splat_pattern') {
      parameters.push({ name: firstText(lowering, inner), kind: 'splat' });
      keywordOnly = true;
    } else if (inner.type === 'dictionary_splat_pattern') {
      parameters.push({ name: firstText(lowering, inner), kind: 'dictionary-splat' });
    } else if (inner.type === 'keyword_separator') keywordOnly = true;
  }
  return parameters;
}

/** `{x=}` gives the text of its expression before the value. */
function toldExpression(text: string, { start, children }: SyntaxNode): string | undefined {
  const expression = children.find(({ field }) => field === 'expression');
  const behind = expression && /^\s*=(?!=)\s*/.exec(text.slice(expression.end - start))?.[0];
  return behind === undefined ? undefined : text.slice(1, expression ? expression.end - start + behind.length : 1);
}

function lowerString(lowering: Lowering, nodes: readonly SyntaxNode[], span: Expression['span']): Expression {
  const parts: FormatPart[] = [];
  const append = (text: string): void => {
    const last = parts.at(-1);
    if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
    else parts.push({ kind: 'text', text });
  };
  let reason: string | undefined;
  for (const node of nodes) {
    if (node.children.length === 0) {
      const literal = textOf(lowering, node);
      reason ??= unread(/^[^'"]*/.exec(literal)?.[0] ?? '', literal);
      append(plainString(literal));
      continue;
    }
    const [first] = node.children;
    const opening = first?.type === 'string_start' ? textOf(lowering, first) : '';
    const isRawString = isRaw(opening);
    const isFormatted = /f/i.test(opening);
    for (const child of node.children) {
      if (child.type === 'string_content') {
        const written = textOf(lowering, child);
        reason ??= unread(opening, written);
        const text = isFormatted ? written.replace(/\{\{|\}\}/g, (pair) => pair.charAt(0)) : written;
        append(isRawString ? text : unescape(text));
      } else if (child.type === 'interpolation') {
        const told = toldExpression(textOf(lowering, child), child);
        if (told !== undefined) append(told);
        const conversion = fieldText(lowering, child, 'type_conversion');
        const format = fieldText(lowering, child, 'format_specifier').slice(1);
        parts.push({
          kind: 'value',
          expression: lowerField(lowering, child, 'expression'),
          conversion: told !== undefined && conversion === '' && format === '' ? '!r' : conversion,
          format,
        });
      }
    }
  }
  if (reason !== undefined) return { kind: 'broken', reason, span };
  if (parts.length === 0) return { kind: 'string', value: '', span };
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'text') return { kind: 'string', value: only.text, span };
  return { kind: 'format-string', parts, span };
}
