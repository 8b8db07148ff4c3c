// Python's `argparse`, as of a program that is started without arguments: every option has its default.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { bool, dict, keyOf, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { argument, method, namespaceClass, plainClasses, type ModuleTable } from './module-table.ts';
import type { Machine, Arguments, DictValue, InstanceValue, PyValue } from '../evaluator/machine.ts';

const textOf = (value: PyValue | undefined): string | undefined => (value?.kind === 'string' ? value.value : undefined);

/** The parser's options by the name that their value will have. */
function optionsOf(machine: Machine, self: InstanceValue): DictValue {
  const known = self.attributes.get('_options');
  if (known?.kind === 'dict') return known;
  const made = dict();
  machine.change(self.attributes).set('_options', made);
  return made;
}

function setOption(machine: Machine, self: InstanceValue, name: string, value: PyValue): void {
  const key = string(name);
  machine.change(optionsOf(machine, self).entries).set(keyOf(key), { key, value });
}

/** `dest`, or the first long option, or the first one: `--batch-size` is `batch_size`. */
function destinationOf({ positional, keywords }: Arguments): string | undefined {
  const names = positional.map(textOf).filter((name) => name !== undefined);
  const written = names.find((name) => name.startsWith('--')) ?? names[0];
  return textOf(keywords.get('dest')) ?? written?.replace(/^-+/, '').replaceAll('-', '_');
}

/** What an option is worth to a program that is not given it. */
function defaultOf(
  name: string,
  args: Arguments,
  setBefore: PyValue | undefined,
  machine: Machine,
  span: SourceSpan,
): PyValue {
  const { positional, keywords } = args;
  const written = keywords.get('default') ?? setBefore;
  const isPositional = textOf(positional[0])?.startsWith('-') !== true && positional.length > 0;
  const isOptional = /^[?*]$/.test(textOf(keywords.get('nargs')) ?? '');
  const required = keywords.get('required');
  const isRequired = required?.kind === 'bool' && required.value;
  if (isRequired || (isPositional && !isOptional))
    return unknown(`${textOf(positional[0]) ?? name} has to be given on the command line`, span);
  const action = textOf(keywords.get('action'));
  if (written === undefined) {
    if (action === 'store_true' || action === 'store_false') return bool(action === 'store_false');
    return isPositional && textOf(keywords.get('nargs')) === '*' ? list([]) : none;
  }
  // Only a text is converted, as if it had been given.
  const type = keywords.get('type');
  return written.kind === 'string' && type !== undefined && type.kind !== 'none'
    ? machine.call(type, { positional: [written], keywords: new Map() }, span)
    : written;
}

export const argparseModule: ModuleTable = () => {
  const namespace = namespaceClass('Namespace');
  const parse = (self: InstanceValue, args: Arguments, machine: Machine, span: SourceSpan): PyValue => {
    const given = argument(args, 0, 'args');
    const isEmpty = given === undefined || given.kind === 'none' || (given.kind === 'list' && given.items.length === 0);
    if (!isEmpty) return unknown('Arguments that a program gives itself are not read', span);
    const kept = argument(args, 1, 'namespace');
    const result: PyValue =
      kept?.kind === 'instance'
        ? kept
        : {
            kind: 'instance',
            class: namespace,
            attributes: new Map(),
            site: { span, callChain: [...machine.callStack] },
          };
    for (const { key, value } of optionsOf(machine, self).entries.values())
      if (key.kind === 'string' && !result.attributes.has(key.value))
        machine.change(result.attributes).set(key.value, value);
    return result;
  };
  const parser = nativeClass(
    'ArgumentParser',
    [],
    [
      method('__init__', (self, { keywords }, machine) => {
        const parents = keywords.get('parents');
        const items = parents?.kind === 'list' || parents?.kind === 'tuple' ? parents.items : [];
        for (const parent of items) {
          if (parent.kind !== 'instance') continue;
          for (const [key, entry] of optionsOf(machine, parent).entries)
            machine.change(optionsOf(machine, self).entries).set(key, entry);
        }
        return none;
      }),
      method('add_argument', (self, args, machine, span) => {
        const name = destinationOf(args);
        if (name === undefined) return none;
        const before = optionsOf(machine, self).entries.get(keyOf(string(name)))?.value;
        setOption(machine, self, name, defaultOf(name, args, before, machine, span));
        return none;
      }),
      method('add_argument_group', (self) => self),
      method('add_mutually_exclusive_group', (self) => self),
      method('set_defaults', (self, { keywords }, machine) => {
        for (const [name, value] of keywords) setOption(machine, self, name, value);
        return none;
      }),
      method(
        'get_default',
        (self, args, machine) =>
          optionsOf(machine, self).entries.get(keyOf(argument(args, 0, 'dest') ?? none))?.value ?? none,
      ),
      method('add_subparsers', (_, _args, _interpreter, span) =>
        unknown('Which command a program is given is not known', span),
      ),
      method('parse_args', parse),
      method('parse_intermixed_args', parse),
      method('parse_known_args', (...call) => tuple([parse(...call), list([])])),
      ...['print_help', 'print_usage', 'error', 'exit', 'format_help'].map((name) => method(name, () => none)),
    ],
  );
  return new Map<string, PyValue>([
    ['ArgumentParser', parser],
    ['Namespace', namespace],
    ['SUPPRESS', string('==SUPPRESS==')],
    ['BooleanOptionalAction', none],
    ...plainClasses(
      'Action ArgumentDefaultsHelpFormatter RawTextHelpFormatter RawDescriptionHelpFormatter HelpFormatter MetavarTypeHelpFormatter ArgumentTypeError ArgumentError FileType',
    ),
  ]);
};
