// A graph of TensorFlow as TensorFlow.js keeps it in JSON: nodes with their operations, inputs and attributes, and the manifest
// that tells the shape and place of every weight. Of the weights' files only small tensors are read, which tell shapes.

import type { SourceSpan } from '../../common/source-span.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import type { FileBytes } from '../shared/frontend.ts';

export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly NodeOutput[];
  readonly attributes: ConfigValue | undefined;
  readonly span: SourceSpan;
}

/** An output of a node: `split:1` is the second. */
export interface NodeOutput {
  readonly node: string;
  readonly output: number;
}

export interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** The type that the network has it in: `float32`, `int32`. */
  readonly type: string;
  /** The type that it is stored in, and what undoes the storing. */
  readonly stored: { readonly type: string; readonly scale: number; readonly offset: number };
  readonly files: readonly string[];
  /** Where it stands in these files one behind the other. */
  readonly start: number;
}

export interface GraphFile {
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, StoredWeight>;
  /** As the file's signature names them; empty where it has none. */
  readonly outputs: readonly NodeOutput[];
}

const bytesOfType: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

/** Undefined for JSON that is no graph. */
export function graphFileOf(root: ConfigValue | undefined): GraphFile | undefined {
  const topology = valueAt(root, 'modelTopology');
  const nodes = itemsOf(valueAt(topology, 'node')).flatMap((node) => nodeOf(node) ?? []);
  if (nodes.length === 0) return undefined;
  const signature = valueAt(root, 'signature') ?? valueAt(valueAt(root, 'userDefinedMetadata'), 'signature');
  const outputs = valueAt(signature, 'outputs');
  return {
    nodes,
    weights: weightsOf(valueAt(root, 'weightsManifest')),
    outputs:
      outputs?.kind === 'map'
        ? outputs.entries.map(({ key, value }) => outputOf(textOf(valueAt(value, 'name')) ?? key))
        : [],
  };
}

function nodeOf(value: ConfigValue): GraphNode | undefined {
  const [name, operation] = [textOf(valueAt(value, 'name')), textOf(valueAt(value, 'op'))];
  if (name === undefined || operation === undefined) return undefined;
  const inputs = itemsOf(valueAt(value, 'input')).flatMap((input) => {
    const text = textOf(input);
    // What begins with a caret only says what is run before.
    return text === undefined || text.startsWith('^') ? [] : [outputOf(text)];
  });
  const span = valueAt(value, 'op')?.span ?? value.span;
  return { name, operation, inputs, attributes: valueAt(value, 'attr'), span };
}

function outputOf(text: string): NodeOutput {
  const [, node = text, output = '0'] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { node, output: Number(output) };
}

function weightsOf(manifest: ConfigValue | undefined): ReadonlyMap<string, StoredWeight> {
  const found = new Map<string, StoredWeight>();
  for (const group of itemsOf(manifest)) {
    const files = itemsOf(valueAt(group, 'paths')).flatMap((path) => textOf(path) ?? []);
    let start = 0;
    for (const weight of itemsOf(valueAt(group, 'weights'))) {
      const name = textOf(valueAt(weight, 'name')) ?? '';
      const shape = itemsOf(valueAt(weight, 'shape')).flatMap((size) => numberOf(size) ?? []);
      const type = textOf(valueAt(weight, 'dtype')) ?? 'float32';
      const quantization = valueAt(weight, 'quantization');
      const stored = {
        type: textOf(valueAt(quantization, 'dtype')) ?? type,
        scale: numberOf(valueAt(quantization, 'scale')) ?? 1,
        offset: numberOf(valueAt(quantization, 'min')) ?? 0,
      };
      found.set(name, { name, shape, type, stored, files, start });
      start += shape.reduce((all, size) => all * size, 1) * (bytesOfType[stored.type] ?? 4);
    }
  }
  return found;
}

/** More numbers than these tell no shape. */
const mostNumbers = 256;

/** The numbers of a small tensor; undefined where its file is not there or it is of no type of numbers that is read. */
export function numbersOf(
  { shape, type, stored, files, start }: StoredWeight,
  open: (file: string) => FileBytes | undefined,
): readonly number[] | undefined {
  const count = shape.reduce((all, size) => all * size, 1);
  const width = bytesOfType[stored.type];
  if (count > mostNumbers || width === undefined) return undefined;
  if (count === 0) return [];
  let before = 0;
  for (const name of files) {
    const file = open(name);
    if (file === undefined) return undefined;
    if (start + count * width <= before + file.size) {
      // Tensors that go on in a second file are large.
      if (start < before) return undefined;
      const bytes = file.read(start - before, count * width);
      if (bytes.length < count * width) return undefined;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const numbers = Array.from({ length: count }, (_, i) => {
        const raw = numberAt(view, i * width, stored.type);
        const value = raw * stored.scale + stored.offset;
        return type === 'int32' ? Math.round(value) : value;
      });
      return numbers.every((value) => Number.isFinite(value)) ? numbers : undefined;
    }
    before += file.size;
  }
  return undefined;
}

function numberAt(view: DataView, at: number, type: string): number {
  switch (type) {
    case 'float32':
      return view.getFloat32(at, true);
    case 'int32':
      return view.getInt32(at, true);
    case 'uint16':
      return view.getUint16(at, true);
    case 'uint8':
    case 'bool':
      return view.getUint8(at);
    default:
      return NaN;
  }
}

/** An attribute of a node under its one of these keys: `{ "i": "1" }`. */
function attribute(node: GraphNode, name: string, key: string): ConfigValue | undefined {
  return valueAt(valueAt(node.attributes, name), key);
}

/** Long integers stand in quotes. */
const integerIn = (value: ConfigValue | undefined): number | undefined => {
  const number = numberOf(value) ?? Number(textOf(value) ?? NaN);
  return Number.isFinite(number) ? number : undefined;
};

export const integerOf = (node: GraphNode, name: string): number | undefined => integerIn(attribute(node, name, 'i'));

export const floatOf = (node: GraphNode, name: string): number | undefined => numberOf(attribute(node, name, 'f'));

export const flagOf = (node: GraphNode, name: string): boolean => {
  const value = attribute(node, name, 'b');
  return value?.kind === 'scalar' && value.value === true;
};

export const typeOf = (node: GraphNode, name: string): string | undefined => textOf(attribute(node, name, 'type'));

export const wordOf = (node: GraphNode, name: string): string | undefined => {
  const text = textOf(attribute(node, name, 's'));
  return text === undefined ? undefined : plainText(text);
};

export const wordsOf = (node: GraphNode, name: string): readonly string[] =>
  itemsOf(valueAt(attribute(node, name, 'list'), 's')).flatMap((item) => plainText(textOf(item) ?? ''));

export const integersOf = (node: GraphNode, name: string): readonly number[] =>
  itemsOf(valueAt(attribute(node, name, 'list'), 'i')).flatMap((item) => integerIn(item) ?? []);

/** A shape with its batch; open sizes are undefined, and so is a shape of unknown rank. */
export function shapeOf(node: GraphNode, name: string): readonly (number | undefined)[] | undefined {
  const shape = attribute(node, name, 'shape');
  const dimensions = valueAt(shape, 'dim');
  if (dimensions?.kind !== 'list') return undefined;
  return dimensions.items.map((dimension) => {
    const size = integerIn(valueAt(dimension, 'size'));
    return size === undefined || size < 0 ? undefined : size;
  });
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Texts of attributes are bytes in base64; they are names, so ASCII. */
function plainText(base64: string): string {
  let [bits, count, text] = [0, 0, ''];
  for (const letter of base64.replace(/=+$/, '')) {
    const value = letters.indexOf(letter);
    if (value === -1) return base64;
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    text += String.fromCharCode((bits >> count) & 0xff);
  }
  return text;
}
