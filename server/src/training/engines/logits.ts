// Which value of a classifier holds the scores that softmax cross-entropy is taken of.

import { type NetworkGraph, opOf, valueOf } from '../../network/network-graph.ts';
import type { ValueId } from '../../network/op.ts';
import type { Untrainable } from './engine.ts';

/** Where the scores of the classes come from. */
interface Logits {
  readonly value: ValueId;
  readonly classes: number;
}

export type LogitsResult = { readonly ok: true; readonly logits: Logits } | ({ readonly ok: false } & Untrainable);

/**
 * The logits of a classifier with one output of shape [N, classes], or [N, classes, 1, 1]. When the network ends in a
 * softmax over the classes (reshapes behind it do not matter), the logits are what goes into it: the loss has its own.
 */
export function logitsOf(graph: NetworkGraph): LogitsResult {
  const [output] = graph.outputs;
  if (output === undefined || graph.outputs.length > 1) {
    const op = output === undefined ? 0 : valueOf(graph, output).producer;
    return { ok: false, op, reason: `a classifier has one output, this network has ${String(graph.outputs.length)}` };
  }
  const sizes = valueOf(graph, output).shape.slice(1).map(Number);
  const classes = sizes.reduce((product, size) => product * size, 1);
  if (sizes.filter((size) => size !== 1).length !== 1) {
    const reason = `the output should be one score a class, but its shape is ${sizes.join('×') || 'a single number'} an image`;
    return { ok: false, op: valueOf(graph, output).producer, reason };
  }
  return { ok: true, logits: { value: withoutSoftmax(graph, output, classes), classes } };
}

function withoutSoftmax(graph: NetworkGraph, output: ValueId, classes: number): ValueId {
  let value = output;
  for (;;) {
    const op = opOf(graph, valueOf(graph, value).producer);
    const [input] = op.inputs;
    if (input === undefined) return output;
    if (op.attributes.kind === 'softmax') {
      const size = valueOf(graph, input).shape.at(op.attributes.axis);
      return size === classes ? input : output;
    }
    if (op.attributes.kind !== 'identity' && op.attributes.kind !== 'reshape') return output;
    value = input;
  }
}
