// Settings as yacs, ML Collections and EasyDict keep them. Where yacs is installed its own source is read; this stands in for it.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { ClassValue, InstanceValue, Machine, PyValue, UnknownValue } from '../evaluator/machine.ts';
import { PythonError } from '../evaluator/python-error.ts';
import { builtin, dict, list, none, pyFalse, string, tuple, unknown } from '../evaluator/values.ts';
import { readYaml } from './data-texts.ts';
import { dataOf, literalEval } from './file-modules.ts';
import { argument, functionValues, method, silentClass, type ModuleTable } from './module-table.ts';
import {
  eachEntry,
  emptyTree,
  entriesOf,
  isTreeValue,
  mappingBase,
  mergeInto,
  pairsOf,
  putEntry,
  treeClass,
  type TreeRules,
} from './settings-trees.ts';
import { workspaceFile } from './workspace-files.ts';

const dictionaryBase = (machine: Machine): readonly ClassValue[] => {
  const base = machine.builtins.get('dict');
  return base?.kind === 'class' ? [base] : [];
};

/** A dictionary as a tree, with the trees inside it; anything else as it is. */
const asTree =
  (typeOf: () => ClassValue, rulesOf: () => TreeRules, inLists: boolean): TreeRules['keep'] =>
  (machine, node, value, span): PyValue => {
    const keep = (each: PyValue): PyValue => rulesOf().keep(machine, node, each, span);
    if (value.kind === 'dict' || value.kind === 'partial-dict') {
      const made = emptyTree(machine, typeOf(), span);
      const pairs = pairsOf(machine, value, span);
      if ('kind' in pairs) return pairs;
      machine.hold(pairs.length, span);
      for (const [key, each] of pairs) putEntry(machine, rulesOf(), made, key, each, span);
      return made;
    }
    if (
      !inLists ||
      (value.kind !== 'list' && value.kind !== 'tuple') ||
      !value.items.some(({ kind }) => kind === 'dict')
    )
      return value;
    return value.kind === 'list' ? list(value.items.map(keep)) : tuple(value.items.map(keep));
  };

/** A copy of a tree with copies of all trees inside it. */
function copied(machine: Machine, rules: TreeRules, node: InstanceValue, span: SourceSpan): PyValue {
  const made = emptyTree(machine, node.class, span);
  const copyOf = (value: PyValue): PyValue => {
    if (value.kind === 'instance' && isTreeValue(value)) return copied(machine, rules, value, span);
    if (value.kind === 'list') return list(value.items.map(copyOf));
    return value.kind === 'dict'
      ? dict([...value.entries.values()].map(({ key, value: each }) => [key, copyOf(each)]))
      : value;
  };
  const lost = eachEntry(node, (key, value) => {
    machine.hold(1, span);
    putEntry(machine, rules, made, key, copyOf(value), span);
  });
  return lost ?? made;
}

/** A tree as plain dictionaries. */
function plainly(machine: Machine, node: InstanceValue, span: SourceSpan): PyValue {
  const pairs: (readonly [PyValue, PyValue])[] = [];
  const lost = eachEntry(node, (key, value) =>
    pairs.push([key, value.kind === 'instance' && isTreeValue(value) ? plainly(machine, value, span) : value]),
  );
  machine.hold(pairs.length, span);
  return lost ?? dict(pairs);
}

/** `yacs.config`. */
export const yacsModule: ModuleTable = (machine) => {
  const silent = ['freeze', 'defrost', 'set_new_allowed', 'register_deprecated_key', 'register_renamed_key'];
  const rules: TreeRules = {
    name: 'CfgNode',
    bases: dictionaryBase(machine),
    keep: asTree(
      () => type,
      () => rules,
      false,
    ),
    methods: [
      method('clone', (self, _args, inner, span) => copied(inner, rules, self, span)),
      method('merge_from_file', (self, args, inner, span) => {
        const file = workspaceFile(inner, argument(args, 0, 'cfg_filename'), span);
        return takeOver(
          inner,
          self,
          file.kind === 'unknown' ? file : decoded(inner, readYaml(inner, file, span), span),
          span,
        );
      }),
      method('merge_from_other_cfg', (self, args, inner, span) =>
        takeOver(inner, self, argument(args, 0, 'cfg_other') ?? none, span),
      ),
      method('merge_from_list', (self, args, inner, span) =>
        mergeList(inner, self, argument(args, 0, 'cfg_list') ?? none, span),
      ),
      method('dump', (_self, _args, _machine, span) => unknown('What this text is is not followed', span)),
      method('is_frozen', (_self, _args, _machine, span) =>
        unknown('Whether these settings are frozen is not followed', span),
      ),
      method('is_new_allowed', () => pyFalse),
      ...silent.map((name) => method(name, () => none)),
      [
        'load_cfg',
        builtin('load_cfg', (inner, args, span) => {
          const data = dataOf(argument(args, 0));
          if (data === undefined || 'kind' in data)
            return data ?? unknown('Which settings are read here is not known', span);
          return rules.keep(
            inner,
            emptyTree(inner, type, span),
            decoded(inner, readYaml(inner, data, span), span),
            span,
          );
        }),
      ],
    ],
  };
  const type: ClassValue = treeClass(rules);
  /** A sequence takes the kind of the one in whose place it comes. */
  const put = (old: PyValue | undefined, value: PyValue): PyValue => {
    if (old?.kind === 'tuple' && value.kind === 'list') return tuple(value.items);
    return old?.kind === 'list' && value.kind === 'tuple' ? list(value.items) : value;
  };
  const takeOver = (inner: Machine, self: InstanceValue, source: PyValue, span: SourceSpan): PyValue =>
    mergeInto(inner, rules, self, source, span, { put }) ?? none;
  const mergeList = (inner: Machine, self: InstanceValue, value: PyValue, span: SourceSpan): PyValue => {
    const items = inner.iterate(value, span);
    if ('kind' in items) return takeOver(inner, self, items, span);
    for (let i = 0; i + 1 < items.length; i += 2) {
      const [path, given = none] = [items[i], items[i + 1]];
      if (path?.kind !== 'string') return takeOver(inner, self, path ?? none, span);
      const source = path.value
        .split('.')
        .reduceRight<PyValue>((within, part) => dict([[string(part), within]]), decoded(inner, given, span));
      takeOver(inner, self, source, span);
    }
    return none;
  };
  return new Map<string, PyValue>([['CfgNode', type]]);
};

/** Texts that are literals of Python, as what they say. */
function decoded(machine: Machine, value: PyValue, span: SourceSpan): PyValue {
  if (value.kind === 'dict')
    return dict(
      [...value.entries.values()].map(({ key, value: each }) => [key, decoded(machine, each, span)] as const),
    );
  if (value.kind !== 'string') return value;
  try {
    return machine.guarded(() => literalEval(machine, { positional: [value], keywords: new Map() }, span));
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return value;
  }
}

/** `ml_collections`, and `config_flags` in it. */
export const mlCollectionsModule: ModuleTable = () => {
  const makeRules = (name: string): { readonly rules: TreeRules; readonly type: ClassValue } => {
    const own: { rules: TreeRules; type: ClassValue | undefined } = {
      rules: { name, keep: (_m, _n, value) => value },
      type: undefined,
    };
    const typeOf = (): ClassValue => own.type ?? nativeClass(name, []);
    own.rules = {
      name,
      bases: [mappingBase],
      keep: asTree(typeOf, () => own.rules, false),
      methods: [
        method('update', (self, args, machine, span) => {
          const [source] = args.positional;
          const lost = source && mergeInto(machine, own.rules, self, source, span);
          const named = dict([...args.keywords].map(([key, value]) => [string(key), value] as const));
          return lost ?? mergeInto(machine, own.rules, self, named, span) ?? none;
        }),
        method('to_dict', (self, _args, machine, span) => plainly(machine, self, span)),
        method('copy_and_resolve_references', (self, _args, machine, span) => copied(machine, own.rules, self, span)),
        method('get_ref', (_self, _args, _machine, span) => unknown('References to settings are not followed', span)),
        method('get_oneway_ref', (_self, _args, _machine, span) =>
          unknown('References to settings are not followed', span),
        ),
        method('unlocked', (_self, _args, machine, span) =>
          machine.call(silentClass('unlocked', 'close'), { positional: [], keywords: new Map() }, span),
        ),
        method('ignore_type', (_self, _args, machine, span) =>
          machine.call(silentClass('ignore_type', 'close'), { positional: [], keywords: new Map() }, span),
        ),
        method('update_from_flattened_dict', (self, _args, machine, span): UnknownValue => {
          const lost = unknown('Which settings are taken over here is not followed', span);
          const entries = entriesOf(self);
          if (entries.kind !== 'unknown') machine.ways.loseOwner(entries, lost.reason, span);
          return lost;
        }),
        ...['lock', 'unlock'].map((each) => method(each, (self) => self)),
      ],
    };
    const type = treeClass(own.rules);
    own.type = type;
    return { rules: own.rules, type };
  };
  const { type } = makeRules('ConfigDict');
  const frozen = makeRules('FrozenConfigDict').type;
  const placeholder = builtin('placeholder', (_, _args, span) => unknown('This setting is a placeholder', span));
  const names: [string, PyValue][] = [
    ['ConfigDict', type],
    ['FrozenConfigDict', frozen],
    ['placeholder', placeholder],
    ['required_placeholder', placeholder],
    ['FieldReference', placeholder],
  ];
  const inner: PyValue = {
    kind: 'module',
    name: 'ml_collections.config_dict',
    document: '',
    names: new Map(names),
    isModelled: true,
  };
  return new Map<string, PyValue>([...names, ['config_dict', inner]]);
};

/** `easydict`, and `munch` with its name. */
export const easyDictModule =
  (name: string): ModuleTable =>
  (machine) => {
    const rules: TreeRules = {
      name,
      bases: dictionaryBase(machine),
      keep: asTree(
        () => type,
        () => rules,
        true,
      ),
      methods: [method('toDict', (self, _args, inner, span) => plainly(inner, self, span))],
    };
    const type: ClassValue = treeClass({ ...rules });
    const munchify = functionValues({
      munchify: (inner, { positional: [value = none] }, span) =>
        rules.keep(inner, emptyTree(inner, type, span), value, span),
    });
    return new Map<string, PyValue>([[name, type], ...munchify]);
  };
