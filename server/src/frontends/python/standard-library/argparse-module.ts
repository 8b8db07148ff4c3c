// Python's `argparse`: options get what the program is given, else their defaults. A program is started without arguments
// unless it, or the entry that the user asks for, says which; what has to be given and is not is unknown.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import { importModule } from '../evaluator/modules.ts';
import { bool, dict, int, keyOf, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { argument, method, namespaceClass, plainClasses, type ModuleTable } from './module-table.ts';
import type {
  Machine,
  Arguments,
  ClassValue,
  DictValue,
  InstanceValue,
  PyValue,
  UnknownValue,
} from '../evaluator/machine.ts';

const textOf = (value: PyValue | undefined): string | undefined => (value?.kind === 'string' ? value.value : undefined);
const isSet = (value: PyValue | undefined): value is PyValue => value !== undefined && value.kind !== 'none';

/** One `add_argument`. */
interface Option {
  /** `-w`, `--width`; one name without a dash for a positional argument. */
  readonly names: readonly string[];
  readonly destination: string;
  readonly given: ReadonlyMap<string, PyValue>;
}

/** An attribute of a parser that source can not name, as a dictionary. */
function held(machine: Machine, self: InstanceValue, name: '<options>' | '<defaults>' | '<commands>'): DictValue {
  const known = self.attributes.get(name);
  if (known?.kind === 'dict') return known;
  const made = dict();
  machine.change(self).attributes.set(name, made);
  return made;
}

function put(machine: Machine, into: DictValue, name: string, value: PyValue): void {
  const key = string(name);
  machine.change(into).entries.set(keyOf(key), { key, value });
}

function optionsOf(machine: Machine, self: InstanceValue): readonly Option[] {
  return [...held(machine, self, '<options>').entries.values()].flatMap(({ key, value }) => {
    if (value.kind !== 'tuple' || key.kind !== 'string') return [];
    const [names, given] = value.items;
    if (names?.kind !== 'tuple' || given?.kind !== 'dict') return [];
    const words = [...given.entries.values()].map((entry) => [textOf(entry.key) ?? '', entry.value] as const);
    return [{ names: names.items.map((name) => textOf(name) ?? ''), destination: key.value, given: new Map(words) }];
  });
}

/** `dest`, or the first long option, or the first one: `--batch-size` is `batch_size`. */
function destinationOf({ positional, keywords }: Arguments): string | undefined {
  const names = positional.map(textOf).filter((name) => name !== undefined);
  const written = names.find((name) => name.startsWith('--')) ?? names[0];
  return textOf(keywords.get('dest')) ?? written?.replace(/^-+/, '').replaceAll('-', '_');
}

const isPositional = ({ names }: Option): boolean => names.length > 0 && !names.some((name) => name.startsWith('-'));
const actionOf = ({ given }: Option): string => textOf(given.get('action')) ?? 'store';
const isSwitch = (option: Option): boolean =>
  /^(store_true|store_false|store_const|append_const|count)$/.test(actionOf(option));

/** How many words an option takes. */
function countOf(option: Option): { readonly least: number; readonly most: number } {
  if (isSwitch(option) || option.given.get('action')?.kind === 'none') return { least: 0, most: 0 };
  const nargs = option.given.get('nargs');
  if (nargs?.kind === 'int') return { least: nargs.value, most: nargs.value };
  switch (textOf(nargs)) {
    case '?':
      return { least: 0, most: 1 };
    case '*':
    case '...':
      return { least: 0, most: Infinity };
    case '+':
      return { least: 1, most: Infinity };
    default:
      return { least: 1, most: 1 };
  }
}

function converted(machine: Machine, option: Option, value: PyValue, span: SourceSpan): PyValue {
  const type = option.given.get('type');
  return isSet(type) && value.kind === 'string' ? machine.callWith(type, span, value) : value;
}

/** What an option is worth to a program that is not given it. */
function defaultOf(machine: Machine, option: Option, setBefore: PyValue | undefined, span: SourceSpan): PyValue {
  const { given, names, destination } = option;
  const written = setBefore ?? given.get('default');
  const required = given.get('required');
  const isRequired = required?.kind === 'bool' && required.value;
  const { least } = countOf(option);
  if (isRequired || (isPositional(option) && least > 0))
    return unknown(`${names[0] ?? destination} has to be given on the command line`, span);
  if (written === undefined) {
    const action = actionOf(option);
    if (action === 'store_true' || action === 'store_false') return bool(action === 'store_false');
    return isPositional(option) && textOf(given.get('nargs')) === '*' ? list([]) : none;
  }
  // Only a text is converted, as if it had been given.
  return converted(machine, option, written, span);
}

/** What an option is worth with the words that stand behind it. */
function valueOf(
  machine: Machine,
  option: Option,
  words: readonly string[],
  before: PyValue | undefined,
  span: SourceSpan,
): PyValue {
  const constant = option.given.get('const') ?? none;
  const each = words.map((word) => converted(machine, option, string(word), span));
  const isList = isSet(option.given.get('nargs')) && textOf(option.given.get('nargs')) !== '?';
  const value = isList ? list(each) : (each[0] ?? constant);
  const items = before?.kind === 'list' ? before.items : [];
  switch (actionOf(option)) {
    case 'store_true':
      return bool(true);
    case 'store_false':
      return bool(false);
    case 'store_const':
      return constant;
    case 'count':
      return int((before?.kind === 'int' ? before.value : 0) + 1);
    case 'append':
      return list([...items, value]);
    case 'append_const':
      return list([...items, constant]);
    case 'extend':
      return list([...items, ...each]);
    default:
      return value;
  }
}

/** The words that the program is given: a list, or what `sys.argv` holds behind the program's name. */
function wordsOf(machine: Machine, value: PyValue | undefined, span: SourceSpan): readonly string[] | UnknownValue {
  if (value?.kind === 'unknown') return value;
  const argv = isSet(value) ? value : importModule(machine, 'sys', span)?.names.get('argv');
  if (argv?.kind === 'unknown') return argv;
  if (argv?.kind !== 'list' && argv?.kind !== 'tuple') return unknown('What this program is given is not known', span);
  const items = isSet(value) ? argv.items : argv.items.slice(1);
  const lost = items.find((item) => item.kind !== 'string');
  if (lost) return lost.kind === 'unknown' ? lost : unknown('What this program is given is not known', span);
  return items.map((item) => textOf(item) ?? '');
}

/** Values by destination, and the words that no option takes. */
interface Parsed {
  readonly values: ReadonlyMap<string, PyValue>;
  readonly rest: readonly string[];
}

function parseWords(machine: Machine, self: InstanceValue, words: readonly string[], span: SourceSpan): Parsed {
  const options = optionsOf(machine, self);
  const defaults = held(machine, self, '<defaults>');
  const values = new Map<string, PyValue>();
  for (const option of options) {
    const before = defaults.entries.get(keyOf(string(option.destination)))?.value;
    // Two options for one destination: the first default holds.
    if (!values.has(option.destination)) values.set(option.destination, defaultOf(machine, option, before, span));
  }
  for (const { key, value } of defaults.entries.values())
    if (key.kind === 'string' && !values.has(key.value)) values.set(key.value, value);
  const rest: string[] = [];
  const seen = new Set<string>();
  const positional = options.filter(isPositional);
  const isOption = (word: string | undefined): boolean => word !== undefined && /^-[^\d\s.]/.test(word);
  const take = (option: Option, from: number, own: readonly string[]): number => {
    const { least, most } = countOf(option);
    const taken: string[] = [...own];
    let at = from;
    while (own.length === 0 && taken.length < most && at < words.length && !isOption(words[at])) {
      // A list leaves what the positional arguments behind it need.
      if (
        taken.length >= least &&
        words.length - at <= positional.filter(({ names }) => !seen.has(names[0] ?? '')).length
      )
        if (most === Infinity && isPositional(option)) break;
      taken.push(words[at++] ?? '');
    }
    if (taken.length < least) machine.raise('SystemExit', `${option.names[0] ?? ''}: expected more arguments`, span);
    const before = seen.has(option.destination)
      ? values.get(option.destination)
      : listDefault(values.get(option.destination));
    values.set(option.destination, valueOf(machine, option, taken, before, span));
    seen.add(option.destination);
    return at;
  };
  for (let i = 0; i < words.length;) {
    const word = words[i] ?? '';
    i++;
    if (isOption(word)) {
      const [name, attached] = word.startsWith('--') ? split(word) : ([word, undefined] as const);
      const option =
        options.find(({ names }) => names.includes(name)) ??
        onlyOne(options.filter(({ names }) => name.length > 2 && names.some((each) => each.startsWith(name)))) ??
        options.find(({ names }) => !word.startsWith('--') && names.includes(word.slice(0, 2)));
      if (option === undefined) rest.push(word);
      else if (attached !== undefined) i = take(option, i, [attached]);
      else if (!option.names.includes(name) && !name.startsWith('--')) i = take(option, i, [word.slice(2)]);
      else i = take(option, i, []);
      continue;
    }
    const next = positional.shift();
    if (next === undefined) rest.push(word);
    else {
      const command = commandOf(machine, next, word);
      if (command === undefined) i = take(next, i - 1, []);
      else {
        const inner = parseWords(machine, command, words.slice(i), span);
        values.set(next.destination, string(word));
        for (const [name, value] of inner.values) values.set(name, value);
        return { values, rest: [...rest, ...inner.rest] };
      }
    }
  }
  for (const option of positional) noteCommands(machine, option, values, span);
  return { values, rest };
}

/** A program of several commands that is given none: what each of them would set is unknown. */
function noteCommands(machine: Machine, option: Option, values: Map<string, PyValue>, span: SourceSpan): void {
  const commands = option.given.get('<commands>');
  if (commands?.kind !== 'instance') return;
  const lost = unknown('Which command this program is given is not known', span);
  values.set(option.destination, lost);
  for (const { value } of held(machine, commands, '<commands>').entries.values()) {
    if (value.kind !== 'instance') continue;
    for (const name of parseWords(machine, value, [], span).values.keys()) values.set(name, lost);
  }
}

const listDefault = (value: PyValue | undefined): PyValue | undefined => (value?.kind === 'list' ? value : undefined);
const onlyOne = <T>(found: readonly T[]): T | undefined => (found.length === 1 ? found[0] : undefined);

function split(word: string): readonly [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** The parser of a command, where an argument is the choice of one. */
function commandOf(machine: Machine, option: Option, word: string): InstanceValue | undefined {
  const commands = option.given.get('<commands>');
  if (commands?.kind !== 'instance') return undefined;
  const found = held(machine, commands, '<commands>').entries.get(keyOf(string(word)))?.value;
  return found?.kind === 'instance'
    ? found
    : machine.raise('SystemExit', `invalid choice: ${word}`, commands.site.span);
}

function addOption(
  machine: Machine,
  self: InstanceValue,
  destination: string,
  names: readonly string[],
  given: Iterable<readonly [string, PyValue]>,
): void {
  const words = [...given].map(([name, value]) => [string(name), value] as const);
  put(machine, held(machine, self, '<options>'), destination, tuple([tuple(names.map(string)), dict(words)]));
}

export const argparseModule: ModuleTable = () => {
  const namespace = namespaceClass('Namespace');
  const instance = (type: ClassValue, machine: Machine, span: SourceSpan): InstanceValue => ({
    kind: 'instance',
    class: type,
    attributes: new Map(),
    site: { span, callChain: [...machine.callStack] },
  });
  const parse = (
    self: InstanceValue,
    args: Arguments,
    machine: Machine,
    span: SourceSpan,
  ): { result: PyValue; rest: PyValue } => {
    const words = wordsOf(machine, argument(args, 0, 'args'), span);
    if ('kind' in words) return { result: words, rest: words };
    const { values, rest } = parseWords(machine, self, words, span);
    const into = argument(args, 1, 'namespace');
    const result: PyValue = into?.kind === 'instance' ? into : instance(namespace, machine, span);
    for (const [name, value] of values)
      if (!result.attributes.has(name) && textOf(value) !== suppressed)
        machine.change(result).attributes.set(name, value);
    return { result, rest: list(rest.map(string)) };
  };
  const parser: ClassValue = nativeClass(
    'ArgumentParser',
    [],
    [
      method('__init__', (self, { keywords }, machine) => {
        const parents = keywords.get('parents');
        const items = parents?.kind === 'list' || parents?.kind === 'tuple' ? parents.items : [];
        const own = held(machine, self, '<options>');
        for (const parent of items) {
          if (parent.kind !== 'instance') continue;
          for (const [key, entry] of held(machine, parent, '<options>').entries)
            machine.change(own).entries.set(key, entry);
        }
        return none;
      }),
      method('add_argument', (self, args, machine) => {
        const name = destinationOf(args);
        const names = args.positional.flatMap((value) => textOf(value) ?? []);
        const isFlag = names.some((each) => each.startsWith('-'));
        if (name === undefined) return none;
        // Of two options for one destination both can be given, so the second is kept beside the first.
        const own = held(machine, self, '<options>');
        const isTaken = own.entries.has(keyOf(string(name)));
        if (!isTaken || !isFlag) addOption(machine, self, name, names, args.keywords);
        else addSecond(machine, own, name, names, args.keywords);
        return none;
      }),
      method('add_argument_group', (self) => self),
      method('add_mutually_exclusive_group', (self) => self),
      method('set_defaults', (self, { keywords }, machine) => {
        for (const [name, value] of keywords) put(machine, held(machine, self, '<defaults>'), name, value);
        return none;
      }),
      method('get_default', (self, args, machine, span) => {
        const name = textOf(argument(args, 0, 'dest')) ?? '';
        return parseWords(machine, self, [], span).values.get(name) ?? none;
      }),
      method('add_subparsers', (self, { keywords }, machine, span) => {
        const commands = instance(subparsers, machine, span);
        const destination = textOf(keywords.get('dest')) ?? '<command>';
        const isOptional =
          keywords.get('required')?.kind === 'bool' && !machine.truth(keywords.get('required') ?? none, span);
        addOption(
          machine,
          self,
          destination,
          [destination],
          [['<commands>', commands], ...(isOptional ? ([['nargs', string('?')]] as const) : [])],
        );
        return commands;
      }),
      method('parse_args', (self, args, machine, span) => {
        const { result, rest } = parse(self, args, machine, span);
        if (rest.kind === 'list' && rest.items.length > 0)
          machine.raise(
            'SystemExit',
            `unrecognized arguments: ${rest.items.map((item) => textOf(item) ?? '').join(' ')}`,
            span,
          );
        return result;
      }),
      method('parse_intermixed_args', (...call) => parse(call[0], call[1], call[2], call[3]).result),
      method('parse_known_args', (...call) => {
        const { result, rest } = parse(call[0], call[1], call[2], call[3]);
        return tuple([result, rest]);
      }),
      method('error', (_self, _args, machine, span) => machine.raise('SystemExit', 'the program ends here', span)),
      method('exit', (_self, _args, machine, span) => machine.raise('SystemExit', 'the program ends here', span)),
      ...['print_help', 'print_usage', 'format_help', 'register'].map((name) => method(name, () => none)),
    ],
  );
  const subparsers: ClassValue = nativeClass(
    '_SubParsersAction',
    [],
    [
      method('add_parser', (self, { positional, keywords }, machine, span) => {
        const made = machine.call(parser, { positional: [], keywords }, span);
        const aliases = keywords.get('aliases');
        const names = [...positional, ...(aliases?.kind === 'list' || aliases?.kind === 'tuple' ? aliases.items : [])];
        for (const name of names) put(machine, held(machine, self, '<commands>'), textOf(name) ?? '', made);
        return made;
      }),
    ],
  );
  return new Map<string, PyValue>([
    ['ArgumentParser', parser],
    ['Namespace', namespace],
    ['SUPPRESS', string(suppressed)],
    ['REMAINDER', string('...')],
    ['BooleanOptionalAction', none],
    ...plainClasses(
      'Action ArgumentDefaultsHelpFormatter RawTextHelpFormatter RawDescriptionHelpFormatter HelpFormatter MetavarTypeHelpFormatter ArgumentTypeError ArgumentError FileType',
    ),
  ]);
};

const suppressed = '==SUPPRESS==';

/** `--feature` and `--no-feature` for one destination: a key of its own keeps the second. */
function addSecond(
  machine: Machine,
  options: DictValue,
  destination: string,
  names: readonly string[],
  given: ReadonlyMap<string, PyValue>,
): void {
  const words = [...given].map(([name, value]) => [string(name), value] as const);
  const key = string(destination);
  const value = tuple([tuple(names.map(string)), dict(words)]);
  machine.change(options).entries.set(`${keyOf(key)} ${names.join(' ')}`, { key, value });
}
