// One node of a graph under way: what it is given, as tensors, stored weights or known numbers, and what it emits.

import type { Parameter, ParameterRole, OpAttributes, ValueId } from '../../network/op.ts';
import type { Shape } from '../../network/shape.ts';
import type { GraphNode, StoredWeight } from './graph-file.ts';

/** What an output of a node is: a tensor that flows, a stored weight, or numbers that are known, such as a shape. */
export interface NodeValue {
  readonly shape: Shape;
  readonly tensor?: ValueId;
  readonly weight?: StoredWeight;
  /** All of its numbers in order, where they are few and known. */
  readonly numbers?: readonly number[];
}

export interface NodeCall {
  readonly node: GraphNode;
  readonly inputs: readonly NodeValue[];
  /** The tensor of an input; a stored weight becomes one with that role. */
  tensor(input: NodeValue): ValueId;
  /** A stored weight in the layout of its op. */
  weight(input: NodeValue, shape: Shape, role: ParameterRole): Parameter | undefined;
  /** An op under the node's name, or a part of it. Ops of which the inputs do not fit throw `NodeRefused`. */
  emit(
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    more?: { readonly weights?: readonly (Parameter | undefined)[]; readonly part?: string },
  ): NodeValue;
}

/** Why a node's output is not known. */
export class NodeRefused extends Error {}

/** The outputs of a node, in order. */
export type NodeRow = (call: NodeCall) => readonly NodeValue[];

/** What a node needs and is not given. */
export function given<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new NodeRefused(`${what} is not known`);
  return value;
}
