// Paddings as ONNX lists them: all beginnings, then all ends.

import type { Padding } from '../../network/op.ts';
import { ints } from '../engines/onnx/graph-emitter.ts';
import type { OnnxAttribute } from '../engines/onnx/onnx-model.ts';

export function knownPadding(padding: readonly Padding[]): OnnxAttribute {
  return ints([...padding.map(({ before }) => before), ...padding.map(({ after }) => after)]);
}
