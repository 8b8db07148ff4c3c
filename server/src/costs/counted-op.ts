// An op as the rules of a counting convention look at it.

import { exactly, sumCounts, type Count } from '../common/count.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { elementCount, type Shape } from '../network/shape.ts';
import { isTrained, macsOf, parameterElements } from './op-cost.ts';

/** One op with what rules look at. */
export class CountedOp {
  readonly op: Op;
  readonly macs: Count;
  readonly #inputs: readonly Shape[];
  readonly #outputs: readonly Shape[];
  /** Whether the op is a part of an attention or a recurrent layer that one call computes. */
  readonly isPartOfCall: boolean;

  constructor(graph: NetworkGraph, op: Op, isPartOfCall: boolean) {
    this.op = op;
    this.isPartOfCall = isPartOfCall;
    this.#inputs = op.inputs.map((id) => valueOf(graph, id).shape);
    this.#outputs = op.outputs.map((id) => valueOf(graph, id).shape);
    this.macs = macsOf(op.attributes, this.#inputs, this.#outputs);
  }

  /** Elements of the first input times a factor. */
  read(factor = 1): Count {
    return this.#elements(this.#inputs[0], factor);
  }

  /** Elements of the first output times a factor. */
  written(factor = 1): Count {
    return this.#elements(this.#outputs[0], factor);
  }

  /** Places of the first output: its elements without the channels. */
  places(channels: number): Count {
    return this.#elements(this.#outputs[0], 1 / channels);
  }

  /** The size of the input's last axes behind the channels, over that of the output's. */
  get window(): number {
    const size = (shape: Shape | undefined): number => elementCount(shape?.slice(2) ?? []) ?? NaN;
    return size(this.#inputs[0]) / size(this.#outputs[0]);
  }

  size(axis: number): number {
    return Number(this.#inputs[0]?.at(axis));
  }

  /** The output's size along one of the axes that a window moves over. */
  outputSide(axis: number, channelAxis: number): number {
    return Number(this.#outputs[0]?.[channelAxis === 1 ? axis + 2 : axis + 1]);
  }

  get params(): Count {
    return sumCounts(this.op.parameters.filter(isTrained).map(parameterElements));
  }

  has(role: 'bias' | 'scale' | 'shift'): boolean {
    return this.op.parameters.some((parameter) => parameter.role === role);
  }

  /** Whether it was called by one of these names: `Conv2d` is a module, as counters see that hook modules, `F.relu` a function. */
  isCalledAs(...names: readonly string[]): boolean {
    return names.includes(this.op.label);
  }

  #elements(shape: Shape | undefined, factor: number): Count {
    const count = elementCount(shape ?? []);
    return count === undefined ? { kind: 'unknown', reason: 'a shape is unknown' } : exactly(count * factor);
  }
}

/** What a convention counts of an op. */
export type Rule = (counted: CountedOp) => Count;

export const nothing = exactly(0);
