// Which names a statement mentions. They don't depend on where it stands: they are found once, and kept when it is moved because
// something before it was edited.

import type { ClassDefinition, FunctionDefinition, Statement } from './ast.ts';

const known = new WeakMap<Statement, ReadonlySet<string>>();
const inBodies = new WeakMap<Statement, ReadonlySet<string>>();

/** Every name that a statement mentions; strings and comments don't count, nor do attributes. */
export function mentionedNames(statement: Statement): ReadonlySet<string> {
  const before = known.get(statement);
  if (before) return before;
  const names = namesIn(statement);
  known.set(statement, names);
  return names;
}

/** The names that the body of a class or function mentions: not those of its bases, parameters and decorators. */
export function namesInBody(definition: ClassDefinition | FunctionDefinition): ReadonlySet<string> {
  const before = inBodies.get(definition);
  if (before) return before;
  const names = namesIn(definition.body);
  inBodies.set(definition, names);
  return names;
}

/** Says that a statement is another one that was moved. */
export function keepMentionedNames(statement: Statement, moved: Statement): void {
  for (const memory of [known, inBodies]) {
    const names = memory.get(statement);
    if (names) memory.set(moved, names);
  }
}

/** Every name that any piece of syntax mentions. */
export function namesIn(syntax: unknown): ReadonlySet<string> {
  return wordsIn(syntax, 'name');
}

/** Every attribute that any piece of syntax asks something for. */
export function attributesIn(syntax: unknown): ReadonlySet<string> {
  return wordsIn(syntax, 'attribute');
}

function wordsIn(syntax: unknown, kind: 'name' | 'attribute'): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if ('kind' in node && node.kind === kind && 'name' in node && typeof node.name === 'string') found.add(node.name);
    for (const key in node) if (key !== 'span' && key !== 'nameSpan') visit(Reflect.get(node, key));
  };
  visit(syntax);
  return found;
}
