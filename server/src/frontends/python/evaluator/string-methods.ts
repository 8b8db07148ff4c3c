// Methods of `str`, each a small pure function.

import type { SourceSpan } from '../../../common/source-span.ts';
import { readEntry } from './partial-dictionary.ts';
import { formatValue, reprOf, textOf } from './text.ts';
import { bool, builtin, int, list, plainOf, string, tuple, unknown } from './values.ts';
import type { Machine, Arguments, PyValue } from './machine.ts';
import { integerOf } from './numbers.ts';

type Method = (text: string, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

const textAt = (args: Arguments, index: number): string | undefined => {
  const value = args.positional[index];
  return value?.kind === 'string' ? value.value : undefined;
};

/** The width that a text is padded to, with room made for it. */
function widthOf(args: Arguments, machine: Machine, span: SourceSpan): number {
  const width = args.positional[0] ? (integerOf(args.positional[0]) ?? 0) : 0;
  machine.holdText(width, span);
  return width;
}

const affixes = (args: Arguments): readonly string[] => {
  const [value] = args.positional;
  const values = value?.kind === 'tuple' ? value.items : value ? [value] : [];
  return values.flatMap((item) => (item.kind === 'string' ? [item.value] : []));
};

function stripped(text: string, characters: string | undefined, left: boolean, right: boolean): string {
  const drop = (character: string): boolean =>
    characters === undefined ? /\s/.test(character) : characters.includes(character);
  let start = 0;
  let end = text.length;
  while (left && start < end && drop(text.charAt(start))) start++;
  while (right && end > start && drop(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function split(text: string, args: Arguments, machine: Machine, span: SourceSpan): PyValue {
  const separator = textAt(args, 0);
  machine.hold(separator === '' ? 0 : text.length / (separator?.length ?? 2), span);
  const limitValue = args.positional[1] ?? args.keywords.get('maxsplit');
  const limit = limitValue ? (integerOf(limitValue) ?? -1) : -1;
  const parts =
    separator === undefined
      ? text
          .trim()
          .split(/\s+/)
          .filter((part) => part !== '')
      : text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return list(parts.map(string));
  return list([...parts.slice(0, limit), parts.slice(limit).join(separator ?? ' ')].map(string));
}

function format(text: string, args: Arguments, machine: Machine, span: SourceSpan): PyValue {
  let next = 0;
  let filled = '';
  let at = 0;
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}:!]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}/g)) {
    const [whole, field = '', conversion, specification = ''] = match;
    const between = text.slice(at, match.index);
    if (/[{}]/.test(between)) return unknown('This template is not read', span);
    filled += between;
    at = match.index + whole.length;
    if (whole === '{{' || whole === '}}') {
      filled += whole.charAt(0);
      continue;
    }
    const read = (place: string): PyValue => {
      const [, name = '', path = ''] = /^([^.[]*)(.*)$/s.exec(place) ?? [];
      const isPlace = name === '' || /^\d+$/.test(name);
      const first = isPlace ? args.positional[name === '' ? next++ : Number(name)] : args.keywords.get(name);
      if (first === undefined)
        return isPlace
          ? machine.raise('IndexError', 'Replacement index out of range for positional args tuple', span)
          : machine.raise('KeyError', `'${name}'`, span);
      let value = first;
      for (const [, attribute, index = ''] of path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g))
        value =
          attribute === undefined
            ? itemOf(value, /^\d+$/.test(index) ? int(Number(index)) : string(index), span)
            : machine.attribute(value, attribute, span);
      return value;
    };
    const value = read(field);
    const given = conversion === undefined ? value : converted(machine, value, conversion, span);
    let wanted = specification;
    for (const [inner, place = ''] of specification.matchAll(/\{([^{}]*)\}/g)) {
      const part = formatValue(machine, read(place), '', span);
      if (part.kind !== 'string') return part;
      wanted = wanted.replace(inner, () => part.value);
    }
    const written = formatValue(machine, given, wanted, span);
    if (written.kind !== 'string') return unknown('What this is written as is not known', span);
    filled += written.value;
  }
  const rest = text.slice(at);
  if (/[{}]/.test(rest)) return unknown('This template is not read', span);
  return string(filled + rest);
}

/** `{0[key]}`: an item of something plain that has it. */
function itemOf(value: PyValue, index: PyValue, span: SourceSpan): PyValue {
  const lost = unknown('What this place of the template holds is not known', span);
  if (value.kind === 'dict' || value.kind === 'partial-dict') return readEntry(value, index) ?? lost;
  const place = integerOf(index);
  return ((value.kind === 'list' || value.kind === 'tuple') && place !== undefined && value.items[place]) || lost;
}

/** `!r`, `!s` and `!a` of a place in a template. */
export function converted(machine: Machine, value: PyValue, conversion: string, span: SourceSpan): PyValue {
  if (value.kind === 'unknown') return value;
  const text = conversion === 's' ? textOf(machine, value, span) : reprOf(machine, value, span);
  const isPlain = conversion !== 'a' || text === undefined || /^[\x20-\x7e]*$/.test(text);
  return text === undefined || !isPlain ? unknown('What this is written as is not known', span) : string(text);
}

const methods: Readonly<Record<string, Method>> = {
  lower: (text) => string(text.toLowerCase()),
  upper: (text) => string(text.toUpperCase()),
  capitalize: (text) => string(text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()),
  title: (text) =>
    string(text.replace(/[A-Za-z]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())),
  strip: (text, args) => string(stripped(text, textAt(args, 0), true, true)),
  lstrip: (text, args) => string(stripped(text, textAt(args, 0), true, false)),
  rstrip: (text, args) => string(stripped(text, textAt(args, 0), false, true)),
  split,
  rsplit: (text, args, machine, span) => {
    const separator = textAt(args, 0);
    const limit = args.positional[1] ?? args.keywords.get('maxsplit');
    const count = limit ? integerOf(limit) : undefined;
    if (separator === undefined || count === undefined || count < 0) return split(text, args, machine, span);
    const parts = text.split(separator);
    const tail = parts.splice(Math.max(0, parts.length - count));
    return list([...(parts.length > 0 ? [parts.join(separator)] : []), ...tail].map(string));
  },
  splitlines: (text) => list(text.split(/\r?\n/).map(string)),
  partition: (text, args) => {
    const separator = textAt(args, 0) ?? '';
    const at = text.indexOf(separator);
    return tuple(
      (at < 0 ? [text, '', ''] : [text.slice(0, at), separator, text.slice(at + separator.length)]).map(string),
    );
  },
  rpartition: (text, args) => {
    const separator = textAt(args, 0) ?? '';
    const at = text.lastIndexOf(separator);
    return tuple(
      (at < 0 ? ['', '', text] : [text.slice(0, at), separator, text.slice(at + separator.length)]).map(string),
    );
  },
  join: (text, args, machine, span) => {
    const [value] = args.positional;
    const items = value ? machine.iterate(value, span) : [];
    if ('kind' in items) return items;
    const parts: string[] = [];
    for (const item of items) {
      const plain = plainOf(item);
      if (plain.kind === 'unknown') return plain;
      if (plain.kind !== 'string')
        return machine.raise('TypeError', `expected str instance, ${machine.nameOfType(item)} found`, span);
      parts.push(plain.value);
    }
    machine.holdText(
      parts.reduce((sum, part) => sum + part.length + text.length, 0),
      span,
    );
    return string(parts.join(text));
  },
  replace: (text, args, machine, span) => {
    const count = args.positional[2] ? (integerOf(args.positional[2]) ?? -1) : -1;
    const [from, to] = [textAt(args, 0) ?? '', textAt(args, 1) ?? ''];
    const places = from === '' ? text.length + 1 : text.length / from.length;
    machine.holdText(text.length + (to.length > from.length ? places * to.length : 0), span);
    if (count < 0) return string(text.replaceAll(from, () => to));
    const parts = text.split(from);
    const head = parts.slice(0, count + 1).join(to);
    return string(parts.length > count + 1 ? [head, ...parts.slice(count + 1)].join(from) : head);
  },
  startswith: (text, args) => bool(affixes(args).some((affix) => text.startsWith(affix))),
  endswith: (text, args) => bool(affixes(args).some((affix) => text.endsWith(affix))),
  removeprefix: (text, args) =>
    string(text.startsWith(textAt(args, 0) ?? '') ? text.slice((textAt(args, 0) ?? '').length) : text),
  removesuffix: (text, args) => {
    const affix = textAt(args, 0) ?? '';
    return string(affix !== '' && text.endsWith(affix) ? text.slice(0, -affix.length) : text);
  },
  find: (text, args) => int(text.indexOf(textAt(args, 0) ?? '')),
  rfind: (text, args) => int(text.lastIndexOf(textAt(args, 0) ?? '')),
  index: (text, args, machine, span) => {
    const at = text.indexOf(textAt(args, 0) ?? '');
    return at < 0 ? machine.raise('ValueError', 'substring not found', span) : int(at);
  },
  count: (text, args) => int(text.split(textAt(args, 0) ?? '').length - 1),
  isdigit: (text) => bool(/^\d+$/.test(text)),
  isnumeric: (text) => bool(/^\d+$/.test(text)),
  isdecimal: (text) => bool(/^\d+$/.test(text)),
  isalpha: (text) => bool(/^\p{L}+$/u.test(text)),
  isalnum: (text) => bool(/^[\p{L}\p{N}]+$/u.test(text)),
  isupper: (text) => bool(text !== text.toLowerCase() && text === text.toUpperCase()),
  islower: (text) => bool(text !== text.toUpperCase() && text === text.toLowerCase()),
  isspace: (text) => bool(/^\s+$/.test(text)),
  isidentifier: (text) => bool(/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)),
  zfill: (text, args, machine, span) => string(text.padStart(widthOf(args, machine, span), '0')),
  ljust: (text, args, machine, span) => string(text.padEnd(widthOf(args, machine, span))),
  rjust: (text, args, machine, span) => string(text.padStart(widthOf(args, machine, span))),
  format,
  // Bytes are kept as the text that they encode.
  encode: (text) => string(text),
  decode: (text) => string(text),
};

/** A method of a string, bound to it; undefined when `str` has none of that name. */
export function stringMethod(text: string, name: string): PyValue | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return (
    method &&
    builtin(name, (machine, args, span) => {
      machine.holdText(text.length, span);
      return method(text, args, machine, span);
    })
  );
}
