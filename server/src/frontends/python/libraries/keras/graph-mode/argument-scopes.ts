// `arg_scope`: default arguments that functions of layers take from the scopes around their calls.
// The rules are those of tf_slim/ops/arg_scope.py.

import type { SourceSpan } from '../../../../../common/source-span.ts';
import { nativeClass } from '../../../evaluator/classes.ts';
import { bool, builtin, dict, keyOf, list, none, string } from '../../../evaluator/values.ts';
import type {
  Arguments,
  BuiltinValue,
  ClassValue,
  DictValue,
  InstanceValue,
  ListValue,
  Machine,
  PyValue,
} from '../../../evaluator/machine.ts';
import { method } from '../layer-classes.ts';

/** What a manager was made with; no Python text can use the names. */
const functionsKey = '<functions>';
const givenKey = '<given>';

/** The argument scopes of one program: each a dictionary of arguments by function. */
export class ArgumentScopes {
  readonly #open: ListValue = list([]);
  /** What a function that takes arguments from scopes is known by in them. */
  readonly #keys = new WeakMap<PyValue, PyValue>();
  #made = 0;
  /** The class `arg_scope`: entered by `with`, or called as a decorator. */
  readonly managerClass: ClassValue;

  constructor() {
    this.managerClass = nativeClass(
      'arg_scope',
      [],
      [
        method('__init__', (self, { positional: [first], keywords }, machine) => {
          const attributes = machine.change(self).attributes;
          attributes.set(functionsKey, first ?? keywords.get('list_ops_or_scope') ?? none);
          const given = [...keywords].filter(([name]) => name !== 'list_ops_or_scope');
          attributes.set(givenKey, dict(given.map(([name, value]) => [string(name), value] as const)));
          return none;
        }),
        method('__enter__', (self, _, machine, span) => this.#enter(machine, self, span)),
        method('__exit__', (_self, _args, machine) => {
          machine.change(this.#open).items.pop();
          return none;
        }),
        method('__call__', (self, { positional: [wrapped = none] }) =>
          builtin('function', (machine, args, span) => {
            this.#enter(machine, self, span);
            try {
              return machine.call(wrapped, args, span);
            } finally {
              machine.change(this.#open).items.pop();
            }
          }),
        ),
      ],
    );
  }

  /** A function that takes arguments which it is not given from the scopes around it. */
  scoped(name: string, run: BuiltinValue['call'], parameters?: BuiltinValue['parameters']): PyValue {
    this.#made++;
    const key = string(`${name} ${String(this.#made)}`);
    const value: BuiltinValue = {
      ...builtin(name, (machine, args, span) => run(machine, this.#completed(key, args), span)),
      ...(parameters && { parameters }),
    };
    this.#keys.set(value, key);
    return value;
  }

  /** `@add_arg_scope` on a function of the source's own. */
  decorated(value: PyValue): PyValue {
    if (value.kind !== 'function') return value;
    return this.scoped(value.name, (machine, args, span) => machine.call(value, args, span));
  }

  isScoped(value: PyValue): PyValue {
    return bool(this.#keys.has(value));
  }

  get current(): DictValue {
    const scope = this.#open.items.at(-1);
    return scope?.kind === 'dict' ? scope : dict();
  }

  clear(machine: Machine): void {
    machine.change(this.#open).items.length = 0;
  }

  #enter(machine: Machine, { attributes }: InstanceValue, span: SourceSpan): PyValue {
    const scope = this.#scopeOf(machine, attributes.get(functionsKey) ?? none, attributes.get(givenKey) ?? none, span);
    machine.change(this.#open).items.push(scope);
    return scope;
  }

  /** What is open while a manager is: the scope it is given, or the current one with arguments for some functions. */
  #scopeOf(machine: Machine, given: PyValue, named: PyValue, span: SourceSpan): PyValue {
    if (given.kind === 'dict') return given;
    if (given.kind === 'unknown') {
      machine.loseTrack(given.reason, given.span);
      return this.current;
    }
    if (given.kind !== 'list' && given.kind !== 'tuple')
      return machine.raise(
        'TypeError',
        'list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)',
        span,
      );
    const scope = new Map([...this.current.entries]);
    const added = pairsOf(named);
    for (const item of given.items) {
      const key = this.#keys.get(item);
      if (key === undefined) {
        if (item.kind === 'unknown') machine.loseTrack(item.reason, item.span);
        continue;
      }
      const value = dict([...pairsOf(scope.get(keyOf(key))?.value ?? none), ...added]);
      scope.set(keyOf(key), { key, value });
    }
    return dict([...scope.values()].map(({ key, value }) => [key, value] as const));
  }

  #completed(key: PyValue, args: Arguments): Arguments {
    const known = this.current.entries.get(keyOf(key))?.value;
    if (known?.kind !== 'dict') return args;
    const usual = [...known.entries.values()].flatMap(({ key: name, value }) =>
      name.kind === 'string' ? [[name.value, value] as const] : [],
    );
    return { positional: args.positional, keywords: new Map([...usual, ...args.keywords]) };
  }
}

function pairsOf(value: PyValue): readonly (readonly [PyValue, PyValue])[] {
  return value.kind === 'dict' ? [...value.entries.values()].map((entry) => [entry.key, entry.value] as const) : [];
}
