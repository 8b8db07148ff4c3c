// Variable scopes of TensorFlow 1: what layers and variables are called, and which of them share their weights.
// The rules are those of tensorflow/python/ops/variable_scope.py.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import { nativeClass } from '../../../evaluator/classes.ts';
import { bool, builtin, dict, int, keyOf, list, none, string } from '../../../evaluator/values.ts';
import type {
  ClassValue,
  DictValue,
  InstanceValue,
  ListValue,
  Machine,
  PyValue,
  TensorValue,
} from '../../../evaluator/machine.ts';
import { bindSignature, signature } from '../../../tracing/signature.ts';
import { method } from '../layer-classes.ts';

const parameters = signature(
  'name_or_scope default_name=None values=None initializer=None regularizer=None caching_device=None partitioner=None custom_getter=None reuse=None dtype=None use_resource=None constraint=None auxiliary_name_scope=True',
);

/** Where a scope that is open keeps how often others were opened before it; no Python text can use the name. */
const countsBefore = '<counts before>';

const textOf = (value: PyValue | undefined): string => (value?.kind === 'string' ? value.value : '');

/** The scopes and the variables of one program. */
export class VariableScopes {
  /** Those that are open, outermost first. */
  readonly #open: ListValue = list([]);
  /** How often a scope of each name was opened since its parent was. */
  readonly #counts: DictValue = dict();
  readonly #variables: DictValue = dict();
  readonly #scopeClass: ClassValue;
  /** The class `variable_scope`, whose instances are entered by `with`. */
  readonly managerClass: ClassValue;

  constructor() {
    this.#scopeClass = nativeClass(
      'VariableScope',
      [],
      [
        method('reuse_variables', () => none),
        method('set_initializer', () => none),
        method('set_regularizer', () => none),
      ],
    );
    this.managerClass = nativeClass(
      'variable_scope',
      [],
      [
        method('__init__', (self, args, machine, span) => {
          const bound = bindSignature(machine, 'variable_scope', parameters, args, span);
          const attributes = machine.change(self).attributes;
          for (const name of ['name_or_scope', 'default_name']) attributes.set(name, bound.value(name));
          return none;
        }),
        method('__enter__', (self, _, machine, span) => {
          const [given, usual] = ['name_or_scope', 'default_name'].map((name) => self.attributes.get(name) ?? none);
          if (given?.kind === 'unknown') machine.loseTrack(given.reason, given.span);
          return this.enter(machine, given ?? none, textOf(usual), span);
        }),
        method('__exit__', (_self, _args, machine) => {
          this.leave(machine);
          return none;
        }),
      ],
    );
  }

  /** The full name of the innermost open scope; empty outside all. */
  get name(): string {
    const scope = this.#open.items.at(-1);
    return scope?.kind === 'instance' ? textOf(scope.attributes.get('name')) : '';
  }

  /** The innermost open scope as a value. */
  current(machine: Machine, span: SourceSpan): PyValue {
    return this.#open.items.at(-1) ?? this.#scope(machine, '', span);
  }

  /** A name within the innermost open scope. */
  within(name: string): string {
    return this.name === '' ? name : `${this.name}/${name}`;
  }

  /** Opens the scope that is given, by name or as it was, or a new one of the usual name. */
  enter(machine: Machine, given: PyValue, usual: string, span: SourceSpan): InstanceValue {
    const isKnown = given.kind === 'instance' && given.class === this.#scopeClass;
    const own = textOf(given);
    const name = isKnown
      ? textOf(given.attributes.get('name'))
      : own !== ''
        ? this.within(own)
        : usual === ''
          ? this.name
          : this.#unused(this.within(usual));
    const scope = isKnown ? given : this.#scope(machine, name, span);
    this.#count(machine, name);
    machine
      .change(scope)
      .attributes.set(countsBefore, isKnown ? dict([...this.#counts.entries.values()].map(pairOf)) : none);
    machine.change(this.#open).items.push(scope);
    return scope;
  }

  /** Closes the innermost scope: names inside it are counted from the start when it is opened again. */
  leave(machine: Machine): void {
    const scope = this.#open.items.at(-1);
    if (scope?.kind !== 'instance') return;
    machine.change(this.#open).items.pop();
    const entries = machine.change(this.#counts).entries;
    const before = scope.attributes.get(countsBefore);
    if (before?.kind === 'dict') {
      entries.clear();
      for (const [key, entry] of before.entries) entries.set(key, entry);
      return;
    }
    const inside = `${textOf(scope.attributes.get('name'))}/`;
    for (const [key, entry] of [...entries]) if (textOf(entry.key).startsWith(inside)) entries.delete(key);
  }

  /** Runs something within a scope. */
  inside<T>(
    machine: Machine,
    given: PyValue,
    usual: string,
    span: SourceSpan,
    run: (scope: InstanceValue, name: string) => T,
  ): T {
    const scope = this.enter(machine, given, usual, span);
    try {
      return run(scope, this.name);
    } finally {
      this.leave(machine);
    }
  }

  /** The variable of a full name, where there is one. */
  variable(name: string): TensorValue | undefined {
    const known = this.#variables.entries.get(keyOf(string(name)))?.value;
    return known?.kind === 'tensor' ? known : undefined;
  }

  /** The names of variables inside a scope, without the scope's own, each with its variable. */
  variablesOf(scope: string): readonly (readonly [string, TensorValue])[] {
    const inside = `${scope}/`;
    return [...this.#variables.entries.values()].flatMap(({ key, value }) => {
      const name = textOf(key);
      const own = name.slice(inside.length);
      return name.startsWith(inside) && !own.includes('/') && value.kind === 'tensor' ? [[own, value] as const] : [];
    });
  }

  keepVariable(machine: Machine, name: string, value: TensorValue): void {
    const key = string(name);
    machine.change(this.#variables).entries.set(keyOf(key), { key, value });
  }

  /** A name that no variable has yet. */
  unusedVariable(name: string): string {
    for (let i = 0; ; i++) {
      const wanted = i === 0 ? name : `${name}_${String(i)}`;
      if (this.variable(wanted) === undefined) return wanted;
    }
  }

  /** What follows is a graph of its own. */
  clear(machine: Machine): void {
    machine.change(this.#counts).entries.clear();
    machine.change(this.#variables).entries.clear();
    machine.change(this.#open).items.length = 0;
  }

  #scope(machine: Machine, name: string, span: SourceSpan): InstanceValue {
    return {
      kind: 'instance',
      class: this.#scopeClass,
      site: { span, callChain: [...machine.callStack] },
      attributes: new Map<string, PyValue>([
        ['name', string(name)],
        ['original_name_scope', string(name === '' ? '' : `${name}/`)],
        ['reuse', bool(false)],
        ['initializer', none],
      ]),
    };
  }

  #count(machine: Machine, name: string): void {
    const key = string(name);
    const before = this.#counts.entries.get(keyOf(key))?.value;
    const value = int((before?.kind === 'int' ? before.value : 0) + 1);
    machine.change(this.#counts).entries.set(keyOf(key), { key, value });
  }

  #unused(name: string): string {
    for (let i = 0; ; i++) {
      const wanted = i === 0 ? name : `${name}_${String(i)}`;
      if (!this.#counts.entries.has(keyOf(string(wanted)))) return wanted;
    }
  }
}

const pairOf = ({ key, value }: { readonly key: PyValue; readonly value: PyValue }): readonly [PyValue, PyValue] => [
  key,
  value,
];

/** `with tf.name_scope('block') as scope:` names operations, not variables. */
export function nameScopeClass(): ClassValue {
  return nativeClass(
    'name_scope',
    [],
    [
      method('__init__', (self, { positional, keywords }, machine) => {
        const given = [positional[0], positional[1], keywords.get('name'), keywords.get('default_name')];
        const name = given.find((value) => value?.kind === 'string');
        machine.change(self).attributes.set('name', string(`${textOf(name)}/`));
        return none;
      }),
      method('__enter__', (self) => self.attributes.get('name') ?? none),
      ['__exit__', builtin('__exit__', () => none, true)],
    ],
  );
}
