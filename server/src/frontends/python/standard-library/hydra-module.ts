// Hydra: a program's settings composed from the files of its configuration folder, and objects made of settings that name their class.
// Started without words; what `compose` is told in the program is followed.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { Arguments, ClassValue, DictValue, Machine, PyValue, UnknownValue } from '../evaluator/machine.ts';
import { importModule } from '../evaluator/modules.ts';
import { builtin, dict, keyOf, list, none, string, unknown } from '../evaluator/values.ts';
import { readYaml } from './data-texts.ts';
import { argument, functionValues, method, plainClasses, silentClass, type LibraryFunction } from './module-table.ts';
import { documentsOf, pathOf } from './workspace-files.ts';

const storedKey = '<stored>';
const folderKey = '<folder>';
const deepest = 12;

/** `hydra` with the modules inside it, which share one store. */
export function hydraModules(): ReadonlyMap<string, PyValue> {
  const store: ClassValue = nativeClass(
    'ConfigStore',
    [],
    [
      ['instance', builtin('instance', (machine, _args, span) => machine.call(store, noArguments, span))],
      method('store', (_self, args, machine) => {
        const [name = none, node = none] = [argument(args, 0, 'name'), argument(args, 1, 'node')];
        const group = argument(args, 2, 'group');
        const key = [group, name].flatMap((each) => (each?.kind === 'string' ? [each.value] : [])).join('/');
        const known = store.attributes.get(storedKey);
        const stored = known?.kind === 'dict' ? known : dict();
        if (stored !== known) machine.change(store).attributes.set(storedKey, stored);
        machine.change(stored).entries.set(keyOf(string(key)), { key: string(key), value: node });
        return none;
      }),
    ],
  );
  const stored = (path: string): PyValue | undefined => {
    const known = store.attributes.get(storedKey);
    return known?.kind === 'dict' ? known.entries.get(keyOf(string(path.replace(/\.ya?ml$/, ''))))?.value : undefined;
  };
  const compose = (
    machine: Machine,
    folder: string | undefined,
    name: string,
    words: readonly string[],
    span: SourceSpan,
  ): PyValue => composed(machine, { folder, stored, words }, name, span);

  const main: LibraryFunction = (_, args) => {
    const name = argument(args, 1, 'config_name');
    const path = argument(args, 0, 'config_path');
    return builtin('main', (_machine, { positional: [task = none] }) => {
      const run: LibraryFunction = (machine, given, span) => {
        if (task.kind !== 'function' || given.positional.length > 0) return machine.call(task, given, span);
        const folder = folderOf(machine, path, task.scope.module.document);
        const isOpen = path?.kind === 'unknown' || name?.kind === 'unknown';
        const settings = isOpen
          ? unknown('Which configuration this starts with is not known', span)
          : compose(machine, folder, name?.kind === 'string' ? name.value : '', wordsGiven(machine), span);
        return machine.call(task, { positional: [settings], keywords: new Map() }, span);
      };
      return started(task, run);
    });
  };
  const initialize: LibraryFunction = (machine, args, span) => {
    const path = argument(args, 0, 'config_path') ?? argument(args, 0, 'config_dir');
    const folder = folderOf(machine, path, span.document);
    machine.change(store).attributes.set(folderKey, folder === undefined ? none : string(folder));
    return machine.call(silentClass('initialize', 'close'), noArguments, span);
  };
  const composing: LibraryFunction = (machine, args, span) => {
    const folder = store.attributes.get(folderKey);
    const name = argument(args, 0, 'config_name');
    const overrides = machine.iterate(argument(args, 1, 'overrides') ?? list([]), span);
    if ('kind' in overrides) return overrides;
    const words = overrides.map((each) => (each.kind === 'string' ? each.value : undefined));
    if (words.includes(undefined)) return unknown('What is chosen here is not known', span);
    const known = words.filter((word) => word !== undefined);
    return compose(
      machine,
      folder?.kind === 'string' ? folder.value : undefined,
      name?.kind === 'string' ? name.value : '',
      known,
      span,
    );
  };
  const utilities = new Map<string, PyValue>(
    functionValues({
      instantiate,
      call: instantiate,
      get_class: (machine, { positional: [path = none] }, span) => located(machine, path, span),
      get_method: (machine, { positional: [path = none] }, span) => located(machine, path, span),
      get_object: (machine, { positional: [path = none] }, span) => located(machine, path, span),
      to_absolute_path: (_, { positional: [path = none] }) => path,
      get_original_cwd: (_, _args, span) => unknown('Where this is started is not known', span),
    }),
  );
  const starting = functionValues({ main, initialize, compose: composing, initialize_config_dir: initialize });
  const inner = (name: string, names: Iterable<readonly [string, PyValue]>): [string, PyValue] => [
    name.replace(/^.*\./, ''),
    { kind: 'module', name: `hydra.${name}`, document: '', names: new Map(names), isModelled: true },
  ];
  return new Map<string, PyValue>([
    ...starting,
    inner('utils', utilities),
    inner('experimental', starting),
    inner('core', [
      inner('core.config_store', [['ConfigStore', store]]),
      inner('core.global_hydra', plainClasses('GlobalHydra')),
      inner('core.hydra_config', []),
    ]),
  ]);
}

const noArguments = { positional: [], keywords: new Map<string, PyValue>() };

/** The function that a program calls in place of its own, under the same name. */
function started(task: PyValue, run: LibraryFunction): PyValue {
  const type = nativeClass(
    'Task',
    [],
    [method('__call__', (_self, args, machine, span) => run(machine, args, span)), ['__wrapped__', task]],
  );
  const name = task.kind === 'function' ? task.name : 'main';
  return {
    kind: 'instance',
    class: type,
    attributes: new Map([['__name__', string(name)]]),
    site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
  };
}

function wordsGiven(machine: Machine): readonly string[] {
  const given = machine.modules.get('sys')?.names.get('argv');
  return given?.kind === 'list'
    ? given.items.slice(1).flatMap((item) => (item.kind === 'string' && item.value.includes('=') ? [item.value] : []))
    : [];
}

/** A configuration folder as a document's address: relative to the file that names it. */
function folderOf(machine: Machine, path: PyValue | undefined, document: string): string | undefined {
  const own = document.slice(0, document.lastIndexOf('/'));
  if (path === undefined || path.kind === 'none') return own;
  const text = pathOf(path);
  if (text === undefined || text.startsWith('pkg:')) return undefined;
  const [whole] = documentsOf(machine, /^[a-z][\w+.-]+:\/\//i.test(text) ? text : `${own}/${text}`);
  return whole?.replace(/\/$/, '');
}

interface Sources {
  readonly folder: string | undefined;
  readonly stored: (path: string) => PyValue | undefined;
  /** `model=large`, `optimizer.lr=0.1`, `+experiment=one`. */
  readonly words: readonly string[];
}

/** One part of a configuration with the place that it has in the whole. */
interface Part {
  readonly at: string;
  readonly settings: PyValue;
}

function composed(machine: Machine, sources: Sources, name: string, span: SourceSpan): PyValue {
  const omega = importModule(machine, 'omegaconf', span)?.names.get('OmegaConf');
  if (omega === undefined) return unknown('OmegaConf is not there', span);
  const ask = (what: string, ...positional: readonly PyValue[]): PyValue =>
    machine.callWith(machine.attribute(omega, what, span), span, ...positional);
  const isThere = (path: string): boolean =>
    sources.stored(path) !== undefined ||
    (sources.folder !== undefined && machine.readDocument(`${sources.folder}/${path}.yaml`, span) !== undefined);
  const chosen = new Map<string, string>();
  const added: string[] = [];
  const values: string[] = [];
  for (const word of sources.words) {
    const [, sign = '', key = '', value = ''] = /^([+~]*)([^=]+)=?(.*)$/s.exec(word) ?? [];
    if (!isThere(`${key.replace(/@.*/, '')}/${value}`)) values.push(`${key}=${value}`);
    else if (sign === '+') added.push(`${key}: ${value}`);
    else chosen.set(key, value);
  }
  const parts: Part[] = [];
  const lost =
    name === ''
      ? undefined
      : collect(
          machine,
          { ...sources, chosen, added, ask },
          { path: name, at: '', depth: 0, isMain: true },
          parts,
          span,
        );
  if (lost) return lost;
  const placed = parts.map(({ at, settings }) =>
    at === '' ? settings : at.split('.').reduceRight<PyValue>((inner, key) => dict([[string(key), inner]]), settings),
  );
  return ask('merge', dict(), ...placed, ask('from_dotlist', list(values.map(string))));
}

interface Choices extends Sources {
  readonly chosen: ReadonlyMap<string, string>;
  readonly added: readonly string[];
  readonly ask: (what: string, ...positional: readonly PyValue[]) => PyValue;
}

interface Wanted {
  readonly path: string;
  /** The dotted place in the whole; empty for all of it. */
  readonly at: string;
  readonly depth: number;
  readonly isMain?: boolean;
  readonly isOptional?: boolean;
}

/** Adds a file's parts in the order in which they are merged; why they are not known, where they are not. */
function collect(
  machine: Machine,
  choices: Choices,
  wanted: Wanted,
  parts: Part[],
  span: SourceSpan,
): UnknownValue | undefined {
  machine.tick(span);
  const { path, depth } = wanted;
  if (depth > deepest) return unknown('These configurations take each other over in a circle', span);
  const found = settingsAt(machine, choices, path, span);
  if (found === undefined)
    return wanted.isOptional === true ? undefined : unknown(`The configuration ${path} is not in the workspace`, span);
  if (found.settings.kind !== 'dict') return found.settings.kind === 'unknown' ? found.settings : undefined;
  const at = found.at ?? wanted.at;
  const { defaults, own } = split(found.settings);
  const written = defaultsIn(defaults);
  if (written === undefined) return unknown(`The defaults of ${path} are not all known`, span);
  const entries = [...written, ...(wanted.isMain === true ? choices.added.map((each): Default => entryOf(each)) : [])];
  if (!entries.some(({ option }) => option === '_self_')) entries.push({ group: '', option: '_self_' });
  const overridden = new Map(
    entries.flatMap(({ group, option, isOverride }) => (isOverride === true ? [[group, option] as const] : [])),
  );
  const group = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  for (const entry of entries) {
    if (entry.option === '_self_') parts.push({ at, settings: own });
    if (entry.option === '_self_' || entry.isOverride === true || /^\/?hydra(\/|$)/.test(entry.group)) continue;
    const isAbsolute = entry.group.startsWith('/') || (entry.group === '' && entry.option.startsWith('/'));
    const relative = entry.group.replace(/^\//, '');
    const folder = ((isAbsolute ? '' : group) + relative).replace(/\/$/, '');
    const isChosen = entry.group !== '';
    const chosen = isChosen
      ? (choices.chosen.get(folder) ?? overridden.get(folder) ?? overridden.get(`/${folder}`))
      : undefined;
    const option = chosen ?? entry.option;
    if (option === '' || option === 'null') continue;
    const inner = [folder, option.replace(/^\//, '')].filter((each) => each !== '').join('/');
    const below =
      relative === '' ? option.replace(/^\//, '').split('/').slice(0, -1).join('.') : relative.replaceAll('/', '.');
    const place = entry.at ?? below;
    const whole = entry.at === undefined && isAbsolute ? below : [at, place].filter((each) => each !== '').join('.');
    const lost = collect(
      machine,
      choices,
      {
        path: inner,
        at: entry.at === '_global_' ? '' : entry.at === '_here_' ? at : whole,
        depth: depth + 1,
        isOptional: entry.isOptional === true,
      },
      parts,
      span,
    );
    if (lost) return lost;
  }
  return undefined;
}

/** What a configuration says, with the place that its text asks for. */
function settingsAt(
  machine: Machine,
  { folder, stored, ask }: Choices,
  path: string,
  span: SourceSpan,
): { settings: PyValue; at?: string } | undefined {
  const names = /\.ya?ml$/.test(path) ? [path] : [`${path}.yaml`, `${path}.yml`];
  for (const name of folder === undefined ? [] : names) {
    const document = `${folder ?? ''}/${name}`;
    const text = machine.readDocument(document, span);
    if (text === undefined) continue;
    const settings = readYaml(machine, { text, document }, span);
    const header = /^\s*#\s*@package\s+(\S+)/m.exec(text)?.[1];
    const at = header?.replace(/^_global_\.?/, '');
    const isPlain = at !== undefined && !at.startsWith('_');
    return { settings: settings.kind === 'none' ? dict() : settings, ...(isPlain && { at }) };
  }
  const node = stored(path);
  if (node === undefined) return undefined;
  return { settings: ask('to_container', ask('create', node)) };
}

function split(settings: DictValue): { readonly defaults: PyValue; readonly own: PyValue } {
  const defaults = settings.entries.get(keyOf(string('defaults')))?.value ?? list([]);
  const rest = [...settings.entries.values()].filter(
    ({ key }) => key.kind !== 'string' || !/^(defaults|hydra)$/.test(key.value),
  );
  return { defaults, own: dict(rest.map(({ key, value }) => [key, value] as const)) };
}

interface Default {
  readonly group: string;
  readonly option: string;
  readonly at?: string;
  readonly isOverride?: boolean;
  readonly isOptional?: boolean;
}

/** The entries of a defaults list; undefined where one is not known. */
function defaultsIn(value: PyValue): Default[] | undefined {
  if (value.kind !== 'list') return value.kind === 'none' ? [] : undefined;
  const found: Default[] = [];
  for (const item of value.items) {
    if (item.kind === 'string') found.push(entryOf(item.value));
    else if (item.kind === 'dict') {
      for (const { key, value: option } of item.entries.values()) {
        if (key.kind !== 'string') return undefined;
        const options = option.kind === 'list' ? option.items : [option];
        for (const each of options) {
          if (each.kind !== 'string' && each.kind !== 'none' && each.kind !== 'int') return undefined;
          found.push(entryOf(`${key.value}: ${each.kind === 'none' ? '' : String(each.value)}`));
        }
      }
    } else return undefined;
  }
  return found;
}

/** `group@place: option` with `optional` or `override` before it, or the path of a file. */
function entryOf(text: string): Default {
  const [, words = '', name = '', at, hasOption, option = ''] =
    /^((?:(?:optional|override)\s+)*)([^@:]+)(?:@([\w.]+))?(:)?\s*(.*)$/.exec(text) ?? [];
  return {
    group: hasOption === undefined ? '' : name.trim(),
    option: hasOption === undefined ? name.trim() : option.trim(),
    ...(at !== undefined && { at }),
    isOverride: words.includes('override'),
    isOptional: words.includes('optional'),
  };
}

/** `package.module.Name`: the value of that name. */
function located(machine: Machine, path: PyValue, span: SourceSpan): PyValue {
  if (path.kind !== 'string') return path.kind === 'unknown' ? path : unknown('What is made here is not known', span);
  const parts = path.value.split('.');
  for (let count = parts.length - 1; count > 0; count--) {
    const module = importModule(machine, parts.slice(0, count).join('.'), span);
    if (module === undefined) continue;
    return parts.slice(count).reduce<PyValue>((value, name) => machine.attribute(value, name, span), module);
  }
  return unknown(`${path.value} is neither in the workspace nor in installed packages`, span);
}

const [targetKey, partialKey, recursiveKey, argumentsKey] = ['_target_', '_partial_', '_recursive_', '_args_'];

/** `hydra.utils.instantiate(settings, …)`. */
function instantiate(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const [settings = args.keywords.get('config') ?? none, ...positional] = args.positional;
  const keywords = new Map([...args.keywords].filter(([name]) => name !== 'config'));
  return made(machine, settings, positional, keywords, 0, span);
}

function made(
  machine: Machine,
  settings: PyValue,
  positional: readonly PyValue[],
  given: ReadonlyMap<string, PyValue>,
  depth: number,
  span: SourceSpan,
): PyValue {
  if (settings.kind === 'unknown') return settings;
  if (depth > deepest) return unknown('These settings are nested too deeply', span);
  const inner = (value: PyValue): PyValue => made(machine, value, [], new Map(), depth + 1, span);
  const isConfig = (name: string): boolean => settings.kind === 'instance' && settings.class.name === name;
  if (settings.kind === 'list' || isConfig('ListConfig')) {
    const items = machine.iterate(settings, span);
    if ('kind' in items) return items;
    const all = items.map(inner);
    return all.every((item, i) => item === items[i]) ? settings : list(all);
  }
  if (settings.kind !== 'dict' && !isConfig('DictConfig')) return settings;
  const pairs = machine.iterate(machine.callWith(machine.attribute(settings, 'items', span), span), span);
  if ('kind' in pairs) return pairs;
  const values = new Map<string, PyValue>();
  for (const pair of pairs)
    if (pair.kind === 'tuple' && pair.items[0]?.kind === 'string')
      values.set(pair.items[0].value, pair.items[1] ?? none);
  if (!values.has(targetKey)) {
    const all = [...values].map(([name, value]) => [string(name), inner(value)] as const);
    return all.some(([, value], i) => value !== [...values.values()][i]) ? dict(all) : settings;
  }
  const isSet = (name: string, otherwise: boolean): boolean => {
    const value = given.get(name) ?? values.get(name);
    return value === undefined ? otherwise : machine.truth(value, span) === true;
  };
  const isRecursive = isSet(recursiveKey, true);
  const isPartial = isSet(partialKey, false);
  const keywords = new Map<string, PyValue>();
  for (const [name, value] of [...values, ...given])
    if (!/^_\w+_$/.test(name)) keywords.set(name, isRecursive ? inner(value) : value);
  const own = given.get(argumentsKey) ?? values.get(argumentsKey);
  const first = positional.length > 0 || own === undefined ? positional : machine.iterate(own, span);
  if ('kind' in first) return first;
  const target = given.get(targetKey) ?? values.get(targetKey) ?? none;
  const callee = target.kind === 'string' ? located(machine, target, span) : target;
  const all = { positional: first, keywords };
  if (!isPartial) return machine.call(callee, all, span);
  return { kind: 'partial', function: callee, args: all };
}
