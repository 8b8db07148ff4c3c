// The patterns of `match` from the syntax tree.

import type { Expression, Pattern } from './ast.ts';
import { lowerExpression } from './lower-expression.ts';
import { partsOf, spanOf, textOf, type Lowering } from './lowering.ts';
import type { SyntaxNode } from './syntax-tree.ts';

export function lowerPattern(lowering: Lowering, node: SyntaxNode): Pattern {
  const parts = partsOf(node);
  const [first] = parts;
  const lower = (part: SyntaxNode): Pattern => lowerPattern(lowering, part);
  switch (node.type) {
    case 'case_pattern':
      if (first === undefined) return { kind: 'wildcard' };
      // The sign stands beside the number.
      return textOf(lowering, node).startsWith('-') && /^(integer|float)$/.test(first.type)
        ? { kind: 'value', expression: negative(lowering, node, first) }
        : lower(first);
    case 'dotted_name':
    case 'identifier':
      if (textOf(lowering, node) === '_') return { kind: 'wildcard' };
      if (!textOf(lowering, node).includes('.')) return { kind: 'capture', name: textOf(lowering, node) };
      return { kind: 'value', expression: dotted(lowering, node) };
    case 'union_pattern':
      return /-/.test(textOf(lowering, node))
        ? unsupported(lowering, node)
        : { kind: 'alternatives', patterns: parts.map(lower) };
    case 'as_pattern': {
      const [pattern, name] = parts;
      if (!pattern || !name) return { kind: 'unsupported', reason: 'Half a pattern', names: [] };
      return { kind: 'as', pattern: lower(pattern), name: textOf(lowering, name) };
    }
    case 'tuple_pattern': {
      // A pattern in parentheses is that pattern.
      const isGroup = parts.length === 1 && !/,\s*\)$/.test(textOf(lowering, node));
      if (isGroup && first && partsOf(first)[0]?.type !== 'splat_pattern') return lower(first);
      return { kind: 'sequence', patterns: parts.map(lower) };
    }
    case 'list_pattern':
      return { kind: 'sequence', patterns: parts.map(lower) };
    case 'splat_pattern': {
      const name = first && textOf(lowering, first);
      return { kind: 'rest', ...(name !== undefined && name !== '_' && { name }) };
    }
    case 'dict_pattern':
      return lowerMapping(lowering, node);
    case 'class_pattern':
      return lowerClass(lowering, node);
    case 'integer':
    case 'float':
    case 'string':
    case 'concatenated_string':
    case 'true':
    case 'false':
    case 'none':
      return { kind: 'value', expression: lowerExpression(lowering, node) };
    default:
      return unsupported(lowering, node);
  }
}

/** A pattern that is not read, with all that it may bind. */
function unsupported(lowering: Lowering, node: SyntaxNode): Pattern {
  const names = identifiersIn(node).map((each) => textOf(lowering, each));
  return { kind: 'unsupported', reason: `A ${node.type} in a match is not read`, names };
}

function identifiersIn(node: SyntaxNode): readonly SyntaxNode[] {
  return node.type === 'identifier' ? [node] : node.children.flatMap(identifiersIn);
}

function lowerMapping(lowering: Lowering, node: SyntaxNode): Pattern {
  const entries: { key: Expression; pattern: Pattern }[] = [];
  let key: SyntaxNode | undefined;
  let rest: string | undefined;
  for (const part of partsOf(node)) {
    if (part.type === 'splat_pattern') {
      const [name] = partsOf(part);
      rest = name && textOf(lowering, name);
    } else if (part.type !== 'case_pattern') key = part;
    else if (key === undefined) return unsupported(lowering, node);
    else {
      const expression =
        key.type === 'dotted_name' || key.type === 'identifier'
          ? dotted(lowering, key)
          : lowerExpression(lowering, key);
      entries.push({ key: expression, pattern: lowerPattern(lowering, part) });
      key = undefined;
    }
  }
  // A sign before a key stands beside it.
  if (key !== undefined || /[{,]\s*-/.test(textOf(lowering, node))) return unsupported(lowering, node);
  return { kind: 'mapping', entries, ...(rest !== undefined && { rest }) };
}

function lowerClass(lowering: Lowering, node: SyntaxNode): Pattern {
  const [type, ...parts] = partsOf(node);
  if (type === undefined) return unsupported(lowering, node);
  const positional: Pattern[] = [];
  const named: { name: string; pattern: Pattern }[] = [];
  for (const part of parts) {
    const [inner] = partsOf(part);
    if (inner?.type !== 'keyword_pattern') {
      positional.push(lowerPattern(lowering, part));
      continue;
    }
    const [name, value] = partsOf(inner);
    if (!name || !value || /=\s*-/.test(textOf(lowering, inner))) return unsupported(lowering, node);
    named.push({ name: textOf(lowering, name), pattern: lowerPattern(lowering, value) });
  }
  return { kind: 'class', type: dotted(lowering, type), positional, named };
}

function negative(lowering: Lowering, node: SyntaxNode, number: SyntaxNode): Expression {
  const operand = lowerExpression(lowering, number);
  return { kind: 'unary', operator: '-', operand, span: spanOf(lowering, node) };
}

function dotted(lowering: Lowering, node: SyntaxNode): Expression {
  const [first, ...rest] = textOf(lowering, node).split('.');
  const span = spanOf(lowering, node);
  return rest.reduce<Expression>((object, name) => ({ kind: 'attribute', object, name, span }), {
    kind: 'name',
    name: first ?? '',
    span,
  });
}
