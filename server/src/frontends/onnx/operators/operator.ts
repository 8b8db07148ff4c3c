// What an operator of ONNX comes to: the tensors that it gives, or nothing where a later rule for the same operator is to say.

import type { NodeCall } from '../node-call.ts';
import type { Tensor } from '../tensor.ts';

export type Operator = (call: NodeCall) => Tensor | readonly Tensor[] | undefined;
