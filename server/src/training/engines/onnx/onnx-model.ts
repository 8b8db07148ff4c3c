// What a training step needs of an ONNX model, and the bytes that onnxruntime loads. Nothing here knows what an operator does.

import {
  attributeTypes,
  dataTypes,
  encodeModelProto,
  type AttributeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-messages.ts';

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

const irVersion = 8;

function tensorProto(tensor: OnnxConstant, name?: string): TensorProto {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return {
    dims: tensor.shape,
    dataType: dataTypes[tensor.type],
    ...(name !== undefined && { name }),
    rawData: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

function attributeProto(name: string, attribute: OnnxAttribute): AttributeProto {
  const type = attributeTypes[attribute.type];
  switch (attribute.type) {
    case 'float':
      return { name, type, f: attribute.value };
    case 'int':
      return { name, type, i: attribute.value };
    case 'string':
      return { name, type, s: new TextEncoder().encode(attribute.value) };
    case 'tensor':
      return { name, type, t: tensorProto(attribute.value) };
    case 'floats':
      return { name, type, floats: attribute.value };
    case 'ints':
      return { name, type, ints: attribute.value };
  }
}

function valueProto({ name, type, shape }: OnnxValue): ValueInfoProto {
  const dim = shape.map((size) => ({ dimValue: size }));
  return { name, type: { tensorType: { elemType: dataTypes[type], shape: { dim } } } };
}

/** The bytes that onnxruntime loads. */
export function encodeModel(model: OnnxModel): Uint8Array {
  return encodeModelProto({
    irVersion,
    graph: {
      node: model.nodes.map(({ operator, domain, inputs, outputs, attributes }, index) => ({
        input: inputs,
        output: outputs,
        name: `${operator}_${String(index)}`,
        opType: operator,
        attribute: Object.entries(attributes).map(([name, attribute]) => attributeProto(name, attribute)),
        ...(domain !== '' && { domain }),
      })),
      name: 'training-step',
      initializer: [...model.constants].map(([name, constant]) => tensorProto(constant, name)),
      input: model.inputs.map(valueProto),
      output: model.outputs.map(valueProto),
    },
    opsetImport: [...model.operatorSets].map(([domain, version]) => ({ domain, version })),
  });
}
