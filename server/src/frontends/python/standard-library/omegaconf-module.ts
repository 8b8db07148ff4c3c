// OmegaConf: settings from YAML files, merged, with `${…}` where one takes its value from another. What has to be given on the
// command line (`???`) is not known.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { getItem } from '../evaluator/items.ts';
import type { ClassValue, InstanceValue, ListValue, Machine, PyValue, UnknownValue } from '../evaluator/machine.ts';
import { hasKey } from '../evaluator/partial-dictionary.ts';
import { bool, builtin, dict, int, keyOf, list, none, pyFalse, pyTrue, string, unknown } from '../evaluator/values.ts';
import { readYaml } from './data-texts.ts';
import { dataOf } from './file-modules.ts';
import { argumentsIn, interpolationsIn } from './interpolations.ts';
import { argument, functionValues, method, plainClasses, silentClass, type LibraryFunction } from './module-table.ts';
import {
  eachEntry,
  emptyTree,
  entriesOf,
  isTreeValue,
  mappingBase,
  mergeInto,
  pairsOf,
  parentKey,
  putEntry,
  treeClass,
  type TreeRules,
} from './settings-trees.ts';
import { pathOf, workspaceFile } from './workspace-files.ts';

/** What `isinstance` knows lists of settings as. */
const sequenceBase = nativeClass('MutableSequence', [nativeClass('Sequence', [])]);
const itemsKey = '<items>';
const resolversKey = '<resolvers>';
/** Settings that lead to each other in a circle would never end. */
const mostSteps = 20;
const missing = '???';

/** What an evaluation's settings are made with. */
export interface OmegaConf {
  readonly names: ReadonlyMap<string, PyValue>;
  /** A dictionary, a list or anything else as settings. */
  readonly create: (machine: Machine, value: PyValue, span: SourceSpan) => PyValue;
  readonly merge: (machine: Machine, parts: readonly PyValue[], span: SourceSpan) => PyValue;
  /** `a.b=3`, as a command line says it. */
  readonly fromWords: (machine: Machine, words: readonly string[], span: SourceSpan) => PyValue;
  readonly put: (machine: Machine, node: InstanceValue, key: PyValue, value: PyValue, span: SourceSpan) => void;
  readonly read: (machine: Machine, node: InstanceValue, path: string, span: SourceSpan) => PyValue | undefined;
  /** Plain dictionaries and lists. */
  readonly toContainer: (machine: Machine, value: PyValue, span: SourceSpan, resolves: boolean) => PyValue;
}

export function omegaConf(): OmegaConf {
  const itemsOf = (node: InstanceValue): ListValue | UnknownValue => {
    const items = node.attributes.get(itemsKey);
    return items?.kind === 'list' ? items : unknown('What this list of settings holds is not known', node.site.span);
  };
  const isSequence = (value: PyValue): value is InstanceValue => value.kind === 'instance' && value.class === listClass;

  /** Every tree has a place of its own: what is put into one is copied. */
  const keep = (machine: Machine, parent: InstanceValue, value: PyValue, span: SourceSpan): PyValue => {
    const made = create(machine, value, span);
    if (made.kind === 'instance' && (isTreeValue(made) || isSequence(made)))
      machine.change(made).attributes.set(parentKey, parent);
    return made;
  };

  const create = (machine: Machine, value: PyValue, span: SourceSpan): PyValue => {
    if (value.kind === 'list' || value.kind === 'tuple' || isSequence(value)) {
      const items = isSequence(value) ? itemsOf(value) : value;
      if (items.kind === 'unknown') return items;
      machine.hold(items.items.length, span);
      const node: InstanceValue = {
        kind: 'instance',
        class: listClass,
        attributes: new Map(),
        site: { span, callChain: [...machine.callStack] },
      };
      machine.noteMade(node);
      machine.change(node).attributes.set(itemsKey, list(items.items.map((item) => keep(machine, node, item, span))));
      return node;
    }
    const source = structured(machine, value, span);
    if (source.kind !== 'dict' && source.kind !== 'partial-dict' && !isTreeValue(source)) return source;
    const pairs = pairsOf(machine, source, span);
    if ('kind' in pairs) return pairs;
    machine.hold(pairs.length, span);
    const node = emptyTree(machine, dictClass, span);
    for (const [key, each] of pairs) putEntry(machine, rules, node, key, each, span);
    return node;
  };

  /** A dataclass, or an instance of one, as a dictionary of its fields; anything else as it is. */
  const structured = (machine: Machine, value: PyValue, span: SourceSpan): PyValue => {
    const type = value.kind === 'instance' ? value.class : value;
    if (type.kind !== 'class' || type.fields === undefined) return value;
    const object = value.kind === 'class' ? machine.call(value, { positional: [], keywords: new Map() }, span) : value;
    if (object.kind !== 'instance') return object;
    return dict(type.fields.map(({ name }) => [string(name), object.attributes.get(name) ?? none] as const));
  };

  const rootOf = (node: InstanceValue): InstanceValue => {
    let root = node;
    for (let i = 0; i < 200; i++) {
      const parent = root.attributes.get(parentKey);
      if (parent?.kind !== 'instance') break;
      root = parent;
    }
    return root;
  };

  /** What stands at `a.b[0].c` below a node, as it is kept. */
  const find = (
    machine: Machine,
    node: InstanceValue,
    path: string,
    span: SourceSpan,
    depth: number,
  ): PyValue | undefined => {
    let found: PyValue = node;
    for (const part of path.replace(/\[(\w+)\]/g, '.$1').split('.')) {
      if (part === '') continue;
      if (found.kind !== 'instance') return found.kind === 'unknown' ? found : undefined;
      const within: InstanceValue = found;
      if (isSequence(within)) {
        const items = itemsOf(within);
        const item: PyValue | undefined = items.kind === 'unknown' ? items : items.items[Number(part)];
        if (item === undefined) return undefined;
        found = resolved(machine, within, item, span, depth);
        continue;
      }
      const entries = entriesOf(within);
      if (entries.kind === 'unknown') return entries;
      const keys = [string(part), ...(/^\d+$/.test(part) ? [int(Number(part))] : [])];
      const key = keys.find((each) => hasKey(entries, each) !== false);
      if (key === undefined) return undefined;
      found = resolved(machine, within, getItem(machine, entries, key, span), span, depth);
    }
    return found;
  };

  /** The value that settings have once what stands in `${…}` is put in its place. */
  const resolved = (machine: Machine, node: InstanceValue, value: PyValue, span: SourceSpan, depth = 0): PyValue => {
    if (value.kind !== 'string') return value;
    if (value.value === missing) return unknown('This setting has to be given (???)', span);
    if (!value.value.includes('${')) return value;
    if (depth > mostSteps) return unknown('These settings lead to each other in a circle', span);
    machine.tick(span);
    const parts: PyValue[] = [];
    for (const part of interpolationsIn(value.value))
      parts.push(part.isText ? string(part.text) : interpolated(machine, node, part.text, span, depth + 1));
    const [only] = parts;
    if (parts.length === 1 && only) return only;
    const lost = parts.find(({ kind }) => kind === 'unknown');
    return lost ?? string(parts.map((part) => machine.text(part, span)).join(''));
  };

  /** What `path`, `.sibling` or `resolver:arguments` stands for. */
  const interpolated = (
    machine: Machine,
    node: InstanceValue,
    written: string,
    span: SourceSpan,
    depth: number,
  ): PyValue => {
    const inner = resolved(machine, node, string(written), span, depth);
    if (inner.kind === 'unknown') return inner;
    const colon = /^\s*([A-Za-z_][\w.]*)\s*:/.exec(written);
    if (colon) return bySolver(machine, node, colon[1] ?? '', written.slice(colon[0].length), span, depth);
    const [, dots = '', path = ''] = /^\s*(\.*)(.*?)\s*$/.exec(machine.text(inner, span)) ?? [];
    let from: InstanceValue = dots === '' ? rootOf(node) : node;
    for (let i = 1; i < dots.length; i++) {
      const above = from.attributes.get(parentKey);
      if (above?.kind === 'instance') from = above;
    }
    return find(machine, from, path, span, depth) ?? unknown(`\${${written}} leads to no setting`, span);
  };

  const bySolver = (
    machine: Machine,
    node: InstanceValue,
    name: string,
    written: string,
    span: SourceSpan,
    depth: number,
  ): PyValue => {
    const known = conf.attributes.get(resolversKey);
    const resolver =
      known?.kind === 'dict' ? hasKey(known, string(name)) && getItem(machine, known, string(name), span) : undefined;
    if (name === 'oc.env' || !resolver) return unknown(`What \${${name}:${written}} gives is not known`, span);
    const positional = argumentsIn(written).map((text) => {
      const value = resolved(machine, node, readYaml(machine, { text, document: undefined }, span), span, depth);
      return value;
    });
    return machine.call(resolver, { positional, keywords: new Map() }, span);
  };

  const rules: TreeRules = {
    name: 'DictConfig',
    bases: [mappingBase],
    keep,
    show: (machine, node, value, span) => resolved(machine, node, value, span),
    methods: [
      method('copy', (self, _args, machine, span) => create(machine, self, span)),
      method('__eq__', (_self, _args, _machine, span) =>
        unknown('Whether these settings are equal is not followed', span),
      ),
    ],
  };
  const dictClass: ClassValue = treeClass(rules);

  const withItems =
    (
      run: (
        items: ListValue,
        self: InstanceValue,
        args: readonly PyValue[],
        machine: Machine,
        span: SourceSpan,
      ) => PyValue,
    ) =>
    (
      self: InstanceValue,
      { positional }: { readonly positional: readonly PyValue[] },
      machine: Machine,
      span: SourceSpan,
    ) => {
      const items = itemsOf(self);
      return items.kind === 'unknown' ? items : run(items, self, positional, machine, span);
    };
  const shown = (self: InstanceValue, items: ListValue, machine: Machine, span: SourceSpan): PyValue[] =>
    items.items.map((item) => resolved(machine, self, item, span));
  const listClass: ClassValue = nativeClass(
    'ListConfig',
    [sequenceBase],
    [
      method('__init__', (self, { positional: [content = list([])] }, machine, span) => {
        const items = machine.iterate(content, span);
        const kept = 'kind' in items ? items : list(items.map((item) => keep(machine, self, item, span)));
        machine.change(self).attributes.set(itemsKey, kept);
        return none;
      }),
      method(
        '__len__',
        withItems((items) => int(items.items.length)),
      ),
      method(
        '__iter__',
        withItems((items, self, _args, machine, span) => ({
          kind: 'iterator',
          items: shown(self, items, machine, span),
          position: 0,
        })),
      ),
      method(
        '__getitem__',
        withItems((items, self, [index = none], machine, span) => {
          const found = getItem(machine, list(shown(self, items, machine, span)), index, span);
          return index.kind === 'slice' ? create(machine, found, span) : found;
        }),
      ),
      method(
        '__setitem__',
        withItems((items, self, [index = none, value = none], machine, span) => {
          const place =
            index.kind === 'int' ? (index.value < 0 ? index.value + items.items.length : index.value) : undefined;
          if (place === undefined) machine.ways.loseOwner(items, 'Which item is set here is not known', span);
          else machine.change(items).items[place] = keep(machine, self, value, span);
          return none;
        }),
      ),
      method(
        '__contains__',
        withItems((items, self, [item = none], machine, span) => {
          const has = machine.contains(list(shown(self, items, machine, span)), item, span);
          return has === undefined ? unknown('Whether this list of settings has it is not known', span) : bool(has);
        }),
      ),
      method(
        '__add__',
        withItems((items, self, [other = none], machine, span) => {
          const more = machine.iterate(other, span);
          return 'kind' in more ? more : create(machine, list([...shown(self, items, machine, span), ...more]), span);
        }),
      ),
      method(
        '__radd__',
        withItems((items, self, [other = none], machine, span) => {
          const more = machine.iterate(other, span);
          return 'kind' in more ? more : create(machine, list([...more, ...shown(self, items, machine, span)]), span);
        }),
      ),
      method(
        'append',
        withItems((items, self, [value = none], machine, span) => {
          machine.change(items).items.push(keep(machine, self, value, span));
          return none;
        }),
      ),
      method(
        'extend',
        withItems((items, self, [values = none], machine, span) => {
          const more = machine.iterate(values, span);
          if ('kind' in more) machine.ways.loseOwner(items, more.reason, span);
          else machine.change(items).items.push(...more.map((item) => keep(machine, self, item, span)));
          return none;
        }),
      ),
      method(
        'insert',
        withItems((items, self, [index = int(0), value = none], machine, span) => {
          machine
            .change(items)
            .items.splice(index.kind === 'int' ? index.value : 0, 0, keep(machine, self, value, span));
          return none;
        }),
      ),
      method(
        'pop',
        withItems((items, self, [index = int(-1)], machine, span) => {
          const value = getItem(machine, items, index, span);
          machine.change(items).items.splice(index.kind === 'int' ? index.value : -1, 1);
          return resolved(machine, self, value, span);
        }),
      ),
      method(
        'index',
        withItems((items, self, [wanted = none], machine, span) =>
          machine.callWith(machine.attribute(list(shown(self, items, machine, span)), 'index', span), span, wanted),
        ),
      ),
    ],
  );

  const toContainer = (machine: Machine, value: PyValue, span: SourceSpan, resolves: boolean): PyValue => {
    if (value.kind !== 'instance') return value;
    const inner = (node: InstanceValue, each: PyValue): PyValue =>
      toContainer(machine, resolves ? resolved(machine, node, each, span) : each, span, resolves);
    if (value.class !== dictClass && value.class !== listClass) return value;
    if (value.class === listClass) {
      const items = itemsOf(value);
      return items.kind === 'unknown' ? items : list(items.items.map((item) => inner(value, item)));
    }
    const pairs: (readonly [PyValue, PyValue])[] = [];
    const lost = eachEntry(value, (key, each) => pairs.push([key, inner(value, each)]));
    machine.hold(pairs.length, span);
    return lost ?? dict(pairs);
  };

  const merge = (machine: Machine, parts: readonly PyValue[], span: SourceSpan): PyValue => {
    const [first = none, ...others] = parts.map((part) => create(machine, part, span));
    if (first.kind !== 'instance' || !isTreeValue(first)) return others.at(-1) ?? first;
    for (const other of others) {
      if (other.kind === 'unknown') return other;
      const lost = mergeInto(machine, rules, first, other, span);
      if (lost) return lost;
    }
    return first;
  };

  const fromWords = (machine: Machine, words: readonly string[], span: SourceSpan): PyValue => {
    const root = emptyTree(machine, dictClass, span);
    for (const word of words) set(machine, root, word, span);
    return root;
  };

  const set = (machine: Machine, root: InstanceValue, word: string, span: SourceSpan): void => {
    const [, path = '', text = ''] = /^\+*([^=]*)=?(.*)$/s.exec(word) ?? [];
    update(machine, root, path, readYaml(machine, { text, document: undefined }, span), span);
  };

  /** Sets what stands at a path, with the trees on the way. */
  const update = (machine: Machine, root: InstanceValue, path: string, value: PyValue, span: SourceSpan): void => {
    let node = root;
    const parts = path.replace(/\[(\w+)\]/g, '.$1').split('.');
    for (const part of parts.slice(0, -1)) {
      const entries = entriesOf(node);
      if (entries.kind === 'unknown') return;
      const there = hasKey(entries, string(part)) === false ? undefined : getItem(machine, entries, string(part), span);
      if (there?.kind === 'instance') node = there;
      else {
        putEntry(machine, rules, node, string(part), dict(), span);
        const made = getItem(machine, entries, string(part), span);
        if (made.kind !== 'instance') return;
        node = made;
      }
    }
    const last = parts.at(-1) ?? '';
    const items = isSequence(node) ? itemsOf(node) : undefined;
    if (items?.kind === 'list' && /^\d+$/.test(last))
      machine.change(items).items[Number(last)] = keep(machine, node, value, span);
    else if (items === undefined) putEntry(machine, rules, node, string(last), value, span);
  };

  const asNode = (value: PyValue | undefined): InstanceValue | undefined =>
    value?.kind === 'instance' && (value.class === dictClass || isSequence(value)) ? value : undefined;

  const load: LibraryFunction = (machine, args, span) => {
    const value = argument(args, 0, 'file_');
    const file = pathOf(value) === undefined ? undefined : workspaceFile(machine, value, span);
    if (file?.kind === 'unknown') return file;
    const data = file ?? dataOf(value);
    if (data === undefined) return unknown('Which settings are read here is not known', span);
    if (!('text' in data)) return data;
    const read = readYaml(machine, data, span);
    return create(machine, read.kind === 'none' ? dict() : read, span);
  };

  const functions: Readonly<Record<string, LibraryFunction>> = {
    create: (machine, args, span) => {
      const value = argument(args, 0, 'obj') ?? dict();
      if (value.kind !== 'string') return create(machine, value, span);
      return create(machine, readYaml(machine, { text: value.value, document: undefined }, span), span);
    },
    structured: (machine, args, span) => create(machine, argument(args, 0, 'obj') ?? none, span),
    load,
    merge: (machine, { positional }, span) => merge(machine, positional, span),
    unsafe_merge: (machine, { positional }, span) => merge(machine, positional, span),
    from_cli: (machine, args, span) => {
      const given = argument(args, 0, 'args_list');
      return fromWords(machine, given === undefined ? wordsOf(machine, span) : textsIn(machine, given, span), span);
    },
    from_dotlist: (machine, args, span) =>
      fromWords(machine, textsIn(machine, argument(args, 0, 'dotlist') ?? none, span), span),
    to_container: (machine, args, span) => {
      const resolves = argument(args, 1, 'resolve');
      return toContainer(
        machine,
        argument(args, 0, 'cfg') ?? none,
        span,
        resolves !== undefined && machine.truth(resolves, span) === true,
      );
    },
    to_object: (machine, args, span) => toContainer(machine, argument(args, 0, 'cfg') ?? none, span, true),
    select: (machine, args, span) => {
      const node = asNode(argument(args, 0, 'cfg'));
      const path = argument(args, 1, 'key');
      if (node === undefined || path?.kind !== 'string') return unknown('Which setting this is is not known', span);
      return find(machine, node, path.value, span, 0) ?? args.keywords.get('default') ?? none;
    },
    update: (machine, args, span) => {
      const node = asNode(argument(args, 0, 'cfg'));
      const path = argument(args, 1, 'key');
      const value = argument(args, 2, 'value') ?? none;
      if (node && path?.kind === 'string') update(machine, node, path.value, value, span);
      return none;
    },
    register_new_resolver: (machine, args) => {
      const [name = none, resolver = none] = [argument(args, 0, 'name'), argument(args, 1, 'resolver')];
      const known = conf.attributes.get(resolversKey);
      const made = known?.kind === 'dict' ? known : dict();
      if (made !== known) machine.change(conf).attributes.set(resolversKey, made);
      machine.change(made).entries.set(keyOf(name), { key: name, value: resolver });
      return none;
    },
    is_config: (_, { positional: [value] }) => bool(asNode(value) !== undefined),
    is_dict: (_, { positional: [value] }) => bool(value?.kind === 'instance' && value.class === dictClass),
    is_list: (_, { positional: [value] }) => bool(value !== undefined && isSequence(value)),
    is_missing: (machine, { positional: [node = none, key = none] }, span) => {
      const entries =
        node.kind === 'instance' && isTreeValue(node) ? entriesOf(node) : unknown('These settings are not known', span);
      if (entries.kind === 'unknown') return entries;
      const value = hasKey(entries, key) === false ? undefined : getItem(machine, entries, key, span);
      return bool(value?.kind === 'string' && value.value === missing);
    },
    to_yaml: (_, _args, span) => unknown('What this text is is not followed', span),
    has_resolver: (_, { positional: [name = none] }) => {
      const known = conf.attributes.get(resolversKey);
      return known?.kind === 'dict' && hasKey(known, name) === true ? pyTrue : pyFalse;
    },
    ...Object.fromEntries(
      ['resolve', 'set_struct', 'set_readonly', 'save', 'clear_resolver', 'clear_resolvers', 'clear_cache'].map(
        (name): [string, LibraryFunction] => [name, () => none],
      ),
    ),
    is_struct: (_, _args, span) => unknown('Whether these settings may grow is not followed', span),
    is_readonly: (_, _args, span) => unknown('Whether these settings may change is not followed', span),
  };
  const conf = nativeClass('OmegaConf', [], functionValues(functions));

  const contexts = functionValues(
    Object.fromEntries(
      ['open_dict', 'read_write', 'flag_override'].map((name): [string, LibraryFunction] => [
        name,
        (machine, _args, span) =>
          machine.call(silentClass(name, 'close'), { positional: [], keywords: new Map() }, span),
      ]),
    ),
  );
  return {
    names: new Map<string, PyValue>([
      ['OmegaConf', conf],
      ['DictConfig', dictClass],
      ['ListConfig', listClass],
      ['MISSING', string(missing)],
      ['II', builtin('II', (_, { positional: [path] }) => string(`\${${path?.kind === 'string' ? path.value : ''}}`))],
      ['SI', builtin('SI', (_, { positional: [text = none] }) => text)],
      ...contexts,
      ...plainClasses('Container Node BaseContainer AnyNode SCMode'),
    ]),
    create,
    merge,
    fromWords,
    put: (machine, node, key, value, span) => {
      putEntry(machine, rules, node, key, value, span);
    },
    read: (machine, node, path, span) => find(machine, node, path, span, 0),
    toContainer,
  };
}

/** The words after the program's name, as `sys.argv` has them. */
function wordsOf(machine: Machine, span: SourceSpan): readonly string[] {
  const system = machine.modules.get('sys')?.names.get('argv');
  return system?.kind === 'list' ? textsIn(machine, list(system.items.slice(1)), span) : [];
}

function textsIn(machine: Machine, value: PyValue, span: SourceSpan): readonly string[] {
  const items = machine.iterate(value, span);
  return 'kind' in items ? [] : items.flatMap((item) => (item.kind === 'string' ? [item.value] : []));
}
