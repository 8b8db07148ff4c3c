// Tree-sitter's statement nodes to our own. Broken stretches become problems and `broken-statement`; the rest stays.

import type { ExceptHandler, Expression, ImportedName, Statement } from './ast.ts';
import { lowerPattern } from './lower-pattern.ts';
import {
  deepest,
  field,
  fields,
  fieldText,
  partsOf,
  placeOf,
  reportBroken,
  reportTooDeep,
  spanOf,
  textOf,
  type Lowering,
} from './lowering.ts';
import { binaryOperator, lowerArguments, lowerExpression, lowerParameters } from './lower-expression.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** A block weighs as much as some nested expressions; Python itself stops at a hundred levels of blocks. */
const depthOfBlock = 4;

function tooDeep(lowering: Lowering, node: SyntaxNode): Statement {
  return { kind: 'broken-statement', reason: reportTooDeep(lowering, node), span: spanOf(lowering, node) };
}

/** The statements of a module or a block. */
export function lowerBlock(lowering: Lowering, node: SyntaxNode | undefined): readonly Statement[] {
  if (node === undefined) return [];
  if (lowering.depth >= deepest) return [tooDeep(lowering, node)];
  lowering.depth += depthOfBlock;
  const statements = partsOf(node).flatMap((child) => lowerStatement(lowering, child));
  lowering.depth -= depthOfBlock;
  return statements;
}

function lowerStatement(lowering: Lowering, node: SyntaxNode): readonly Statement[] {
  const span = spanOf(lowering, node);
  const one = (name: string): Expression => lowerNode(lowering, field(node, name), node);
  switch (node.type) {
    case 'expression_statement':
      return lowerExpressionStatement(lowering, node);
    case 'return_statement': {
      const [value] = partsOf(node);
      return [{ kind: 'return', span, ...(value && { value: lowerExpression(lowering, value) }) }];
    }
    case 'pass_statement':
      return [{ kind: 'pass', span }];
    case 'break_statement':
      return [{ kind: 'break', span }];
    case 'continue_statement':
      return [{ kind: 'continue', span }];
    case 'if_statement':
      return [lowerIf(lowering, node, fields(node, 'alternative'))];
    case 'while_statement':
      return [
        {
          kind: 'while',
          test: one('condition'),
          body: lowerBlock(lowering, field(node, 'body')),
          otherwise: lowerElse(lowering, node),
          span,
        },
      ];
    case 'for_statement':
      return [
        {
          kind: 'for',
          target: one('left'),
          iterable: one('right'),
          body: lowerBlock(lowering, field(node, 'body')),
          otherwise: lowerElse(lowering, node),
          span,
        },
      ];
    case 'function_definition':
    case 'class_definition':
      return [lowerDefinition(lowering, node, [])];
    case 'decorated_definition': {
      const decorators = partsOf(node)
        .filter((child) => child.type === 'decorator')
        .map((child) => lowerNode(lowering, partsOf(child)[0], child));
      const definition = field(node, 'definition');
      return definition ? [lowerDefinition(lowering, definition, decorators)] : [];
    }
    case 'import_statement':
      return [{ kind: 'import', names: importedNames(lowering, node), span }];
    case 'import_from_statement':
      return [lowerImportFrom(lowering, node)];
    case 'future_import_statement':
      return [];
    case 'raise_statement': {
      const [exception] = partsOf(node);
      return [{ kind: 'raise', span, ...(exception && { exception: lowerExpression(lowering, exception) }) }];
    }
    case 'try_statement':
      return [lowerTry(lowering, node)];
    case 'with_statement':
      return [lowerWith(lowering, node)];
    case 'assert_statement': {
      const [test, message] = partsOf(node).map((child) => lowerExpression(lowering, child));
      return test ? [{ kind: 'assert', test, span, ...(message && { message }) }] : [];
    }
    case 'global_statement':
    case 'nonlocal_statement':
      return [
        {
          kind: 'scope',
          names: partsOf(node).map((child) => textOf(lowering, child)),
          scope: node.type === 'global_statement' ? 'global' : 'nonlocal',
          span,
        },
      ];
    case 'delete_statement':
      return [{ kind: 'delete', targets: partsOf(node).map((child) => lowerExpression(lowering, child)), span }];
    case 'match_statement':
      return [lowerMatch(lowering, node)];
    case 'type_alias_statement':
    case 'print_statement':
    case 'exec_statement':
      return [];
    case 'ERROR': {
      // What stands inside the broken stretch may still be whole definitions: keep those.
      const reason = reportBroken(lowering, node);
      const whole = partsOf(node).filter((child) => /_(definition|statement)$/.test(child.type));
      return [{ kind: 'broken-statement', reason, span }, ...whole.flatMap((child) => lowerStatement(lowering, child))];
    }
    default:
      return [{ kind: 'expression', expression: lowerExpression(lowering, node), span }];
  }
}

function lowerNode(lowering: Lowering, node: SyntaxNode | undefined, parent: SyntaxNode): Expression {
  if (node === undefined) return { kind: 'broken', reason: 'Something is missing', span: spanOf(lowering, parent) };
  return lowerExpression(lowering, node);
}

function lowerExpressionStatement(lowering: Lowering, node: SyntaxNode): readonly Statement[] {
  const span = spanOf(lowering, node);
  const parts = partsOf(node);
  const [first] = parts;
  if (first === undefined) return [];
  if (first.type === 'assignment') return lowerAssignment(lowering, first);
  if (first.type === 'augmented_assignment') {
    const operator = binaryOperator(fieldText(lowering, first, 'operator').slice(0, -1));
    return [
      {
        kind: 'augmented',
        target: lowerNode(lowering, field(first, 'left'), first),
        operator,
        value: lowerNode(lowering, field(first, 'right'), first),
        span,
      },
    ];
  }
  const expression: Expression =
    parts.length === 1
      ? lowerExpression(lowering, first)
      : { kind: 'tuple', elements: parts.map((part) => lowerExpression(lowering, part)), span };
  return [{ kind: 'expression', expression, span }];
}

function lowerAssignment(lowering: Lowering, node: SyntaxNode): readonly Statement[] {
  const targets: Expression[] = [];
  let current = node;
  for (;;) {
    targets.push(lowerNode(lowering, field(current, 'left'), current));
    const right = field(current, 'right');
    if (right === undefined) {
      const [target] = targets;
      return target ? [{ kind: 'annotated', target, span: spanOf(lowering, node) }] : [];
    }
    if (right.type === 'assignment') {
      current = right;
      continue;
    }
    const value = lowerExpression(lowering, right);
    const [target] = targets;
    if (field(current, 'type') && target && targets.length === 1)
      return [{ kind: 'annotated', target, value, span: spanOf(lowering, node) }];
    return [{ kind: 'assignment', targets, value, span: spanOf(lowering, node) }];
  }
}

function lowerIf(lowering: Lowering, node: SyntaxNode, alternatives: readonly SyntaxNode[]): Statement {
  const [next, ...later] = alternatives;
  let otherwise: readonly Statement[] = [];
  if (next?.type === 'elif_clause') {
    lowering.depth++;
    otherwise = [lowering.depth >= deepest ? tooDeep(lowering, next) : lowerIf(lowering, next, later)];
    lowering.depth--;
  }
  if (next?.type === 'else_clause') otherwise = lowerBlock(lowering, field(next, 'body'));
  return {
    kind: 'if',
    test: lowerNode(lowering, field(node, 'condition'), node),
    body: lowerBlock(lowering, field(node, 'consequence')),
    otherwise,
    span: spanOf(lowering, node),
  };
}

function lowerElse(lowering: Lowering, node: SyntaxNode): readonly Statement[] {
  const alternative = field(node, 'alternative');
  return alternative ? lowerBlock(lowering, field(alternative, 'body')) : [];
}

function lowerDefinition(lowering: Lowering, node: SyntaxNode, decorators: readonly Expression[]): Statement {
  const span = spanOf(lowering, node);
  const nameNode = field(node, 'name');
  const name = fieldText(lowering, node, 'name');
  const nameSpan = nameNode ? spanOf(lowering, nameNode) : span;
  const bodyNode = field(node, 'body');
  if (node.type === 'class_definition') {
    return {
      kind: 'class',
      name,
      nameSpan,
      bases: lowerArguments(lowering, field(node, 'superclasses')),
      body: lowerBlock(lowering, bodyNode),
      decorators,
      span,
    };
  }
  const parameterNode = field(node, 'parameters');
  const parameters = parameterNode ? lowerParameters(lowering, parameterNode) : [];
  const deferred = bodyNode && lowering.deferred?.get(placeOf(lowering, bodyNode.start));
  if (deferred) {
    return {
      kind: 'function',
      name,
      nameSpan,
      parameters,
      get body() {
        return deferred.read().body;
      },
      decorators,
      get isGenerator() {
        return deferred.read().isGenerator;
      },
      span,
    };
  }
  const { body, isGenerator } = lowerFunctionBody(lowering, bodyNode);
  return { kind: 'function', name, nameSpan, parameters, body, decorators, isGenerator, span };
}

/** The statements of a function and whether it yields; nested functions and lambdas have bodies of their own. */
export function lowerFunctionBody(
  lowering: Lowering,
  node: SyntaxNode | undefined,
): { readonly body: readonly Statement[]; readonly isGenerator: boolean } {
  const yields = { found: false };
  const body = lowerBlock({ ...lowering, yields }, node);
  return { body, isGenerator: yields.found };
}

function importedNames(lowering: Lowering, node: SyntaxNode): readonly ImportedName[] {
  return fields(node, 'name').map((child) => {
    if (child.type === 'aliased_import') {
      return { name: fieldText(lowering, child, 'name'), alias: fieldText(lowering, child, 'alias') };
    }
    return { name: textOf(lowering, child), alias: '' };
  });
}

function lowerImportFrom(lowering: Lowering, node: SyntaxNode): Statement {
  const text = fieldText(lowering, node, 'module_name').replace(/\s/g, '');
  const level = /^\.*/.exec(text)?.[0].length ?? 0;
  const wildcard = node.children.some((child) => child.type === 'wildcard_import');
  return {
    kind: 'import-from',
    module: text.slice(level),
    level,
    names: wildcard ? undefined : importedNames(lowering, node),
    span: spanOf(lowering, node),
  };
}

function lowerTry(lowering: Lowering, node: SyntaxNode): Statement {
  const handlers: ExceptHandler[] = [];
  let otherwise: readonly Statement[] = [];
  let final: readonly Statement[] = [];
  for (const child of partsOf(node)) {
    const block = partsOf(child).find((part) => part.type === 'block');
    if (child.type === 'except_clause') handlers.push(lowerHandler(lowering, child, block));
    else if (child.type === 'else_clause') otherwise = lowerBlock(lowering, field(child, 'body'));
    else if (child.type === 'finally_clause') final = lowerBlock(lowering, block);
  }
  return {
    kind: 'try',
    body: lowerBlock(lowering, field(node, 'body')),
    handlers,
    otherwise,
    final,
    span: spanOf(lowering, node),
  };
}

function lowerHandler(lowering: Lowering, clause: SyntaxNode, block: SyntaxNode | undefined): ExceptHandler {
  const body = lowerBlock(lowering, block);
  const head = partsOf(clause).find((part) => part.type !== 'block');
  if (head === undefined) return { body };
  if (head.type !== 'as_pattern') return { type: lowerExpression(lowering, head), body };
  const [type] = partsOf(head);
  const alias = field(head, 'alias');
  const name = alias && textOf(lowering, alias);
  return { body, ...(type && { type: lowerExpression(lowering, type) }), ...(name !== undefined && { name }) };
}

function lowerWith(lowering: Lowering, node: SyntaxNode): Statement {
  // In parentheses the items may stand one level further down.
  const clauses = node.children.filter((child) => child.type === 'with_clause');
  const items = clauses
    .flatMap(({ children }) => [...children, ...children.flatMap((child) => child.children)])
    .filter((child) => child.type === 'with_item');
  return {
    kind: 'with',
    span: spanOf(lowering, node),
    body: lowerBlock(lowering, field(node, 'body')),
    items: items.map((item) => {
      const value = field(item, 'value') ?? item;
      if (value.type !== 'as_pattern') return { value: lowerExpression(lowering, value) };
      const [context] = partsOf(value);
      const alias = field(value, 'alias');
      return { value: lowerNode(lowering, context, value), ...(alias && { target: lowerExpression(lowering, alias) }) };
    }),
  };
}

function lowerMatch(lowering: Lowering, node: SyntaxNode): Statement {
  const block = field(node, 'body');
  const cases = block ? partsOf(block).filter((child) => child.type === 'case_clause') : [];
  return {
    kind: 'match',
    subject: lowerNode(lowering, field(node, 'subject'), node),
    span: spanOf(lowering, node),
    cases: cases.map((clause) => {
      const patterns = partsOf(clause).filter((child) => child.type === 'case_pattern');
      const lowered = patterns.map((pattern) => lowerPattern(lowering, pattern));
      const guard = field(clause, 'guard');
      const condition = guard ? partsOf(guard)[0] : undefined;
      return {
        pattern: lowered.length === 1 && lowered[0] ? lowered[0] : { kind: 'sequence', patterns: lowered },
        body: lowerBlock(lowering, field(clause, 'consequence')),
        ...(condition && { guard: lowerExpression(lowering, condition) }),
      };
    }),
  };
}
