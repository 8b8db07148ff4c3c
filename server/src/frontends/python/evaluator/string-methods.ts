// Methods of `str`, each a small pure function.

import type { SourceSpan } from '../../../common/source-span.ts';
import { readEntry } from './partial-dictionary.ts';
import { formatValue, reprOf, textOf } from './text.ts';
import { taken } from './argument-kinds.ts';
import { bool, builtin, int, list, none, plainOf, string, tuple, unknown } from './values.ts';
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

function emptySeparator(machine: Machine, span: SourceSpan): never {
  return machine.raise('ValueError', 'empty separator', span);
}

function split(text: string, args: Arguments, machine: Machine, span: SourceSpan): PyValue {
  const separator = textAt(args, 0);
  if (separator === '') return emptySeparator(machine, span);
  machine.hold(text.length / (separator?.length ?? 2), span);
  const limit = args.positional[1] ? (integerOf(args.positional[1]) ?? -1) : -1;
  if (separator === undefined) {
    const parts = text
      .trim()
      .split(/\s+/)
      .filter((part) => part !== '');
    if (limit < 0 || parts.length <= limit) return list(parts.map(string));
    // What is left over keeps the blanks in it and behind it.
    let rest = text.trimStart();
    const first: string[] = [];
    for (let i = 0; i < limit; i++) {
      const [word = ''] = /^\S+/.exec(rest) ?? [];
      first.push(word);
      rest = rest.slice(word.length).trimStart();
    }
    return list([...first, ...(rest === '' ? [] : [rest])].map(string));
  }
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return list(parts.map(string));
  return list([...parts.slice(0, limit), parts.slice(limit).join(separator)].map(string));
}

/** Something looked for in a text; in a part of it only where that is the whole. */
function inPart(
  text: string,
  args: Arguments,
  span: SourceSpan,
  look: (part: string, wanted: string) => number,
): PyValue {
  if (args.positional.length > 1) return unknown('Where in the text this is looked for is not followed', span);
  return int(look(text, textAt(args, 0) ?? ''));
}

/** A text padded with one character. */
function padded(args: Arguments, span: SourceSpan, pad: (fill: string) => string): PyValue {
  const fill = textAt(args, 1) ?? ' ';
  return fill.length === 1 ? string(pad(fill)) : unknown('With what this is padded is not followed', span);
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
    string(text.replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())),
  casefold: (text, args, machine, span) =>
    /^[\x20-\x7e]*$/.test(text) ? string(text.toLowerCase()) : unknown('What this text folds to is not followed', span),
  swapcase: (text) =>
    string(
      Array.from(text, (each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join(''),
    ),
  strip: (text, args) => string(stripped(text, textAt(args, 0), true, true)),
  lstrip: (text, args) => string(stripped(text, textAt(args, 0), true, false)),
  rstrip: (text, args) => string(stripped(text, textAt(args, 0), false, true)),
  split,
  rsplit: (text, args, machine, span) => {
    const separator = textAt(args, 0);
    const count = args.positional[1] ? integerOf(args.positional[1]) : undefined;
    if (count === undefined || count < 0) return split(text, args, machine, span);
    if (separator === undefined) return unknown('How this text is split from its end is not followed', span);
    if (separator === '') return emptySeparator(machine, span);
    const parts = text.split(separator);
    const tail = parts.splice(Math.max(0, parts.length - count));
    return list([...(parts.length > 0 ? [parts.join(separator)] : []), ...tail].map(string));
  },
  splitlines: (text, args, machine, span) => {
    const keeps = args.positional[0];
    if (keeps && machine.truth(keeps, span) !== false)
      return unknown('Lines that keep their ends are not followed', span);
    const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
    return list((lines.at(-1) === '' ? lines.slice(0, -1) : lines).map(string));
  },
  partition: (text, args, machine, span) => {
    const separator = textAt(args, 0) ?? '';
    if (separator === '') return emptySeparator(machine, span);
    const at = text.indexOf(separator);
    return tuple(
      (at < 0 ? [text, '', ''] : [text.slice(0, at), separator, text.slice(at + separator.length)]).map(string),
    );
  },
  rpartition: (text, args, machine, span) => {
    const separator = textAt(args, 0) ?? '';
    if (separator === '') return emptySeparator(machine, span);
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
    // Between all characters and at both ends is nothing as well.
    const parts = from === '' ? ['', ...Array.from(text), ''] : text.split(from);
    const head = parts.slice(0, count + 1).join(to);
    return string(parts.length > count + 1 ? [head, ...parts.slice(count + 1)].join(from) : head);
  },
  startswith: (text, args, machine, span) =>
    args.positional.length > 1
      ? unknown('Where in the text this is looked for is not followed', span)
      : bool(affixes(args).some((affix) => text.startsWith(affix))),
  endswith: (text, args, machine, span) =>
    args.positional.length > 1
      ? unknown('Where in the text this is looked for is not followed', span)
      : bool(affixes(args).some((affix) => text.endsWith(affix))),
  removeprefix: (text, args) =>
    string(text.startsWith(textAt(args, 0) ?? '') ? text.slice((textAt(args, 0) ?? '').length) : text),
  removesuffix: (text, args) => {
    const affix = textAt(args, 0) ?? '';
    return string(affix !== '' && text.endsWith(affix) ? text.slice(0, -affix.length) : text);
  },
  find: (text, args, machine, span) => inPart(text, args, span, (part, wanted) => part.indexOf(wanted)),
  rfind: (text, args, machine, span) => inPart(text, args, span, (part, wanted) => part.lastIndexOf(wanted)),
  index: (text, args, machine, span) => {
    const at = inPart(text, args, span, (part, wanted) => part.indexOf(wanted));
    return at.kind === 'int' && at.value < 0 ? machine.raise('ValueError', 'substring not found', span) : at;
  },
  rindex: (text, args, machine, span) => {
    const at = inPart(text, args, span, (part, wanted) => part.lastIndexOf(wanted));
    return at.kind === 'int' && at.value < 0 ? machine.raise('ValueError', 'substring not found', span) : at;
  },
  count: (text, args, machine, span) =>
    inPart(text, args, span, (part, wanted) =>
      wanted === '' ? Array.from(part).length + 1 : part.split(wanted).length - 1,
    ),
  isdigit: (text) => bool(/^\d+$/.test(text)),
  isnumeric: (text) => bool(/^\d+$/.test(text)),
  isdecimal: (text) => bool(/^\d+$/.test(text)),
  isalpha: (text) => bool(/^\p{L}+$/u.test(text)),
  isalnum: (text) => bool(/^[\p{L}\p{N}]+$/u.test(text)),
  isupper: (text) => bool(text !== text.toLowerCase() && text === text.toUpperCase()),
  islower: (text) => bool(text !== text.toUpperCase() && text === text.toLowerCase()),
  isspace: (text) => bool(/^\s+$/.test(text)),
  isidentifier: (text) => bool(/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)),
  zfill: (text, args, machine, span) => {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return string(sign + text.slice(sign.length).padStart(widthOf(args, machine, span) - sign.length, '0'));
  },
  ljust: (text, args, machine, span) => padded(args, span, (fill) => text.padEnd(widthOf(args, machine, span), fill)),
  rjust: (text, args, machine, span) => padded(args, span, (fill) => text.padStart(widthOf(args, machine, span), fill)),
  format,
  // Bytes are kept as the text that they encode.
  encode: (text) => string(text),
  decode: (text) => string(text),
};

/** What the methods take (argument-kinds.ts); nothing where they are not here. */
const signatures: Readonly<Record<string, string | undefined>> = {
  strip: 'S?',
  lstrip: 'S?',
  rstrip: 'S?',
  split: 'S?i? sep maxsplit',
  rsplit: 'S?i? sep maxsplit',
  splitlines: 'i? keepends',
  partition: 'S',
  rpartition: 'S',
  join: 'v',
  replace: 'SSi?',
  startswith: 'ai?i?',
  endswith: 'ai?i?',
  removeprefix: 'S',
  removesuffix: 'S',
  find: 'Si?i?',
  rfind: 'Si?i?',
  index: 'Si?i?',
  rindex: 'Si?i?',
  count: 'Si?i?',
  zfill: 'i',
  ljust: 'iS?',
  rjust: 'iS?',
  encode: 'S?S? encoding errors',
  decode: 'S?S? encoding errors',
  format: undefined,
};

/** A method of a string, bound to it; undefined when `str` has none of that name. */
export function stringMethod(text: string, name: string): PyValue | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return (
    method &&
    builtin(name, (machine, args, span) => {
      machine.holdText(text.length, span);
      const signature = Object.hasOwn(signatures, name) ? signatures[name] : '';
      if (signature === undefined) return method(text, args, machine, span);
      const given = taken(machine, signature, args, span);
      if ('kind' in given) return given;
      const positional = given.map((value) => value ?? none);
      return method(text, { positional, keywords: new Map() }, machine, span);
    })
  );
}
