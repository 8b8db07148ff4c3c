// Small ONNX files as bytes, and what the frontend reads of them.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import { reportCosts, type Cost } from '../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../server/src/costs/device-profile.ts';
import { onnxFrontend } from '../../server/src/frontends/onnx/onnx-frontend.ts';
import {
  defaultLimits,
  type EntryRequest,
  type Evaluation,
  type FileBytes,
  type SourceReader,
} from '../../server/src/frontends/shared/frontend.ts';
import {
  encodeModel,
  type OnnxConstant,
  type OnnxNode,
  type OnnxValue,
} from '../../server/src/training/engines/onnx/onnx-model.ts';

export const onnxDocument = 'file:///models/net.onnx';

/** One node; attributes are whole numbers, lists of them, or texts. */
export function node(
  operator: string,
  inputs: string,
  outputs: string,
  attributes: Readonly<Record<string, number | readonly number[] | string>> = {},
): OnnxNode {
  return {
    operator,
    domain: '',
    inputs: inputs.split(' ').map((name) => (name === '-' ? '' : name)),
    outputs: outputs.split(' '),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? { type: 'string', value }
          : typeof value === 'number'
            ? { type: 'int', value }
            : { type: 'ints', value },
      ]),
    ),
  };
}

export const floats = (...shape: readonly number[]): OnnxConstant => ({
  type: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((count, size) => count * size, 1) }, (_, i) => i),
});

export const integers = (...values: readonly number[]): OnnxConstant => ({
  type: 'int64',
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

export interface OnnxFile {
  readonly nodes: readonly OnnxNode[];
  readonly constants?: Readonly<Record<string, OnnxConstant>>;
  readonly input?: readonly number[];
  readonly inputs?: readonly OnnxValue[];
  readonly opset?: number;
}

/** A file whose input is called x. */
export function onnxFile({ nodes, constants = {}, input = [1, 3, 8, 8], inputs, opset = 17 }: OnnxFile): Uint8Array {
  return encodeModel({
    nodes,
    constants: new Map(Object.entries(constants)),
    inputs: inputs ?? [{ name: 'x', type: 'float32', shape: input }],
    outputs: nodes.slice(-1).flatMap(({ outputs }) => outputs.map((name) => ({ name, type: 'float32', shape: [] }))),
    operatorSets: new Map([['', opset]]),
  });
}

export const bytesOf = (content: Uint8Array): FileBytes => ({
  size: content.length,
  read: (start, length) => content.slice(start, start + length),
});

function readerOf(bytes: FileBytes): SourceReader {
  return { roots: [], read: () => '', bytes: () => bytes };
}

export function readOnnx(bytes: FileBytes, request?: EntryRequest): Evaluation {
  const reader = readerOf(bytes);
  const { entries, problems } = onnxFrontend.entries(onnxDocument, reader, request);
  const [entry] = entries;
  if (entry === undefined) return { graph: undefined, problems, dependencies: [] };
  const evaluation = onnxFrontend.evaluate(entry, reader, defaultLimits, neverCancelled);
  return { ...evaluation, problems: [...problems, ...evaluation.problems] };
}

export function costOf({ graph }: Evaluation): Cost {
  return reportCosts(graph!, builtInDevices[0]!).total;
}
