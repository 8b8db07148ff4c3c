// OpenMMLab's engine: configurations that are Python files on top of others, registries that build what settings name, and the bases
// of its layers. Configurations are read by this also where MMEngine is installed; the rest stands in where it is not.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { unshared } from '../evaluator/effects.ts';
import type {
  Arguments,
  ClassValue,
  InstanceValue,
  Machine,
  ModuleValue,
  PyValue,
  Scope,
} from '../evaluator/machine.ts';
import { deferredName, importModule, lazyName, resolveDeferred } from '../evaluator/modules.ts';
import { addEntry, hasKey, isOpen, readEntry } from '../evaluator/partial-dictionary.ts';
import { builtin, dict, keyOf, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { readJson, readYaml } from './data-texts.ts';
import { argument, functionValues, method, plainClasses, silentClass, type ModuleTable } from './module-table.ts';
import {
  emptyTree,
  entriesOf,
  mergeInto,
  pairsOf,
  putEntry,
  treeClass,
  type Merging,
  type TreeRules,
} from './settings-trees.ts';
import { basesIn, placesOfBase } from '../configurations/configuration-text.ts';
import { definingModule } from './registering-modules.ts';
import { workspaceFile } from './workspace-files.ts';

const deepest = 12;

/** `mmengine.config`, and `Config` of `mmcv`. */
export const openConfigModule: ModuleTable = (machine) => {
  const base = machine.builtins.get('dict');
  const keep: TreeRules['keep'] = (inner, node, value, span) => {
    if (value.kind === 'list' && value.items.some(({ kind }) => kind === 'dict' || kind === 'list'))
      return list(value.items.map((item) => keep(inner, node, item, span)));
    if (value.kind === 'tuple' && value.items.some(({ kind }) => kind === 'dict' || kind === 'list'))
      return tuple(value.items.map((item) => keep(inner, node, item, span)));
    if (value.kind !== 'dict' && value.kind !== 'partial-dict') return value;
    const pairs = pairsOf(inner, value, span);
    if ('kind' in pairs) return pairs;
    inner.hold(pairs.length, span);
    const made = emptyTree(inner, type, span);
    for (const [key, each] of pairs)
      if (key.kind !== 'string' || key.value !== deleteKey) putEntry(inner, rules, made, key, each, span);
    return made;
  };
  const rules: TreeRules = {
    name: 'ConfigDict',
    bases: base?.kind === 'class' ? [base] : [],
    keep,
    methods: [
      method('to_dict', (self) => self),
      method('copy', (self, _args, inner, span) => copied(inner, self, span)),
    ],
  };
  const type: ClassValue = treeClass(rules);
  const copied = (inner: Machine, node: InstanceValue, span: SourceSpan): PyValue => {
    const pairs = pairsOf(inner, node, span);
    return 'kind' in pairs ? pairs : keep(inner, node, dict(pairs), span);
  };
  const wholeRules: TreeRules = {
    name: 'Config',
    keep,
    methods: [
      ['fromfile', builtin('fromfile', (inner, args, span) => fromFile(inner, args, span))],
      ['fromstring', builtin('fromstring', (_, _args, span) => unknown('Settings in a text are not followed', span))],
      method('merge_from_dict', (self, { positional: [options = none] }, inner, span) => {
        const pairs = pairsOf(inner, options, span);
        if ('kind' in pairs) return mergeInto(inner, rules, self, pairs, span) ?? none;
        for (const [key, value] of pairs) {
          const path = key.kind === 'string' ? key.value.split('.') : [];
          // Items of lists are numbered.
          if (path.length === 0 || path.some((part) => /^\d+$/.test(part)))
            return (
              mergeInto(inner, rules, self, unknown('Which settings are changed here is not followed', span), span) ??
              none
            );
          const source = path.reduceRight<PyValue>((within, part) => dict([[string(part), within]]), value);
          mergeInto(inner, rules, self, source, span, merging);
        }
        return none;
      }),
      method('dump', () => none),
      method('copy', (self, _args, inner, span) => whole(inner, self, span)),
    ],
  };
  const configType: ClassValue = treeClass(wholeRules);
  const whole = (inner: Machine, settings: PyValue, span: SourceSpan): PyValue => {
    const pairs = pairsOf(inner, settings, span);
    if ('kind' in pairs) return pairs;
    const made = emptyTree(inner, configType, span);
    for (const [key, value] of pairs) putEntry(inner, wholeRules, made, key, value, span);
    return made;
  };
  const merging: Merging = { replaces: isReplacing };
  const fromFile = (inner: Machine, args: Arguments, span: SourceSpan): PyValue => {
    const path = argument(args, 0, 'filename');
    const file = workspaceFile(inner, path, span);
    if (file.kind === 'unknown') return file;
    const settings = settingsOf(inner, file.document, file.text, rules, type, 0, span);
    const made = settings.kind === 'unknown' ? settings : whole(inner, settings, span);
    if (made.kind !== 'instance') return made;
    const { attributes } = inner.change(made);
    attributes.set('filename', path ?? none);
    attributes.set('_filename', path ?? none);
    attributes.set('pretty_text', unknown('What this text is is not followed', span));
    attributes.set('text', string(file.text));
    attributes.set('_cfg_dict', settings);
    return made;
  };
  const silent = silentClass('read_base', 'close');
  return new Map<string, PyValue>([
    ['Config', configType],
    ['ConfigDict', type],
    ...functionValues({
      read_base: (inner, _args, span) => inner.call(silent, { positional: [], keywords: new Map() }, span),
    }),
    ...plainClasses('DictAction'),
  ]);
};

const deleteKey = '_delete_';

/** `_delete_=True`: nothing of what was there stays. */
function isReplacing(value: PyValue): boolean {
  const own = value.kind === 'instance' ? entriesOf(value) : value;
  return (own.kind === 'dict' || own.kind === 'partial-dict') && hasKey(own, string(deleteKey)) !== false;
}

/** What a configuration file says, on top of what those say that it names as its base. */
function settingsOf(
  machine: Machine,
  document: string,
  text: string,
  rules: TreeRules,
  type: ClassValue,
  depth: number,
  span: SourceSpan,
): PyValue {
  if (depth > deepest) return unknown('These configurations take each other over in a circle', span);
  machine.tick(span);
  const folder = document.slice(0, document.lastIndexOf('/'));
  const base = emptyTree(machine, type, span);
  // What is imported is run by the importing file itself.
  const written = basesIn(text).filter(({ isImported }) => isImported !== true);
  for (const { path } of written) {
    const [place] = placesOfBase(document, path, machine.reader.roots).filter(
      (each) => machine.readDocument(each, span) !== undefined,
    );
    const below = workspaceFile(machine, string(place ?? `${folder}/${path}`), span);
    if (below.kind === 'unknown') return below;
    const inner = settingsOf(machine, below.document, below.text, rules, type, depth + 1, span);
    const lost = inner.kind === 'unknown' ? inner : mergeInto(machine, rules, base, inner, span);
    if (lost) return lost;
  }
  const own = ownSettings(machine, document, text, base, span);
  if (own.kind === 'unknown') return own;
  return mergeInto(machine, rules, base, own, span, { replaces: isReplacing }) ?? base;
}

/** The names that a file sets, as settings; `{{_base_.name}}` is what the base says. */
function ownSettings(machine: Machine, document: string, text: string, base: InstanceValue, span: SourceSpan): PyValue {
  if (document.endsWith('.json')) return readJson(machine, { text, document }, span);
  if (/\.ya?ml$/.test(document)) return readYaml(machine, { text, document }, span);
  const names = new Map<string, PyValue>([['_base_', none]]);
  const open: string[] = [];
  // The same length, so that numbers lead back to their places.
  const source = text.replace(/(["']?)\{\{\s*([\w.]+)(?::[\w.]+)?\s*\}\}\1/g, (written, _quote, path: string) => {
    const value = path.startsWith('_base_.') ? valueAt(base, path.split('.').slice(1)) : undefined;
    const name = `_${names.size}`;
    if (value === undefined) open.push(path);
    names.set(name, value ?? none);
    return name.padEnd(written.length);
  });
  if (open.length > 0)
    return unknown(
      `${document.slice(document.lastIndexOf('/') + 1)} takes over {{${open.join(', ')}}}, which is not followed`,
      span,
    );
  const module: ModuleValue = {
    kind: 'module',
    name: '<config>',
    document,
    names,
    isModelled: false,
    deferred: new Map(),
  };
  const given = new Set(names.keys());
  const scope: Scope = { names: module.names, parent: undefined, module };
  machine.unrecorded(() => {
    machine.unguarded(() => {
      machine.runModule(scope, machine.parser.parse(document, source).body);
    });
  });
  resolveDeferred(machine, module);
  return dict(
    [...module.names]
      .filter(
        ([name, { kind }]) =>
          !name.startsWith('__') &&
          !given.has(name) &&
          kind !== 'module' &&
          kind !== 'function' &&
          name !== 'read_base',
      )
      .map(([name, value]) => [string(name), value] as const),
  );
}

function valueAt(node: PyValue, [first, ...rest]: readonly string[]): PyValue | undefined {
  if (first === undefined) return node;
  const entries = node.kind === 'instance' ? entriesOf(node) : node;
  const value = entries.kind === 'dict' ? entries.entries.get(keyOf(string(first)))?.value : undefined;
  return value && valueAt(value, rest);
}

/** Where MMCV registers PyTorch's layers under names of its own. */
const registrars = [
  'mmcv.cnn.bricks',
  ...['activation', 'norm', 'conv', 'padding', 'upsample', 'plugin'].map((name) => `mmcv.cnn.bricks.${name}`),
].map(string);

const [modulesKey, parentKey, placesKey, builderKey] = ['<modules>', '<parent>', '<places>', '<builder>'];

/** Where a library of OpenMMLab has its models, which older ones import before they build one. */
function modelsOf({ attributes }: InstanceValue): readonly PyValue[] {
  const scope = attributes.get('scope');
  return scope?.kind === 'string' && scope.value !== '' ? [string(`${scope.value}.models`)] : [];
}

/** `Registry`, `build_from_cfg` and the registries that MMEngine itself has. */
export const registryModule = (): ReadonlyMap<string, PyValue> => {
  const table = (self: InstanceValue): PyValue => self.attributes.get(modulesKey) ?? dict();
  /** What is registered under a name; not known where only some ways of the program register it. */
  const entry = (self: InstanceValue, name: string, span: SourceSpan): PyValue | undefined => {
    const modules = table(self);
    if (modules.kind === 'unknown') return modules;
    if (modules.kind !== 'dict' && modules.kind !== 'partial-dict')
      return unknown('What is registered is not known', span);
    return (
      readEntry(modules, string(name)) ??
      (isOpen(modules) ? unknown('What is registered is not known', span) : undefined)
    );
  };
  const find = (machine: Machine, self: InstanceValue, name: string, span: SourceSpan): PyValue | undefined => {
    const own = entry(self, name, span);
    if (own) return own;
    // Where its modules stand is imported when the first one is asked for; a name that is the module's own then shows itself.
    const places = self.attributes.get(placesKey);
    const isRoot = self.attributes.get(parentKey)?.kind !== 'instance';
    const folders =
      places?.kind === 'list' || places?.kind === 'tuple' ? places.items : isRoot ? registrars : modelsOf(self);
    for (const place of folders) {
      const defining = place.kind === 'string' ? definingModule(machine, place.value, name, span) : undefined;
      if (defining !== undefined) importModule(machine, defining, span);
      const registered = defining === undefined ? undefined : entry(self, name, span);
      if (registered) return registered;
      const module = place.kind === 'string' ? importModule(machine, place.value, span) : undefined;
      // Asking for it runs the statement that registers it.
      if (module && deferredName(machine, module, name) === undefined) lazyName(machine, module, name, span);
      const found = entry(self, name, span);
      if (found) return found;
    }
    const parent = self.attributes.get(parentKey);
    return parent?.kind === 'instance' ? find(machine, parent, name, span) : undefined;
  };
  /** The scope that a program or a configuration begins with. */
  let defaultScope: string | undefined;
  /** The registry that a library has for the same things as another one, its parent or its sister. */
  const inScope = (
    machine: Machine,
    self: InstanceValue,
    scope: string,
    span: SourceSpan,
  ): InstanceValue | undefined => {
    const parent = self.attributes.get(parentKey);
    const root = parent?.kind === 'instance' ? parent : self;
    const module = importModule(machine, `${scope}.registry`, span);
    const isHeirOf = (value: PyValue): value is InstanceValue =>
      value.kind === 'instance' && value.class === type && value.attributes.get(parentKey) === root;
    return module?.isModelled === false ? [...module.names.values()].find(isHeirOf) : undefined;
  };
  const registered = (machine: Machine, self: InstanceValue, key: PyValue, span: SourceSpan): PyValue => {
    if (key.kind !== 'string') return key.kind === 'unknown' ? key : none;
    const [, scope, name = key.value] = /^(\w+)\.(.*)$/.exec(key.value) ?? [];
    const there = scope === undefined ? undefined : inScope(machine, self, scope, span);
    return (
      (there && find(machine, there, name, span)) ??
      find(machine, self, key.value, span) ??
      find(machine, self, name, span) ??
      none
    );
  };
  const register = (
    machine: Machine,
    self: InstanceValue,
    name: PyValue | undefined,
    value: PyValue,
    span: SourceSpan,
  ): PyValue => {
    const modules = table(self);
    const names =
      name === undefined || name.kind === 'none'
        ? [machine.attribute(value, '__name__', span)]
        : name.kind === 'list'
          ? name.items
          : [name];
    if (modules.kind !== 'dict' && modules.kind !== 'partial-dict') return value;
    // A module that one way of the program imports first is imported by the others when they ask for what it registers.
    const isLoading = machine.scopes.at(-1)?.parent === undefined;
    for (const key of names) {
      const put = (): void => addEntry(machine, modules, key, value);
      if (isLoading && !modules.entries.has(keyOf(key))) machine.unrecorded(put);
      else put();
    }
    return value;
  };
  const build = (
    machine: Machine,
    registry: PyValue,
    settings: PyValue,
    defaults: PyValue | undefined,
    span: SourceSpan,
  ): PyValue => {
    const own = pairsOf(machine, settings, span);
    if ('kind' in own) return own;
    const usual = defaults ? pairsOf(machine, defaults, span) : [];
    if ('kind' in usual) return usual;
    const keywords = new Map<string, PyValue>();
    for (const [key, value] of [...usual, ...own]) if (key.kind === 'string') keywords.set(key.value, value);
    const named = keywords.get('type') ?? machine.raise('KeyError', 'the settings of what is built have no type', span);
    keywords.delete('type');
    keywords.delete('_scope_');
    const callee =
      named.kind === 'string' && registry.kind === 'instance' ? registered(machine, registry, named, span) : named;
    if (callee.kind === 'none')
      return unknown(
        `${named.kind === 'string' ? named.value : 'What is built here'} is registered by nothing that is read`,
        span,
      );
    const writtenAt = settings.kind === 'instance' ? settings.writtenAt : undefined;
    if (writtenAt === undefined) return machine.call(callee, { positional: [], keywords }, span);
    // What asks for it stays in the chain.
    machine.callStack.push(span);
    try {
      return machine.call(callee, { positional: [], keywords }, writtenAt);
    } finally {
      machine.callStack.pop();
    }
  };
  const type: ClassValue = nativeClass(
    'Registry',
    [],
    [
      method('__init__', (self, args, machine) => {
        const { attributes } = machine.change(self);
        attributes.set(modulesKey, dict());
        const place = machine.scopes.at(-1)?.module.name.replace(/\..*/, '') ?? '';
        attributes.set('scope', args.keywords.get('scope') ?? string(place));
        attributes.set('name', argument(args, 0, 'name') ?? none);
        attributes.set(builderKey, argument(args, 1, 'build_func') ?? none);
        attributes.set(parentKey, argument(args, 2, 'parent') ?? none);
        attributes.set(placesKey, args.keywords.get('locations') ?? none);
        return none;
      }),
      method('register_module', (self, args, machine, span) => {
        const [first] = args.positional;
        const name =
          args.keywords.get('name') ?? (first?.kind === 'string' || first?.kind === 'list' ? first : undefined);
        const module =
          args.keywords.get('module') ?? (first?.kind === 'class' || first?.kind === 'function' ? first : undefined);
        if (module && module.kind !== 'none') return register(machine, self, name, module, span);
        return builtin('register_module', (inner, { positional: [value = none] }, at) =>
          register(inner, self, name, value, at),
        );
      }),
      method('build', (self, args, machine, span) => {
        const builder = self.attributes.get(builderKey);
        if (builder && builder.kind !== 'none')
          return machine.call(builder, { ...args, keywords: new Map([...args.keywords, ['registry', self]]) }, span);
        return build(machine, self, argument(args, 0, 'cfg') ?? none, args.keywords.get('default_args'), span);
      }),
      method('switch_scope_and_registry', (self, args, machine, span) => {
        const asked = argument(args, 0, 'scope');
        const scope = asked?.kind === 'string' ? asked.value : defaultScope;
        const there = scope === undefined ? undefined : inScope(machine, self, scope, span);
        return machine.call(
          silentClass('switch', 'close', there ?? self),
          { positional: [], keywords: new Map() },
          span,
        );
      }),
      method('get', (self, args, machine, span) => registered(machine, self, argument(args, 0, 'key') ?? none, span)),
      method('__contains__', (self, { positional: [key = none] }, machine, span) => {
        const found = registered(machine, self, key, span);
        return found.kind === 'unknown' ? found : { kind: 'bool', value: found.kind !== 'none' };
      }),
      [
        'module_dict',
        {
          kind: 'property',
          getter: builtin('module_dict', (_, { positional: [self = none] }) =>
            self.kind === 'instance' ? table(self) : none,
          ),
        },
      ],
    ],
  );
  // Nobody takes away what is registered, whoever is given a registry.
  unshared(type).isImmutable = true;
  const roots =
    'RUNNERS RUNNER_CONSTRUCTORS LOOPS HOOKS STRATEGIES DATASETS DATA_SAMPLERS TRANSFORMS MODELS MODEL_WRAPPERS WEIGHT_INITIALIZERS OPTIMIZERS OPTIM_WRAPPERS OPTIM_WRAPPER_CONSTRUCTORS PARAM_SCHEDULERS METRICS EVALUATOR TASK_UTILS VISUALIZERS VISBACKENDS LOG_PROCESSORS INFERENCERS FUNCTIONS';
  return new Map<string, PyValue>([
    ['Registry', type],
    ...roots.split(' ').map((name): [string, PyValue] => [
      name,
      {
        kind: 'instance',
        class: type,
        attributes: new Map<string, PyValue>([
          ['name', string(name)],
          [modulesKey, dict()],
          ['scope', string('mmengine')],
        ]),
        site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
      },
    ]),
    ...functionValues({
      build_from_cfg: (machine, args, span) =>
        build(
          machine,
          argument(args, 1, 'registry') ?? none,
          argument(args, 0, 'cfg') ?? none,
          argument(args, 2, 'default_args'),
          span,
        ),
      build_model_from_cfg: (machine, args, span) => {
        const settings = argument(args, 0, 'cfg') ?? none;
        const registry = argument(args, 1, 'registry') ?? none;
        const defaults = argument(args, 2, 'default_args');
        if (settings.kind !== 'list') return build(machine, registry, settings, defaults, span);
        const parts = settings.items.map((each) => build(machine, registry, each, defaults, span));
        return machine.call(
          torchNames(machine, span, ['Sequential']).get('Sequential') ?? none,
          { positional: parts, keywords: new Map() },
          span,
        );
      },
      init_default_scope: (_, args) => {
        const scope = argument(args, 0, 'scope');
        defaultScope = scope?.kind === 'string' ? scope.value : undefined;
        return none;
      },
      register_all_modules: () => none,
    }),
  ]);
};

function torchNames(machine: Machine, span: SourceSpan, names: readonly string[]): ReadonlyMap<string, PyValue> {
  const torch = importModule(machine, 'torch.nn', span);
  return new Map(
    names.map((name) => [name, torch ? machine.attribute(torch, name, span) : unknown('PyTorch is not there', span)]),
  );
}

/** `mmengine.model`: PyTorch's own modules, which here also say how they are to be initialized. */
export const openModelModule: ModuleTable = (machine) => {
  const nowhere: SourceSpan = { document: '', start: 0, end: 0 };
  const found = torchNames(machine, nowhere, ['Module', 'ModuleList', 'ModuleDict', 'Sequential']);
  const withInitialization = (name: string, own: string): [string, PyValue] => {
    const base = found.get(own);
    if (base?.kind !== 'class') return [name, unknown(`${name} is not known`, nowhere)];
    return [
      name,
      nativeClass(
        name,
        [base],
        [
          method('__init__', (self, args, inner, span) => {
            const keywords = new Map([...args.keywords].filter(([key]) => key !== 'init_cfg'));
            const positional = own === 'Module' ? [] : args.positional;
            const start = inner.method({ ...self, class: base }, '__init__', span);
            inner.change(self).attributes.set('init_cfg', args.keywords.get('init_cfg') ?? none);
            return start
              ? inner.call(
                  base.attributes.get('__init__') ?? start,
                  { positional: [self, ...positional], keywords },
                  span,
                )
              : none;
          }),
          method('init_weights', () => none),
        ],
      ),
    ];
  };
  return new Map<string, PyValue>([
    withInitialization('BaseModule', 'Module'),
    withInitialization('ModuleList', 'ModuleList'),
    withInitialization('ModuleDict', 'ModuleDict'),
    withInitialization('Sequential', 'Sequential'),
    ...functionValues(
      Object.fromEntries(
        'constant_init xavier_init normal_init uniform_init kaiming_init trunc_normal_init trunc_normal_ bias_init_with_prob caffe2_xavier_init initialize'
          .split(' ')
          .map((name) => [name, () => none]),
      ),
    ),
  ]);
};
