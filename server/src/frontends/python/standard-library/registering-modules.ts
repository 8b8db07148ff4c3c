// Which module of a package defines a name that the package hands on: told by the text of its `__init__.py` files. Nothing is
// run for it, so that one model of hundreds can be built without the others.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Machine } from '../evaluator/machine.ts';

/** More files are not looked at for one name. */
const mostFiles = 200;

/** The dotted name of the module, or undefined where no text tells it. */
export function definingModule(machine: Machine, place: string, name: string, span: SourceSpan): string | undefined {
  const seen = new Set<string>();
  const definition = new RegExp(`^(?:class|def)\\s+${name}\\b`, 'm');
  const find = (module: string): string | undefined => {
    if (seen.has(module) || seen.size >= mostFiles) return undefined;
    seen.add(module);
    const file = textOf(machine, module, span);
    if (file === undefined) return undefined;
    if (definition.test(file.text)) return module;
    // A module that does not name it can only give it by taking in all names of another one.
    const isNamed = file.text.includes(name);
    const { body } = machine.parser.parseLazily(file.document, file.text);
    const imports = body.flatMap((statement) => (statement.kind === 'import-from' ? [statement] : []));
    const absolute = (target: string, level: number): string => {
      if (level === 0) return target;
      const parts = module.split('.');
      const up = file.isPackage ? level - 1 : level;
      return [...parts.slice(0, parts.length - up), ...(target === '' ? [] : [target])].join('.');
    };
    for (const { module: target, level, names } of isNamed ? imports : []) {
      if (names?.some((one) => one.name === name && (one.alias === '' || one.alias === name)) !== true) continue;
      const found = find(absolute(target, level));
      if (found !== undefined) return found;
    }
    for (const { module: target, level, names } of imports) {
      const found = names === undefined ? find(absolute(target, level)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(place);
}

function textOf(
  machine: Machine,
  module: string,
  span: SourceSpan,
): { readonly document: string; readonly text: string; readonly isPackage: boolean } | undefined {
  const path = module.replaceAll('.', '/');
  for (const root of machine.reader.roots) {
    for (const isPackage of [true, false]) {
      const document = `${root}/${path}${isPackage ? '/__init__' : ''}.py`;
      const text = machine.readDocument(document, span);
      if (text !== undefined) return { document, text, isPackage };
    }
  }
  return undefined;
}
