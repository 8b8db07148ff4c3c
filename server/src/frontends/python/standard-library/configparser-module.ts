// Python's `configparser`: sections of options as text, from files of the workspace and from strings.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { Arguments, InstanceValue, Machine, PyValue } from '../evaluator/machine.ts';
import { dict, float, int, list, none, pyFalse, pyTrue, string } from '../evaluator/values.ts';
import { readIni } from './data-texts.ts';
import { dataOf, instanceOf, iterator } from './file-modules.ts';
import { argument, method, plainClasses, type ModuleTable } from './module-table.ts';
import { workspaceFile } from './workspace-files.ts';

/** The attribute in which a configuration, or a section of it, keeps what it has read. */
const kept = '<sections>';

function sectionsOf(self: InstanceValue): PyValue {
  return self.attributes.get(kept) ?? dict();
}

function itemOf(held: PyValue, key: PyValue | undefined): PyValue | undefined {
  if (held.kind !== 'dict' || key?.kind !== 'string') return undefined;
  return [...held.entries.values()].find((entry) => entry.key.kind === 'string' && entry.key.value === key.value)
    ?.value;
}

const booleans: Readonly<Record<string, boolean>> = {
  1: true,
  yes: true,
  true: true,
  on: true,
  0: false,
  no: false,
  false: false,
  off: false,
};

const conversions: Readonly<Record<string, (text: string) => PyValue | undefined>> = {
  get: (text) => string(text),
  getint: (text) => (/^[-+]?\d+$/.test(text) ? int(Number(text)) : undefined),
  getfloat: (text) => (text.trim() !== '' && Number.isFinite(Number(text)) ? float(Number(text)) : undefined),
  getboolean: (text) => {
    const truth = booleans[text.toLowerCase()];
    return truth === undefined ? undefined : truth ? pyTrue : pyFalse;
  },
};

/** `getint` and its kin of a parser, which name a section first, or of one section. */
function getters(
  place: (self: InstanceValue, args: Arguments) => { held: PyValue; rest: readonly PyValue[] },
): [string, PyValue][] {
  return Object.entries(conversions).map(([name, convert]) =>
    method(name, (self, args, machine, span) => {
      const { held, rest } = place(self, args);
      if (held.kind === 'unknown') return held;
      const [option] = rest;
      const found = itemOf(held, option?.kind === 'string' ? string(option.value.toLowerCase()) : option);
      const fallback = args.keywords.get('fallback') ?? rest[1];
      if (found === undefined) return fallback ?? machine.raise('KeyError', 'no such option', span);
      return (
        (found.kind === 'string' ? convert(found.value) : found) ??
        machine.raise('ValueError', 'not of this type', span)
      );
    }),
  );
}

const sectionProxy = nativeClass(
  'SectionProxy',
  [],
  [
    ...getters((self, { positional }) => ({ held: sectionsOf(self), rest: positional })),
    method('__getitem__', (self, { positional: [key] }, machine, span) => {
      const held = sectionsOf(self);
      const lower = key?.kind === 'string' ? string(key.value.toLowerCase()) : key;
      return itemOf(held, lower) ?? machine.raise('KeyError', 'no such option', span);
    }),
    method('__contains__', (self, { positional: [key] }) => (itemOf(sectionsOf(self), key) ? pyTrue : pyFalse)),
    method('keys', (self, _args, machine, span) =>
      machine.callWith(machine.attribute(sectionsOf(self), 'keys', span), span),
    ),
    method('items', (self, _args, machine, span) =>
      machine.callWith(machine.attribute(sectionsOf(self), 'items', span), span),
    ),
    method('__iter__', (self, _args, machine, span) => {
      const names = machine.iterate(sectionsOf(self), span);
      return 'kind' in names ? names : iterator(names);
    }),
  ],
);

export const configParserModule: ModuleTable = () => {
  const take = (self: InstanceValue, text: string, machine: Machine): void => {
    const held = sectionsOf(self);
    if (held.kind === 'unknown') return;
    const before =
      held.kind === 'dict' ? [...held.entries.values()].map(({ key, value }) => [key, value] as const) : [];
    const read = [...readIni(text)].map(
      ([name, options]) =>
        [string(name), dict([...options].map(([key, value]) => [string(key), string(value)] as const))] as const,
    );
    machine.change(self).attributes.set(kept, dict([...before, ...read]));
  };
  const section = (self: InstanceValue, name: PyValue | undefined, machine: Machine, span: SourceSpan): PyValue => {
    const held = sectionsOf(self);
    if (held.kind === 'unknown') return held;
    return itemOf(held, name) ?? machine.raise('KeyError', 'no such section', span);
  };
  const parser = nativeClass(
    'ConfigParser',
    [],
    [
      method('__init__', () => none),
      method('read', (self, args, machine, span) => {
        const paths = argument(args, 0, 'filenames');
        const each = paths?.kind === 'list' || paths?.kind === 'tuple' ? paths.items : [paths];
        for (const path of each) {
          const file = workspaceFile(machine, path, span);
          // A file that is missing is passed over: whether it is there is not known.
          if (file.kind === 'unknown') machine.change(self).attributes.set(kept, file);
          else take(self, file.text, machine);
        }
        return list([]);
      }),
      method('read_file', (self, args, machine) => {
        const data = dataOf(argument(args, 0));
        if (data === undefined) return none;
        if ('kind' in data) machine.change(self).attributes.set(kept, data);
        else take(self, data.text, machine);
        return none;
      }),
      method('read_string', (self, args, machine) => {
        const text = argument(args, 0);
        if (text?.kind === 'string') take(self, text.value, machine);
        else if (text?.kind === 'unknown') machine.change(self).attributes.set(kept, text);
        return none;
      }),
      method('sections', (self, _args, machine, span) => {
        const names = machine.iterate(sectionsOf(self), span);
        return 'kind' in names ? names : list(names);
      }),
      method('has_section', (self, args) => {
        const held = sectionsOf(self);
        return held.kind === 'unknown' ? held : itemOf(held, argument(args, 0)) ? pyTrue : pyFalse;
      }),
      method('__contains__', (self, args) => {
        const held = sectionsOf(self);
        return held.kind === 'unknown' ? held : itemOf(held, argument(args, 0)) ? pyTrue : pyFalse;
      }),
      method('__getitem__', (self, args, machine, span) => {
        const held = section(self, argument(args, 0), machine, span);
        return held.kind === 'unknown' ? held : instanceOf(sectionProxy, [[kept, held]], span);
      }),
      ...getters((self, { positional: [name, ...rest] }) => {
        const held = sectionsOf(self);
        return { held: held.kind === 'unknown' ? held : (itemOf(held, name) ?? dict()), rest };
      }),
      method('items', (self, args, machine, span) => {
        const held = section(self, argument(args, 0), machine, span);
        return held.kind === 'unknown' ? held : machine.callWith(machine.attribute(held, 'items', span), span);
      }),
    ],
  );
  return new Map<string, PyValue>([
    ['ConfigParser', parser],
    ['RawConfigParser', parser],
    ['SafeConfigParser', parser],
    ...plainClasses('ExtendedInterpolation BasicInterpolation NoSectionError NoOptionError Error'),
  ]);
};
