// What starts a program's function for it: `torch.multiprocessing.spawn`, Fire, Typer and Click. Started without words, as a shell
// would: options have their defaults, and what has none has to be given on the command line, which is not known.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { builtin, dict, int, keyOf, list, none, pyFalse, string, unknown } from '../evaluator/values.ts';
import type { Arguments, DictValue, InstanceValue, Machine, PyValue } from '../evaluator/machine.ts';
import {
  argument,
  functionValues,
  method,
  passThrough,
  type LibraryFunction,
  type ModuleTable,
} from './module-table.ts';

/** Attributes under which options are kept: no names that Python text can use. */
const [optionsKey, defaultKey] = ['<options>', '<default>'];

/** Calls a function with what its options come to; `told` says what is known of them beside the function's own defaults. */
function start(machine: Machine, callee: PyValue, told: ReadonlyMap<string, PyValue>, span: SourceSpan): PyValue {
  if (callee.kind !== 'function') return machine.call(callee, { positional: [], keywords: new Map() }, span);
  const keywords = new Map<string, PyValue>();
  for (const { name, kind } of callee.parameters) {
    if (kind.endsWith('splat')) continue;
    const own = told.get(name) ?? callee.defaults.get(name);
    const value = own?.kind === 'instance' ? (own.attributes.get(defaultKey) ?? own) : own;
    const option = `--${name.replaceAll('_', '-')}`;
    keywords.set(name, value ?? unknown(`${option} has to be given on the command line`, span));
  }
  return machine.call(callee, { positional: [], keywords }, span);
}

const nothingTold: ReadonlyMap<string, PyValue> = new Map();

/** `spawn(work, args=(…), nprocs=2)`: the first process is like the others. */
const spawn: LibraryFunction = (machine, args, span) => {
  const work = argument(args, 0, 'fn') ?? none;
  const given = argument(args, 1, 'args');
  const items = given ? machine.iterate(given, span) : [];
  if ('kind' in items) return items;
  machine.call(work, { positional: [int(0), ...items], keywords: new Map() }, span);
  return none;
};

/** Of `torch.multiprocessing`. */
export const processStarters = (): readonly [string, PyValue][] => functionValues({ spawn });

export const fireModule: ModuleTable = () =>
  new Map(
    functionValues({
      Fire: (machine, args, span) => {
        const component = argument(args, 0, 'component');
        // A class, or nothing, is a list of commands: none is chosen.
        return component?.kind === 'function' ? start(machine, component, nothingTold, span) : none;
      },
    }),
  );

/** `typer.Option(8, help=…)` stands for its default; `...` for none. */
const typerOption: LibraryFunction = (_, args, span): PyValue => {
  const value = argument(args, 0, 'default');
  const attributes = new Map<string, PyValue>();
  attributes.set(
    defaultKey,
    value === undefined || value.kind === 'ellipsis'
      ? unknown('This option has to be given on the command line', span)
      : value,
  );
  return { kind: 'instance', class: typerInfo, attributes, site: { span, callChain: [] } };
};

const typerInfo = nativeClass('OptionInfo', []);

export const typerModule: ModuleTable = () => {
  const register = (self: InstanceValue, machine: Machine, callee: PyValue): PyValue => {
    const commands = self.attributes.get(optionsKey);
    if (commands?.kind === 'list') machine.change(commands).items.push(callee);
    return callee;
  };
  const app = nativeClass(
    'Typer',
    [],
    [
      method('__init__', (self, _args, machine) => {
        machine.change(self).attributes.set(optionsKey, list([]));
        return none;
      }),
      method('command', (self) =>
        builtin('command', (machine, args) => register(self, machine, args.positional[0] ?? none)),
      ),
      method('callback', () => passThrough('callback')),
      method('__call__', (self, _args, machine, span) => {
        const commands = self.attributes.get(optionsKey);
        // Of several commands the words choose one.
        const [only, ...others] = commands?.kind === 'list' ? commands.items : [];
        return only && others.length === 0 ? start(machine, only, nothingTold, span) : none;
      }),
    ],
  );
  return new Map<string, PyValue>([
    ...functionValues({
      run: (machine, args, span) => start(machine, args.positional[0] ?? none, nothingTold, span),
      Option: typerOption,
      Argument: typerOption,
      echo: () => none,
      secho: () => none,
    }),
    ['Typer', app],
  ]);
};

/** What Click keeps of a function's options: the default of each, by the parameter that takes it. */
function clickOptions(machine: Machine, callee: PyValue): DictValue | undefined {
  if (callee.kind !== 'function') return undefined;
  const known = callee.attributes.get(optionsKey);
  if (known?.kind === 'dict') return known;
  const made = dict();
  machine.change(callee).attributes.set(optionsKey, made);
  return made;
}

/** `@click.option('--width', '-w', 'size', default=8)`: a name without dashes, or the longest one with, names the parameter. */
function clickParameter(args: Arguments): string {
  const names = args.positional.flatMap((value) => (value.kind === 'string' ? [value.value] : []));
  const plain = names.find((name) => !name.startsWith('-'));
  const [longest = ''] = names.toSorted((left, right) => dashes(right) - dashes(left));
  return plain ?? longest.replace(/\/.*/, '').replace(/^-+/, '').replaceAll('-', '_').toLowerCase();
}
const dashes = (name: string): number => (name.startsWith('--') ? 2 : 1);

const clickOption: LibraryFunction = (_, args, span) =>
  builtin('option', (machine, { positional: [callee = none] }) => {
    const options = clickOptions(machine, callee);
    const name = clickParameter(args);
    const isRequired = args.keywords.get('required')?.kind === 'bool' && args.keywords.get('required') !== pyFalse;
    const isFlag =
      args.keywords.has('is_flag') ||
      args.positional.some((each) => each.kind === 'string' && each.value.includes('/'));
    const isMany = ['multiple', 'nargs', 'count'].some((each) => args.keywords.has(each));
    const missing =
      isMany || isRequired ? unknown(`--${name} has to be given on the command line`, span) : isFlag ? pyFalse : none;
    const given = args.keywords.get('default');
    const type = args.keywords.get('type');
    // Text is turned into what `type` names; a function that gives the default is called when the program starts.
    const value =
      given?.kind === 'string' && type?.kind === 'class'
        ? machine.call(type, { positional: [given], keywords: new Map() }, span)
        : given?.kind === 'function'
          ? unknown(`--${name} has a default that is made when the program starts`, span)
          : (given ?? missing);
    const key = string(name);
    if (options) machine.change(options).entries.set(keyOf(key), { key, value });
    return callee;
  });

export const clickModule: ModuleTable = () => {
  const run = (self: InstanceValue, _args: Arguments, machine: Machine, span: SourceSpan): PyValue => {
    const callee = self.attributes.get('callback') ?? none;
    const options = clickOptions(machine, callee);
    const told = [...(options?.entries.values() ?? [])].flatMap(({ key, value }) =>
      key.kind === 'string' ? [[key.value, value] as const] : [],
    );
    return start(machine, callee, new Map(told), span);
  };
  const command = nativeClass('Command', [], [method('__call__', run), method('main', run)]);
  const wrap = (callee: PyValue, span: SourceSpan): PyValue => ({
    kind: 'instance',
    class: command,
    attributes: new Map([['callback', callee]]),
    site: { span, callChain: [] },
  });
  return new Map<string, PyValue>(
    functionValues({
      command: (_, args, span) => {
        const [first] = args.positional;
        if (first?.kind === 'function') return wrap(first, span);
        return builtin('command', (_machine, inner) => wrap(inner.positional[0] ?? none, span));
      },
      option: clickOption,
      argument: (machine, args, span) => {
        const isGiven = args.keywords.has('default');
        const asOption = isGiven
          ? args.keywords
          : new Map([...args.keywords, ['required', { kind: 'bool', value: true }] as const]);
        return clickOption(machine, { ...args, keywords: asOption }, span);
      },
      echo: () => none,
      secho: () => none,
    }),
  );
};
