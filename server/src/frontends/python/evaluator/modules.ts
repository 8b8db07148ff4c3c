// Imports: modelled library modules first, then source under the reader's roots, relative imports beside the importer.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ImportedName } from '../syntax/ast.ts';
import { overlongText } from '../../shared/frontend.ts';
import { unknown } from './values.ts';
import type { Machine, BuiltinValue, ModuleValue, PyValue, Scope } from './machine.ts';
import { isStandardModule } from './python-names.ts';
import { setName } from './names.ts';
import { documentsOf, pathOf as pathOfValue } from '../standard-library/workspace-files.ts';

/** The module of a dotted name, loaded once; undefined when neither a model nor source is found. */
export function importModule(machine: Machine, name: string, span: SourceSpan): ModuleValue | undefined {
  const loaded = machine.modules.get(name);
  if (loaded) return loaded;
  const modelled = machine.library.module(machine, name);
  if (modelled) {
    machine.modules.set(name, modelled);
    return modelled;
  }
  const path = pathOf(name);
  for (const root of machine.reader.roots) {
    const found = loadFrom(machine, name, `${root}/${path}`, span);
    if (found) return found;
  }
  for (const folder of addedFolders(machine)) {
    const found = loadFrom(machine, name, `${folder}/${path}`, span);
    if (found) return found;
  }
  machine.tick(span);
  const standIn = machine.library.standIn(machine, name);
  if (standIn) machine.modules.set(name, standIn);
  return standIn;
}

/** Folders of the workspace that the program has put into `sys.path`. */
function addedFolders(machine: Machine): readonly string[] {
  const added = machine.modules.get('sys')?.names.get('path');
  if (added?.kind !== 'list') return [];
  return added.items.flatMap((item) => documentsOf(machine, pathOfValue(item) ?? ''));
}

/** Where a dotted name stands below a folder, as an editor writes it in a URI: letters beyond ASCII are encoded. */
function pathOf(name: string): string {
  return name.split('.').map(encodeURIComponent).join('/');
}

function loadFrom(machine: Machine, name: string, base: string, span: SourceSpan): ModuleValue | undefined {
  for (const [document, isPackage] of [
    [`${base}/__init__.py`, true],
    [`${base}.py`, false],
  ] as const) {
    const text = machine.readDocument(document, span);
    if (text === undefined) continue;
    const overlong = overlongText(document, text, machine.limits);
    if (overlong) {
      machine.report(overlong);
      continue;
    }
    return loadModule(machine, name, document, text, isPackage);
  }
  return undefined;
}

/** Runs a module's text. The module is registered first, so that cycles of imports end. */
function loadModule(machine: Machine, name: string, document: string, text: string, isPackage: boolean): ModuleValue {
  const module = sourceModule(name, document, isPackage);
  machine.modules.set(name, module);
  const parsed = machine.parser.parseLazily(document, text);
  const scope: Scope = { names: module.names, parent: undefined, module };
  // A `try` around the import handles what this module lacks, not what the modules that it names would bring with them.
  // And one that is first asked for in one of several ways stays loaded in all: what its text made is not undone.
  machine.loading(() => {
    machine.noteMade(module);
    machine.noteMade(scope);
    machine.unguarded(() => {
      machine.runModule(scope, parsed.body);
    });
  });
  return module;
}

/** A module of source text before that text is run. */
function sourceModule(name: string, document: string, isPackage: boolean): ModuleValue {
  return { kind: 'module', name, document, names: new Map(), isModelled: false, isPackage, deferred: new Map() };
}

/** The value of a name that was imported but not asked for until now. */
export function deferredName(machine: Machine, module: ModuleValue, name: string): PyValue | undefined {
  const resolve = module.deferred?.get(name);
  if (resolve === undefined) return undefined;
  machine.change(module).deferred?.delete(name);
  // Bound anew since then.
  const own = module.names.get(name);
  if (own !== undefined) return own;
  const value = resolve();
  machine.change(module).names.set(name, value);
  return value;
}

/** Resolves all names that were imported but not asked for. */
export function resolveDeferred(machine: Machine, module: ModuleValue): void {
  for (const name of [...(module.deferred?.keys() ?? [])]) deferredName(machine, module, name);
}

/**
 * Binds a name whose value can wait. At the top of a module it is resolved when it is first asked for, as most of a
 * library's names never are; inside `try` at once, as an import may be what fails, and in one of several ways, as another way may
 * have asked for the same name.
 */
export function bindLate(machine: Machine, scope: Scope, name: string, resolve: () => PyValue): void {
  const { deferred } = scope.module;
  if (deferred === undefined || scope.names !== scope.module.names || machine.isGuarded || machine.ways.isExploring) {
    setName(machine, scope, name, resolve());
    return;
  }
  machine.change(scope).names.delete(name);
  // It is as if it had been done here: in no way, within no `try`, and once whoever asks.
  let known: PyValue | undefined;
  const once = (): PyValue => (known ??= machine.unrecorded(() => machine.unguarded(resolve)));
  machine.change(scope.module).deferred?.set(name, once);
}

/** `os.environ` for packages. Their switches are known to few and mostly not set, unlike what a script asks for. */
export const unsetEnvironment = '<environment of packages>';

/** Whether text stands in a module of a package. */
export function isInPackage(machine: Machine, { document }: SourceSpan): boolean {
  for (const module of machine.modules.values())
    if (module.document === document && (module.name.includes('.') || module.isPackage === true)) return true;
  return false;
}

/** What a module's names hold for each name that it does not know: no name that Python text can use. */
export const anyName = '<any name>';

/** A module that is not there: an exception where the source handles it, otherwise an unknown value. */
function missingModule(machine: Machine, name: string, span: SourceSpan): PyValue {
  // Which of them a Python has depends on its version.
  if (isStandardModule(name)) return { ...unknown(`${name} is not modelled`, span), path: name };
  if (machine.isGuarded) return machine.raise('ModuleNotFoundError', `No module named '${name}'`, span);
  const packages = 'installed packages (morphnet.python.sitePackages, --site-packages)';
  return { ...unknown(`The module ${name} is neither in the workspace nor in ${packages}`, span), path: name };
}

/** A name of something that comes from a module that is not there. */
function nameOf(missing: PyValue, name: string): PyValue {
  return missing.kind === 'unknown' && missing.path !== undefined
    ? { ...missing, path: `${missing.path}.${name}` }
    : missing;
}

/** `import a.b.c [as d]`. */
export function importInto(machine: Machine, scope: Scope, name: string, alias: string, span: SourceSpan): void {
  const parts = name.split('.');
  const [first = ''] = parts;
  const load = (wanted: string): PyValue =>
    importModule(machine, wanted, span) ??
    (wanted === first && parts.length > 1 ? namespace(machine, name, span) : undefined) ??
    missingModule(machine, wanted, span);
  if (alias !== '') bindLate(machine, scope, alias, () => load(name));
  else {
    bindLate(machine, scope, first, () => {
      const whole = load(first);
      for (let i = 2; i <= parts.length; i++) load(parts.slice(0, i).join('.'));
      return whole;
    });
  }
}

/** `from module import names`, relative when `level` counts dots. */
export function importFrom(
  machine: Machine,
  scope: Scope,
  target: string,
  level: number,
  names: readonly ImportedName[] | undefined,
  span: SourceSpan,
): void {
  if (names === undefined) {
    const module = moduleNamed(machine, scope.module, target, level, span);
    // Any name may come from a module that is not there, or of which not all is known.
    if (module === undefined || module.isModelled) {
      const missing = module ? `${module.name} is known in part` : `${'.'.repeat(level)}${target} is not there`;
      machine.change(scope.module).names.set(anyName, unknown(`This may be of a module of which ${missing}`, span));
    }
    if (module === undefined) {
      if (machine.isGuarded) missingModule(machine, target, span);
      return;
    }
    for (const name of exportedNames(module)) {
      const own = module.names.get(name);
      if (own !== undefined) setName(machine, scope, name, own);
      else bindLate(machine, scope, name, () => importedName(machine, module, name, span));
    }
    return;
  }
  for (const { name, alias } of names) {
    bindLate(machine, scope, alias === '' ? name : alias, () => {
      const module = moduleNamed(machine, scope.module, target, level, span);
      if (module) return importedName(machine, module, name, span);
      const inFolder = level === 0 ? importModule(machine, `${target}.${name}`, span) : undefined;
      if (inFolder) return inFolder;
      return nameOf(missingModule(machine, `${'.'.repeat(level)}${target}`, span), name);
    });
  }
}

/** `models` of `import models.resnet`, where that is a folder without `__init__.py`; folders inside it may be the same. */
function namespace(machine: Machine, name: string, span: SourceSpan): ModuleValue | undefined {
  const inner = importModule(machine, name, span);
  if (inner === undefined || inner.isModelled || inner.document === '') return undefined;
  const parts = name.split('.');
  let child = inner;
  let folder = inner.document.replace(/(\/__init__)?\.py$/, '');
  for (let depth = parts.length - 1; depth > 0; depth--) {
    folder = folder.slice(0, folder.lastIndexOf('/'));
    const above = parts.slice(0, depth).join('.');
    const known = importModule(machine, above, span);
    const module = known ?? sourceModule(above, `${folder}/__init__.py`, true);
    machine.modules.set(above, module);
    machine.change(module).names.set(parts[depth] ?? '', child);
    child = module;
  }
  return child;
}

/** `__import__('a.b')`: the package at the top, or the module itself where names are asked of it. */
export const importTop: BuiltinValue['call'] = (machine, { positional, keywords }, span) => {
  const name = positional[0]?.kind === 'string' ? positional[0].value : '';
  const asked = positional[3] ?? keywords.get('fromlist');
  const module = importModule(machine, name, span);
  if (module === undefined) return machine.raise('ModuleNotFoundError', `No module named '${name}'`, span);
  if ((asked?.kind === 'tuple' || asked?.kind === 'list') && asked.items.length > 0) return module;
  return importModule(machine, name.replace(/\..*/, ''), span) ?? module;
};

/** The module that an import in another one names; relative when `level` counts dots. */
function moduleNamed(
  machine: Machine,
  from: ModuleValue,
  target: string,
  level: number,
  span: SourceSpan,
): ModuleValue | undefined {
  return level === 0 ? importModule(machine, target, span) : relativeModule(machine, from, target, level, span);
}

/** Importing all that a module has is tried for so many modules: packages of hundreds of models would never end. */
const mostStars = 8;

/** A name that a package gives though its text does not set it; see `noteLazyNames`. */
export function lazyName(machine: Machine, module: ModuleValue, name: string, span: SourceSpan): PyValue | undefined {
  const statements = module.lookedAt ?? [];
  for (const { module: target, level, names = [] } of statements) {
    const imported = names.find((one) => (one.alias === '' ? one.name : one.alias) === name);
    if (imported === undefined) continue;
    const from = moduleNamed(machine, module, target, level, span);
    const value = from && importedName(machine, from, imported.name, span);
    if (value) machine.change(module).names.set(name, value);
    return value;
  }
  const stars = statements.filter(({ names }) => names === undefined);
  if (stars.length > mostStars) return undefined;
  for (const { module: target, level } of stars) {
    const from = moduleNamed(machine, module, target, level, span);
    const value =
      from && (from.names.get(name) ?? deferredName(machine, from, name) ?? lazyName(machine, from, name, span));
    if (value === undefined) continue;
    machine.change(module).names.set(name, value);
    return value;
  }
  return undefined;
}

/** A module's own `__getattr__`, which is asked for names that the module does not have. */
export function nameGiver(machine: Machine, module: ModuleValue): PyValue | undefined {
  return module.names.get('__getattr__') ?? deferredName(machine, module, '__getattr__');
}

/** What a module of ours lacks. */
export function notModelled(module: ModuleValue, name: string, span: SourceSpan): PyValue {
  const path = `${module.name}.${name}`;
  return { ...unknown(`${path} is not modelled`, span), path };
}

function importedName(machine: Machine, module: ModuleValue, name: string, span: SourceSpan): PyValue {
  const own = module.names.get(name) ?? deferredName(machine, module, name) ?? lazyName(machine, module, name, span);
  if (own !== undefined && own.kind !== 'unknown') return own;
  if (name === 'environ' && isInPackage(machine, span))
    return module.names.get(unsetEnvironment) ?? notModelled(module, name, span);
  // Importing that module fails where it imports one that is not there.
  if (own?.kind === 'unknown' && own.path !== undefined && machine.isGuarded && !module.isModelled) {
    const [top = ''] = own.path.split('.', 1);
    if (top !== '' && importModule(machine, top, span) === undefined) missingModule(machine, top, span);
  }
  // Where modules import each other, a name may lead back to itself; Python finds the submodule of that name.
  const child = importModule(machine, `${module.name}.${name}`, span) ?? siblingModule(machine, module, name, span);
  if (child) return child;
  if (own !== undefined) return own;
  if (module.isModelled) return notModelled(module, name, span);
  const getter = nameGiver(machine, module);
  if (getter) return machine.callWith(getter, span, { kind: 'string', value: name });
  if (machine.isGuarded)
    return machine.raise('ImportError', `cannot import name '${name}' from '${module.name}'`, span);
  return unknown(`${module.name} has no ${name}`, span);
}

/** A submodule beside a package's `__init__.py`, for packages that were found by a relative path. */
function siblingModule(machine: Machine, module: ModuleValue, name: string, span: SourceSpan): ModuleValue | undefined {
  if (module.isPackage !== true || module.document === '') return undefined;
  const folder = module.document.slice(0, module.document.lastIndexOf('/'));
  return (
    machine.modules.get(`${module.name}.${name}`) ??
    loadFrom(machine, `${module.name}.${name}`, `${folder}/${pathOf(name)}`, span)
  );
}

function relativeModule(
  machine: Machine,
  from: ModuleValue,
  target: string,
  level: number,
  span: SourceSpan,
): ModuleValue | undefined {
  if (from.document === '') return undefined;
  let folder = from.document.slice(0, from.document.lastIndexOf('/'));
  const nameParts = from.name.split('.');
  if (from.isPackage !== true) nameParts.pop();
  for (let i = 1; i < level; i++) {
    folder = folder.slice(0, folder.lastIndexOf('/'));
    nameParts.pop();
  }
  const path = target === '' ? '' : `/${pathOf(target)}`;
  // A file that is opened by itself has no package name; the folder's path tells its neighbours apart.
  const prefix = nameParts.length > 0 ? nameParts.join('.') : `<${folder}>`;
  const name = target === '' ? prefix : `${prefix}.${target}`;
  if (machine.library.isModelledWithin(name)) return importModule(machine, name, span);
  return machine.modules.get(name) ?? importModuleAt(machine, name, `${folder}${path}`, span);
}

function importModuleAt(machine: Machine, name: string, base: string, span: SourceSpan): ModuleValue | undefined {
  const found = loadFrom(machine, name, base, span);
  if (found) return found;
  machine.tick(span);
  // A folder without __init__.py is a package too; its modules are found beside it.
  const namespace: ModuleValue = {
    kind: 'module',
    name,
    document: `${base}/__init__.py`,
    names: new Map(),
    isModelled: false,
    isPackage: true,
  };
  return namespace;
}

/** The names that `from module import *` binds. */
function exportedNames(module: ModuleValue): readonly string[] {
  const all = module.names.get('__all__');
  if (all?.kind === 'list' || all?.kind === 'tuple') {
    return all.items.flatMap((item) => (item.kind === 'string' ? [item.value] : []));
  }
  return [...module.names.keys(), ...(module.deferred?.keys() ?? [])].filter((name) => !/^[_<]/.test(name));
}
