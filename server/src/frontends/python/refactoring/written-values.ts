// Numbers, lists of them and arguments of calls as Python writes them: on one line where they fit, one part a line where not.

/** Arguments by name; lists have a place for every round of a loop, empty where nothing is given. */
export type PassedValue = number | PassedList | Arguments;
export interface PassedList {
  readonly kind: 'list';
  readonly items: readonly (PassedValue | undefined)[];
  /** What stands where nothing is given. */
  readonly empty: 'None' | '{}';
}
export interface Arguments {
  readonly kind: 'arguments';
  readonly values: ReadonlyMap<string, PassedValue>;
}

const longestLine = 100;

/** `room` is what stands on the line already; `indent` what the line begins with. */
export function writtenValue(value: PassedValue, indent: string, newline: string, room = 0): string {
  if (typeof value === 'number') return String(value);
  const flat = flatValue(value);
  if (indent.length + room + flat.length <= longestLine) return flat;
  const inner = `${indent}    `;
  const [open, close] = value.kind === 'list' ? ['[', ']'] : ['dict(', ')'];
  const parts =
    value.kind === 'list'
      ? value.items.map((item) => (item === undefined ? value.empty : writtenValue(item, inner, newline, 1)))
      : writtenArguments(value, inner, newline);
  return `${open}${newline}${parts.map((part) => `${inner}${part},${newline}`).join('')}${indent}${close}`;
}

/** `conv1=41`, one text an argument. */
export function writtenArguments({ values }: Arguments, indent: string, newline: string): readonly string[] {
  return [...values].map(([name, value]) => `${name}=${writtenValue(value, indent, newline, name.length + 2)}`);
}

function flatValue(value: PassedValue): string {
  if (typeof value === 'number') return String(value);
  if (value.kind === 'list') {
    return `[${value.items.map((item) => (item === undefined ? value.empty : flatValue(item))).join(', ')}]`;
  }
  return `dict(${[...value.values].map(([name, item]) => `${name}=${flatValue(item)}`).join(', ')})`;
}
