// The part of the ONNX file format that a training step needs, and its encoding as protocol buffers.
// Field numbers are those of onnx.proto3 (github.com/onnx/onnx); nothing here knows what an operator does.

import { Writer } from 'protobufjs/minimal.js';

export type ElementType = 'float32' | 'int32' | 'int64' | 'bool';

/** An attribute by its ONNX type; which one an operator expects stands in the operator's specification. */
export type OnnxAttribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: OnnxConstant };

/** A tensor whose elements stand in the model. */
export interface OnnxConstant {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** In the platform's byte order, which is little-endian wherever onnxruntime runs. */
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface OnnxNode {
  readonly operator: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  /** Names of values; an empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A model's input or output. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export interface OnnxModel {
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Version of the operator set by domain. */
  readonly operatorSets: ReadonlyMap<string, number>;
}

const IR_VERSION = 8;
const ELEMENT_TYPES: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_TYPES: Readonly<Record<OnnxAttribute['type'], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  ints: 7,
};

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** The tag that opens a field. */
function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function writeString(writer: Writer, field: number, text: string): void {
  writer.uint32(tag(field, LENGTH_DELIMITED)).string(text);
}

function writeInteger(writer: Writer, field: number, value: number): void {
  writer.uint32(tag(field, VARINT)).int64(value);
}

function writeMessage(writer: Writer, field: number, content: () => void): void {
  writer.uint32(tag(field, LENGTH_DELIMITED)).fork();
  content();
  writer.ldelim();
}

function writeTensor(writer: Writer, name: string, tensor: OnnxConstant): void {
  for (const size of tensor.shape) writeInteger(writer, 1, size);
  writeInteger(writer, 2, ELEMENT_TYPES[tensor.type]);
  if (name !== '') writeString(writer, 8, name);
  const { buffer, byteOffset, byteLength } = tensor.data;
  writer.uint32(tag(9, LENGTH_DELIMITED)).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function writeAttribute(writer: Writer, name: string, attribute: OnnxAttribute): void {
  writeString(writer, 1, name);
  switch (attribute.type) {
    case 'float':
      writer.uint32(tag(2, FIXED_32)).float(attribute.value);
      break;
    case 'int':
      writeInteger(writer, 3, attribute.value);
      break;
    case 'string':
      writeString(writer, 4, attribute.value);
      break;
    case 'tensor':
      writeMessage(writer, 5, () => {
        writeTensor(writer, '', attribute.value);
      });
      break;
    case 'floats':
      for (const value of attribute.value) writer.uint32(tag(7, FIXED_32)).float(value);
      break;
    case 'ints':
      for (const value of attribute.value) writeInteger(writer, 8, value);
      break;
  }
  writeInteger(writer, 20, ATTRIBUTE_TYPES[attribute.type]);
}

function writeNode(writer: Writer, node: OnnxNode, name: string): void {
  for (const input of node.inputs) writeString(writer, 1, input);
  for (const output of node.outputs) writeString(writer, 2, output);
  writeString(writer, 3, name);
  writeString(writer, 4, node.operator);
  for (const [key, attribute] of Object.entries(node.attributes)) {
    writeMessage(writer, 5, () => {
      writeAttribute(writer, key, attribute);
    });
  }
  if (node.domain !== '') writeString(writer, 7, node.domain);
}

function writeValue(writer: Writer, value: OnnxValue): void {
  writeString(writer, 1, value.name);
  writeMessage(writer, 2, () => {
    writeMessage(writer, 1, () => {
      writeInteger(writer, 1, ELEMENT_TYPES[value.type]);
      writeMessage(writer, 2, () => {
        for (const size of value.shape) {
          writeMessage(writer, 1, () => {
            writeInteger(writer, 1, size);
          });
        }
      });
    });
  });
}

/** The bytes that onnxruntime loads. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = Writer.create();
  writeInteger(writer, 1, IR_VERSION);
  writeMessage(writer, 7, () => {
    model.nodes.forEach((node, index) => {
      writeMessage(writer, 1, () => {
        writeNode(writer, node, `${node.operator}_${String(index)}`);
      });
    });
    writeString(writer, 2, 'training-step');
    for (const [name, constant] of model.constants) {
      writeMessage(writer, 5, () => {
        writeTensor(writer, name, constant);
      });
    }
    for (const input of model.inputs) {
      writeMessage(writer, 11, () => {
        writeValue(writer, input);
      });
    }
    for (const output of model.outputs) {
      writeMessage(writer, 12, () => {
        writeValue(writer, output);
      });
    }
  });
  for (const [domain, version] of model.operatorSets) {
    writeMessage(writer, 8, () => {
      writeString(writer, 1, domain);
      writeInteger(writer, 2, version);
    });
  }
  return writer.finish();
}
