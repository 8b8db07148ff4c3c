// The mini-language that `format`, f-strings and `%` share: fill, alignment, sign, zero padding, width, grouping, precision, type.

import { fixedDigits, significantDigits } from './decimals.ts';
import { floatText } from './number-text.ts';

export interface Specification {
  readonly fill: string;
  /** Where not given, numbers stand right and texts left. */
  readonly alignment: '<' | '>' | '^' | '=' | undefined;
  readonly sign: '+' | '-' | ' ';
  readonly isAlternate: boolean;
  readonly width: number;
  readonly grouping: ',' | '_' | '';
  readonly precision: number | undefined;
  readonly type: string;
}

/** Digits behind the point that are written at most. */
const mostDigits = 1_000;

const pattern = /^(?:(.)?([<>^=]))?([+ -])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

/** Reads a specification; undefined where it is none, or has parts that are not worked out here. */
export function parseSpecification(text: string): Specification | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, fill, alignment, sign, alternate, zero, width, grouping, precision, type] = match;
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    alignment: alignmentOf(alignment) ?? (zero === undefined ? undefined : '='),
    sign: sign === '+' || sign === ' ' ? sign : '-',
    isAlternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping: grouping === ',' || grouping === '_' ? grouping : '',
    precision: precision === undefined ? undefined : Number(precision),
    type: type ?? '',
  };
}

function alignmentOf(text: string | undefined): Specification['alignment'] {
  return text === '<' || text === '>' || text === '^' || text === '=' ? text : undefined;
}

/** A text in its place; undefined where Python raises. */
export function formatText(text: string, specification: Specification): string | undefined {
  const { type, sign, alignment, precision, isAlternate, grouping } = specification;
  // A zero before the width fills a text on the right; older versions of Python refuse it.
  if ((type !== '' && type !== 's') || sign !== '-' || alignment === '=' || isAlternate || grouping !== '')
    return undefined;
  const characters = Array.from(text);
  const shown = precision === undefined ? characters : characters.slice(0, precision);
  return pad(shown, specification, '<');
}

function pad(characters: readonly string[], { fill, width, alignment }: Specification, otherwise: '<' | '>'): string {
  const missing = Math.max(0, width - characters.length);
  const text = characters.join('');
  switch (alignment ?? otherwise) {
    case '<':
      return text + fill.repeat(missing);
    case '^':
      return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2));
    default:
      return fill.repeat(missing) + text;
  }
}

/** A number in its place; undefined where Python raises or it is not worked out here. */
export function formatNumber(value: number, isInteger: boolean, specification: Specification): string | undefined {
  const { type } = specification;
  if (isInteger && 'bcdoxXn'.includes(type || 'd')) return formatInteger(value, specification);
  return '' === type || 'eEfFgGn%'.includes(type) ? formatFloat(value, specification) : undefined;
}

function formatInteger(value: number, specification: Specification): string | undefined {
  const { type, precision, grouping, isAlternate, sign } = specification;
  if (precision !== undefined || !Number.isSafeInteger(value)) return undefined;
  if (type === 'c') {
    if (sign !== '-' || grouping !== '' || value < 0 || value > 0x10ffff) return undefined;
    return pad([String.fromCodePoint(value)], specification, '>');
  }
  if (type === 'n' && grouping !== '') return undefined;
  const base = { b: 2, o: 8, x: 16, X: 16 }[type] ?? 10;
  if (grouping === ',' && base !== 10) return undefined;
  const digits = Math.abs(value).toString(base);
  const prefix = isAlternate ? ({ b: '0b', o: '0o', x: '0x', X: '0X' }[type] ?? '') : '';
  return placed(
    value < 0,
    prefix,
    type === 'X' ? digits.toUpperCase() : digits,
    '',
    base === 10 ? 3 : 4,
    specification,
  );
}

function formatFloat(value: number, specification: Specification): string | undefined {
  const { type, precision, isAlternate, grouping } = specification;
  if (type === 'n' && grouping !== '') return undefined;
  const isNegative = value < 0 || Object.is(value, -0);
  const isUpper = type === 'E' || type === 'F' || type === 'G';
  if (!Number.isFinite(value)) {
    const name = (Number.isNaN(value) ? 'nan' : 'inf') + (type === '%' ? '%' : '');
    return placed(isNegative, '', isUpper ? name.toUpperCase() : name, '', 0, specification);
  }
  const digits = Math.min(precision ?? 6, mostDigits);
  const written = writtenFloat(Math.abs(value), type.toLowerCase(), precision, digits, isAlternate);
  const [, whole = '', rest = ''] = /^(\d+)(.*)$/s.exec(written) ?? [];
  return placed(isNegative, '', whole, isUpper ? rest.toUpperCase() : rest, 3, specification);
}

function writtenFloat(
  value: number,
  type: string,
  precision: number | undefined,
  digits: number,
  isAlternate: boolean,
): string {
  const point = isAlternate ? '.' : '';
  switch (type) {
    case 'f':
      return fixedDigits(value, digits) + (digits === 0 ? point : '');
    case '%':
      return `${fixedDigits(value * 100, digits)}${digits === 0 ? point : ''}%`;
    case 'e': {
      const { digits: all, power } = significantDigits(value, digits + 1);
      return `${all.charAt(0)}${digits > 0 ? `.${all.slice(1)}` : point}${exponentText(power)}`;
    }
    case '':
      if (precision === undefined) return floatText(value);
      return general(value, Math.max(1, digits), isAlternate, true);
    default:
      return general(value, Math.max(1, digits), isAlternate, false);
  }
}

function exponentText(power: number): string {
  return `e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Type `g`; without a type a number keeps a point, and has its exponent one digit earlier. */
function general(value: number, count: number, isAlternate: boolean, isPlain: boolean): string {
  const { digits, power } = significantDigits(value, count);
  const drop = (text: string): string => (isAlternate || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (power < -4 || power >= (isPlain ? count - 1 : count)) {
    if (isPlain && power >= -4 && power < count - 1) return digits;
    const mantissa = count > 1 ? `${digits.charAt(0)}.${digits.slice(1)}` : digits + (isAlternate ? '.' : '');
    return drop(mantissa) + exponentText(power);
  }
  const text =
    power < 0
      ? `0.${'0'.repeat(-power - 1)}${digits}`
      : power + 1 >= count
        ? digits + (isAlternate ? '.' : '')
        : `${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
  const short = drop(text);
  return isPlain && !short.includes('.') ? `${short}.0` : short;
}

/** Sign, prefix and digits in their place, the digits in groups. */
function placed(
  isNegative: boolean,
  prefix: string,
  digits: string,
  rest: string,
  group: number,
  specification: Specification,
): string {
  const { grouping, width, fill, alignment, sign } = specification;
  const head = (isNegative ? '-' : sign === '-' ? '' : sign) + prefix;
  if (alignment !== '=') return pad(Array.from(head + grouped(digits, grouping, group) + rest), specification, '>');
  let whole = digits;
  const size = (): number => head.length + grouped(whole, grouping, group).length + rest.length;
  // Zeros stand in groups as other digits do; what would begin with a separator gets one zero more.
  if (fill === '0' && grouping !== '' && group > 0) while (size() < width) whole = `0${whole}`;
  return head + fill.repeat(Math.max(0, width - size())) + grouped(whole, grouping, group) + rest;
}

function grouped(digits: string, separator: string, size: number): string {
  return separator === '' || size === 0
    ? digits
    : digits.replace(new RegExp(`\\B(?=(\\w{${String(size)}})+$)`, 'g'), separator);
}
