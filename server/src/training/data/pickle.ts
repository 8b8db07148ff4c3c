// Python's pickles, read without running them: the opcodes of protocols 0 to 4 that plain values, NumPy arrays and what PyTorch
// saves are written with (Lib/pickletools.py lists them). What would call something in Python becomes a record of that call, and is looked at.

import type { Result } from '../../common/problem.ts';

/** A name that the pickle refers to, `numpy.core.multiarray._reconstruct`: nothing is loaded. */
export class PickledName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A call that Python would make: what is called, with which arguments, and the state that it is given afterwards. */
export class PickledCall {
  readonly callee: unknown;
  readonly args: unknown;
  state: unknown;
  constructor(callee: unknown, args: unknown) {
    this.callee = callee;
    this.args = args;
  }
}

/** What stands outside the pickle, by what it says of it: a storage of PyTorch's. */
export class PickledReference {
  readonly id: unknown;
  constructor(id: unknown) {
    this.id = id;
  }
}

/** Strings of Python 2 and bytes of Python 3 are both bytes here. */
export type Pickled = unknown;

/** More values than any batch of CIFAR and any list of weights has; keeps a small file from becoming a large one. */
const mostSteps = 2_000_000;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Reads one pickle; the error is a sentence without a subject. */
export function readPickle(bytes: Buffer): Result<Pickled> {
  try {
    return { ok: true, value: new Unpickler(bytes).read() };
  } catch (error) {
    return { ok: false, error: error instanceof RangeError ? 'is cut off' : reason(error) };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const mark = Symbol('mark');

class Unpickler {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(): unknown {
    for (let step = 0; step < mostSteps; step++) {
      const code = this.#take(1)[0] ?? 0;
      if (String.fromCharCode(code) === '.') return this.#pop();
      this.#step(code);
    }
    throw new Error('has more values than a data set’s batch or a list of weights');
  }

  #take(count: number): Buffer {
    if (count < 0 || this.#at + count > this.#bytes.length) throw new RangeError('end of the file');
    const part = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return part;
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new RangeError('end of the file');
    const text = latin1(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  #uint(bytes: 1 | 2 | 4): number {
    return this.#take(bytes).readUIntLE(0, bytes);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error('is no pickle');
    return this.#stack.pop();
  }

  #top(): unknown {
    return this.#stack.at(-1);
  }

  /** What stands above the last mark, which goes too. */
  #sinceMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new Error('is no pickle');
    const items = this.#stack.splice(at);
    items.shift();
    return items;
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new Error('is no pickle of plain values');
    for (const item of items) list.push(item);
  }

  #set(items: readonly unknown[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) throw new Error('is no pickle of plain values');
    for (let index = 0; index + 1 < items.length; index += 2) {
      const key = items[index];
      map.set(key instanceof Uint8Array ? latin1(key) : key, items[index + 1]);
    }
  }

  #step(code: number): void {
    const push = (value: unknown): void => void this.#stack.push(value);
    switch (String.fromCharCode(code)) {
      case '\x80':
        this.#take(1);
        return;
      case '\x95':
        this.#take(8);
        return;
      case '(':
        push(mark);
        return;
      case '0':
        this.#pop();
        return;
      case '}':
        push(new Map());
        return;
      case ']':
        push([]);
        return;
      case ')':
        push([]);
        return;
      case '\x8f':
        push([]);
        return;
      case '\x90':
        this.#append(this.#sinceMark());
        return;
      case 'Q':
        push(new PickledReference(this.#pop()));
        return;
      case 'N':
        push(null);
        return;
      case '\x88':
        push(true);
        return;
      case '\x89':
        push(false);
        return;
      case 'K':
        push(this.#uint(1));
        return;
      case 'M':
        push(this.#uint(2));
        return;
      case 'J':
        push(this.#take(4).readInt32LE());
        return;
      case 'I':
      case 'L':
        push(Number.parseInt(this.#line(), 10));
        return;
      case '\x8a': {
        const digits = this.#take(this.#uint(1));
        push(digits.length === 0 ? 0 : digits.length <= 6 ? digits.readIntLE(0, digits.length) : NaN);
        return;
      }
      case 'G':
        push(this.#take(8).readDoubleBE());
        return;
      case 'U':
      case 'C':
        push(this.#take(this.#uint(1)));
        return;
      case 'T':
      case 'B':
        push(this.#take(this.#uint(4)));
        return;
      case '\x8e':
        push(this.#take(Number(this.#take(8).readBigUInt64LE())));
        return;
      case 'X':
        push(this.#take(this.#uint(4)));
        return;
      case '\x8c':
        push(this.#take(this.#uint(1)));
        return;
      case 'V': {
        const text = this.#line().replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        );
        push(Buffer.from(text));
        return;
      }
      case 'c':
        push(new PickledName(`${this.#line()}.${this.#line()}`));
        return;
      case '\x93': {
        const [name, module] = [this.#pop(), this.#pop()];
        if (!(name instanceof Uint8Array) || !(module instanceof Uint8Array)) throw new Error('is no pickle');
        push(new PickledName(`${latin1(module)}.${latin1(name)}`));
        return;
      }
      case 'R':
      case '\x81': {
        const [args, callee] = [this.#pop(), this.#pop()];
        push(encodedText(callee, args) ?? orderedDictionary(callee, args) ?? new PickledCall(callee, args));
        return;
      }
      case 'b': {
        const state = this.#pop();
        const built = this.#top();
        // A dictionary's own attributes, such as the versions of a state dictionary's modules.
        if (built instanceof Map) return;
        if (!(built instanceof PickledCall)) throw new Error('holds something else than plain values and arrays');
        built.state = state;
        return;
      }
      case 't':
      case 'l':
        push(this.#sinceMark());
        return;
      case 'd': {
        const items = this.#sinceMark();
        push(new Map());
        this.#set(items);
        return;
      }
      case '\x85':
      case '\x86':
      case '\x87':
        push(this.#stack.splice(-(code - 0x84)));
        return;
      case 'a':
        this.#append([this.#pop()]);
        return;
      case 'e':
        this.#append(this.#sinceMark());
        return;
      case 's': {
        const [value, key] = [this.#pop(), this.#pop()];
        this.#set([key, value]);
        return;
      }
      case 'u':
        this.#set(this.#sinceMark());
        return;
      case 'p':
        this.#memo.set(Number.parseInt(this.#line(), 10), this.#top());
        return;
      case 'g':
        push(this.#memo.get(Number.parseInt(this.#line(), 10)));
        return;
      case 'q':
        this.#memo.set(this.#uint(1), this.#top());
        return;
      case 'r':
        this.#memo.set(this.#uint(4), this.#top());
        return;
      case '\x94':
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'h':
        push(this.#memo.get(this.#uint(1)));
        return;
      case 'j':
        push(this.#memo.get(this.#uint(4)));
        return;
      default:
        throw new Error(`has the opcode 0x${code.toString(16)}, which plain values and arrays do not need`);
    }
  }
}

/** Python 3 writes bytes for old protocols as `_codecs.encode(text, 'latin1')`, where the text is UTF-8 in the file. */
function encodedText(callee: unknown, args: unknown): Uint8Array | undefined {
  if (!(callee instanceof PickledName) || callee.name !== '_codecs.encode' || !Array.isArray(args)) return undefined;
  const [text, encoding] = args as readonly unknown[];
  if (!(text instanceof Uint8Array) || !isText(encoding, 'latin1')) return undefined;
  return Buffer.from(Buffer.from(text).toString('utf8'), 'latin1');
}

function orderedDictionary(callee: unknown, args: unknown): Map<unknown, unknown> | undefined {
  const isOrdered = callee instanceof PickledName && callee.name === 'collections.OrderedDict';
  return isOrdered && Array.isArray(args) && args.length === 0 ? new Map() : undefined;
}

/** Lists and dictionaries are plain; an array of bytes is a call of NumPy's with its content as state. Undefined when it is none. */
export function pickledBytes(value: Pickled): Uint8Array | undefined {
  if (!(value instanceof PickledCall) || !(value.callee instanceof PickledName)) return undefined;
  if (!/^numpy\.(_?core)\.multiarray\._reconstruct$/.test(value.callee.name)) return undefined;
  // (version, shape, type, whether Fortran's order, content)
  const state: unknown = value.state;
  if (!Array.isArray(state) || state.length !== 5) return undefined;
  const [, , type, isFortran, content] = state as readonly unknown[];
  const isBytes = type instanceof PickledCall && Array.isArray(type.args) && isText(type.args[0], 'u1');
  if (!isBytes || isFortran === true || isFortran === 1) return undefined;
  return content instanceof Uint8Array ? content : undefined;
}

/** A string, which is kept as the bytes that it is written with. */
export function pickledText(value: Pickled): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined;
}

function isText(value: unknown, text: string): boolean {
  return value instanceof Uint8Array && latin1(value) === text;
}

/** A list of whole numbers; undefined when it is none. */
export function pickledNumbers(value: Pickled): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers: number[] = [];
  for (const item of value as readonly unknown[]) {
    if (typeof item !== 'number' || !Number.isInteger(item)) return undefined;
    numbers.push(item);
  }
  return numbers;
}
