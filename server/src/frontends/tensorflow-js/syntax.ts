// Questions to the tree of a program that need no values.

import { field, partsOf, type SyntaxNode } from './javascript-parser.ts';

export function parametersOf(node: SyntaxNode): readonly SyntaxNode[] {
  const single = field(node, 'parameter');
  if (single !== undefined) return [single];
  return partsOf(field(node, 'parameters'));
}

export function nameOf(parameter: SyntaxNode): string {
  return (field(parameter, 'pattern') ?? parameter).text.replaceAll(/\s+/g, ' ').slice(0, 40);
}

export function declaredNames(declaration: SyntaxNode): readonly string[] {
  const name = field(declaration, 'name');
  if (name !== undefined) return [name.text];
  return partsOf(declaration).flatMap((each) => {
    const own = field(each, 'name');
    return own?.type === 'identifier' ? [own.text] : [];
  });
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

export function stringIn(node: SyntaxNode | undefined): string | undefined {
  if (node?.type !== 'string') return undefined;
  return node.text.slice(1, -1).replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

export const isFunction = ({ type }: SyntaxNode): boolean => /function|method_definition/.test(type);

/** Goes through a tree; `visit` says whether to look inside. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean): void {
  if (!visit(node)) return;
  for (const child of node.children) walk(child, visit);
}

/** Names that a program calls as functions. */
export function calledNames(root: SyntaxNode): ReadonlySet<string> {
  const found = new Set<string>();
  walk(root, (node) => {
    const target = node.type === 'call_expression' ? field(node, 'function') : undefined;
    if (target?.type === 'identifier') found.add(target.text);
    return true;
  });
  return found;
}
