// How a language writes numbers and computes with them. Edits take this from the frontend whose text they change: the same
// trail comes to other widths where a half is rounded up, and `064` is a number in one language and a mistake in another.

/** How numbers stand in a text. */
interface NumberNotation {
  /** The number that a text writes, or undefined when it is no plain number of the language. */
  parse(text: string): number | undefined;
  /** A number in the manner of the one that it takes the place of. */
  write(value: number, oldText: string): string;
}

/** What languages do in ways of their own; sums, products and powers are the same everywhere. Divisors are never 0. */
interface NumberArithmetic {
  /** The nearest whole number; of two that are as near, the one that the language takes. */
  round(value: number): number;
  /** The whole part of a quotient. */
  quotient(left: number, right: number): number;
  /** What is left over then. */
  remainder(left: number, right: number): number;
}

export interface NumberDialect extends NumberNotation, NumberArithmetic {}

/** A half goes to the even neighbor: Python's `round`, and IEEE 754's. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Quotients are rounded down, and a remainder has the sign of its divisor. */
const pythonArithmetic: NumberArithmetic = {
  round: roundHalfToEven,
  quotient: (left, right) => Math.floor(left / right),
  remainder: (left, right) => left - right * Math.floor(left / right),
};

/** A half goes up, `(left / right) | 0` cuts off, and a remainder has the sign of what is divided. */
const javascriptArithmetic: NumberArithmetic = {
  round: (value) => Math.round(value),
  quotient: (left, right) => Math.trunc(left / right),
  remainder: (left, right) => left % right,
};

/** What was written with a point keeps one. */
const likewise = (value: number, oldText: string): string => {
  const text = String(value);
  return oldText.includes('.') && !text.includes('.') ? `${text}.0` : text;
};

/** A notation by the pattern of its numbers, which JavaScript's own `Number` then reads as the language does. */
const notation = (pattern: RegExp, separators?: RegExp): NumberNotation => ({
  parse: (text) => {
    const plain = separators === undefined ? text : text.replace(separators, '');
    if (!pattern.test(plain)) return undefined;
    const value = Number(plain.replace(/^[+-]/, ''));
    return plain.startsWith('-') ? -value : value;
  },
  write: likewise,
});

const betweenDigits = /(?<=[\da-fA-F])_(?=[\da-fA-F])/g;
const withBases = /^[+-]?(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?)$/;

/** `64`, `1_000`, `0x40`, `6.`, `1e2`. */
export const pythonNumbers: NumberDialect = { ...notation(withBases, betweenDigits), ...pythonArithmetic };

/** The same notation; `064` is 52 there where it is allowed at all, so it is none of ours. */
export const javascriptNumbers: NumberDialect = { ...notation(withBases, betweenDigits), ...javascriptArithmetic };

/** Darknet's files: decimal digits, as C's `atoi` and `atof` read them, a leading 0 included. */
export const darknetNumbers: NumberDialect = {
  ...notation(/^[+-]?(\d+\.?\d*|\.\d+)$/),
  ...javascriptArithmetic,
};

/** JSON that Keras or TensorFlow.js wrote. */
export const jsonNumbers: NumberDialect = {
  ...notation(/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/),
  ...pythonArithmetic,
};

/** Whole numbers of protocol buffers as text; `064` is 52 there, so it is none of ours. */
export const protobufNumbers: NumberDialect = {
  ...notation(/^-?(0[xX][\da-fA-F]+|0|[1-9]\d*)$/),
  ...javascriptArithmetic,
};

/** YAML that a Python package computes with, as far as YAML 1.1 and 1.2 read it alike: `010` and `1e3` are two different things. */
export const yamlNumbers: NumberDialect = {
  ...notation(/^[+-]?(0x[\da-fA-F]+|(0|[1-9]\d*)(\.\d*)?|\.\d+)$/),
  ...pythonArithmetic,
};

/** Files without a text: nothing there is a number that could be written anew. */
export const unwrittenNumbers: NumberDialect = {
  parse: () => undefined,
  write: likewise,
  ...pythonArithmetic,
};
