// What every engine can train, and the reasons why not. Engines have a rule for each trainable kind, so a network that
// one of them trains, all do.

import { isKnownShape } from '../../network/shape.ts';
import { type NetworkGraph, opOf, valueOf } from '../../network/network-graph.ts';
import type { Op, OpAttributes, OpKind, ValueId } from '../../network/op.ts';
import { batchShapes } from './batch-shapes.ts';
import type { OutputLoss, Untrainable } from './engine.ts';
import { lossTerms } from './loss-terms.ts';
import { parameterOf } from './training-state.ts';

/** Kinds that have gradients. Inputs are no ops to an engine: the batch stands in for them. */
export type TrainableKind = Exclude<OpKind, 'input' | 'local-response-norm' | 'rearrange' | 'opaque'>;

/** Attributes by kind. A mapped type, so that the compiler can carry a kind over to its rule. */
export type AttributesByKind = { readonly [K in OpKind]: Extract<OpAttributes, { readonly kind: K }> };

/** The attributes of an op that has gradients; undefined for others. */
export function trainableAttributes(attributes: OpAttributes): AttributesByKind[TrainableKind] | undefined {
  switch (attributes.kind) {
    case 'input':
    case 'local-response-norm':
    case 'rearrange':
    case 'opaque':
      return undefined;
    default:
      return attributes;
  }
}

/** What the training loop is told of a network: the ops that stand in the way, each with a sentence for the user. */
export function untrainable(graph: NetworkGraph, losses?: readonly OutputLoss[]): readonly Untrainable[] {
  if (graph.inputs.length !== 1) {
    return [{ op: 0, reason: `training feeds one input, this network has ${String(graph.inputs.length)}` }];
  }
  const ops = untrainableOps(graph);
  if (ops.length > 0) return ops;
  const terms = lossTerms(graph, losses);
  return terms.ok ? [] : [{ op: terms.op, reason: terms.reason }];
}

/** Ops that can't be trained, each with the reason; ops that the outputs do not depend on are not looked at. */
function untrainableOps(graph: NetworkGraph): readonly Untrainable[] {
  const needed = neededOps(graph, graph.outputs);
  const found: Untrainable[] = [];
  for (const op of graph.ops) {
    if (!needed.has(op)) continue;
    const reason = refusalOf(graph, op);
    if (reason !== undefined) found.push({ op: op.id, reason });
  }
  if (found.length > 0) return found;
  const shapes = batchShapes(graph, 2);
  return shapes.ok ? [] : [{ op: shapes.op, reason: shapes.reason }];
}

function refusalOf(graph: NetworkGraph, op: Op): string | undefined {
  const { attributes } = op;
  if (attributes.kind === 'input') return undefined;
  if (attributes.kind === 'opaque') return attributes.reason;
  const unknown = [...op.inputs, ...op.outputs].some((id) => !isKnownShape(valueOf(graph, id).shape));
  if (unknown) return 'its shapes are not fully known';
  if (trainableAttributes(attributes) === undefined) return `${op.label} has no gradient in this engine`;
  switch (attributes.kind) {
    case 'activation':
      return attributes.function === 'other' ? `the derivative of ${op.label} is not known` : undefined;
    case 'elementwise':
      return attributes.operator === 'compare' || attributes.operator === 'where'
        ? `which elements it chooses (${attributes.operator}) is not part of the network graph`
        : undefined;
    case 'reduce':
      return attributes.reducer === 'product' || attributes.reducer === 'variance' || attributes.reducer === 'norm'
        ? `the derivative of a reduction by ${attributes.reducer} is not implemented`
        : undefined;
    case 'constant':
      if (!isKnownShape(attributes.shape)) return 'its shape is not known';
      return attributes.value !== undefined || parameterOf(op, 'other') !== undefined
        ? undefined
        : 'the values of this tensor are not part of the network graph';
    case 'convolution':
    case 'transposed-convolution':
    case 'dense':
      return parameterOf(op, 'other') === undefined ? undefined : 'a weight under weight_norm is not trained here';
    default:
      return undefined;
  }
}

/** All ops that the values are computed from. */
export function neededOps(graph: NetworkGraph, values: readonly ValueId[]): ReadonlySet<Op> {
  const needed = new Set<Op>();
  const pending = [...values];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const op = opOf(graph, valueOf(graph, id).producer);
    if (needed.has(op)) continue;
    needed.add(op);
    pending.push(...op.inputs);
  }
  return needed;
}
