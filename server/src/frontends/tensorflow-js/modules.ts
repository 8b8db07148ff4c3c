// Files as modules: what they import and export, in both ways of JavaScript.

import { isHarmlessModule } from './harmless.ts';
import { field, hasWord, type ParsedProgram, partsOf, type SyntaxNode } from './javascript-parser.ts';
import { type Machine, type Module, ProgramError } from './machine.ts';
import { Scope } from './scope.ts';
import { declaredNames, stringIn } from './syntax.ts';
import { type JsValue, native, nothing, object, textOf, unknown } from './values.ts';

const library = /^@tensorflow\/tfjs(-|$|\/)/;

export function runModule(machine: Machine, document: string, program: ParsedProgram): Module {
  const known = machine.loaded.get(document);
  if (known !== undefined) return known;
  const module: Module = { scope: new Scope(undefined, true), exports: new Map() };
  machine.loaded.set(document, module);
  const { scope } = module;
  const exported = object([]);
  scope.declare('exports', exported);
  scope.declare('module', object([['exports', exported]]));
  scope.declare(
    'require',
    native('require', ([wanted]) => imported(machine, document, textOf(wanted ?? nothing) ?? '')),
  );
  const statements = partsOf(program.root);
  machine.hoist(statements, scope);
  for (const statement of statements) {
    try {
      topLevel(machine, document, statement, module);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      break;
    }
  }
  const common = scope.get('module');
  const whole = common?.kind === 'object' ? common.entries.get('exports') : undefined;
  const isCommon = whole !== exported || exported.entries.size > 0;
  if (whole !== undefined && isCommon) module.exports.set('module.exports', whole);
  if (whole?.kind === 'object')
    for (const [name, value] of whole.entries) if (!module.exports.has(name)) module.exports.set(name, value);
  return module;
}

function topLevel(machine: Machine, document: string, statement: SyntaxNode, module: Module): void {
  if (statement.type === 'import_statement') runImport(machine, document, statement, module.scope);
  else if (statement.type === 'export_statement') runExport(machine, document, statement, module);
  else machine.execute(statement, module.scope);
}

/** What a module is as one value. */
function imported(machine: Machine, document: string, specifier: string): JsValue {
  if (library.test(specifier)) return machine.library.namespace;
  const found = machine.modules.load(document, specifier);
  if (found === undefined) {
    const missing = unknown(`the module ${specifier} is not read`);
    return isHarmlessModule(specifier) ? { ...missing, isHarmless: true } : missing;
  }
  const { exports } = runModule(machine, found.document, found.program);
  return exports.get('module.exports') ?? { kind: 'object', entries: exports };
}

function runImport(machine: Machine, document: string, statement: SyntaxNode, scope: Scope): void {
  const specifier = stringIn(field(statement, 'source')) ?? '';
  const module = imported(machine, document, specifier);
  const named = (name: string): JsValue => {
    if (module === machine.library.namespace && name === 'default') return module;
    const exports = exportsOf(machine, document, specifier);
    return (
      exports?.get(name) ?? (name === 'default' && module.kind !== 'object' ? module : machine.memberOf(module, name))
    );
  };
  const clause = statement.children.find(({ type }) => type === 'import_clause');
  for (const part of clause?.children ?? []) {
    if (part.type === 'identifier') scope.declare(part.text, named('default'));
    if (part.type === 'namespace_import') scope.declare(partsOf(part)[0]?.text ?? '', module);
    if (part.type === 'named_imports')
      for (const each of partsOf(part)) {
        const name = field(each, 'name')?.text ?? each.text;
        scope.declare(field(each, 'alias')?.text ?? name, named(name));
      }
  }
}

function exportsOf(machine: Machine, document: string, specifier: string): ReadonlyMap<string, JsValue> | undefined {
  if (library.test(specifier)) return undefined;
  const found = machine.modules.load(document, specifier);
  return found && runModule(machine, found.document, found.program).exports;
}

function runExport(machine: Machine, document: string, statement: SyntaxNode, { scope, exports }: Module): void {
  const source = field(statement, 'source');
  const declaration = field(statement, 'declaration');
  if (declaration !== undefined) {
    machine.execute(declaration, scope);
    for (const name of declaredNames(declaration)) exports.set(name, scope.get(name) ?? nothing);
    if (hasWord(statement, 'default')) {
      const [name] = declaredNames(declaration);
      exports.set('default', name === undefined ? machine.evaluate(declaration, scope) : (scope.get(name) ?? nothing));
    }
    return;
  }
  const value = field(statement, 'value');
  if (value !== undefined) exports.set('default', machine.evaluate(value, scope));
  const from = source === undefined ? undefined : exportsOf(machine, document, stringIn(source) ?? '');
  const clause = statement.children.find(({ type }) => type === 'export_clause');
  for (const each of partsOf(clause)) {
    const name = field(each, 'name')?.text ?? '';
    exports.set(
      field(each, 'alias')?.text ?? name,
      (source === undefined ? scope.get(name) : from?.get(name)) ?? unknown(`${name} is not read`),
    );
  }
  if (source !== undefined && clause === undefined) for (const [name, found] of from ?? []) exports.set(name, found);
}
