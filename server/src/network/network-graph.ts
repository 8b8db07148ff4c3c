// One model at one input shape: immutable, ops in topological order, plain data that survives JSON.

import type { SourceSpan } from '../common/source-span.ts';
import type { LayerSite, Op, OpId, Parameter, ValueId } from './op.ts';
import type { Shape } from './shape.ts';

export type Framework = 'pytorch' | 'darknet' | 'keras' | 'tf-slim' | 'tensorflow-js' | 'onnx' | 'caffe';

/** A tensor that flows. `shape` includes the batch at dimension 0. */
export interface Value {
  readonly id: ValueId;
  readonly shape: Shape;
  readonly producer: OpId;
  readonly consumers: readonly OpId[];
}

/** How an entry or an input shape came to be known, best first. */
export type KnownFrom = 'request' | 'config' | 'directive' | 'call' | 'default';

/** What to evaluate: a document, an expression in it, and input shapes without the batch. */
export interface ModelEntry {
  readonly document: string;
  /** The entry as a user names it: `LeNet`, `resnet20()`, `ResNet(BasicBlock, [3, 3, 3])`; empty for config files. */
  readonly name: string;
  readonly from: KnownFrom;
  /** Where the model is defined: the lens stands here. */
  readonly span: SourceSpan;
  readonly input: {
    readonly shapes: readonly (readonly number[])[];
    readonly from: KnownFrom;
    readonly span?: SourceSpan;
    /** Whether the file has such tensors, but shows no call that gives the model just these. */
    readonly isLoose?: true;
  };
}

/** A layer that is made but never called: its parameters count, its MACs do not. */
export interface IdleLayer {
  readonly name: string;
  readonly label: string;
  readonly parameters: readonly Parameter[];
  readonly site: LayerSite;
}

/** Something that evaluation could not follow; every total above it is a lower bound. */
export interface UnknownPart {
  readonly reason: string;
  /** Absent in a graph that was not read from a text. */
  readonly span?: SourceSpan | undefined;
  /**
   * When it happened, first and last, as the number of ops that were there: whatever was made before and used after may have
   * gone through it. Absent where that is not told.
   */
  readonly during?: { readonly first: number; readonly last: number };
}

export interface NetworkGraph {
  readonly version: 1;
  readonly framework: Framework;
  readonly entry: ModelEntry;
  readonly ops: readonly Op[];
  readonly values: readonly Value[];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly idle: readonly IdleLayer[];
  readonly unknowns: readonly UnknownPart[];
}

/** The op of an id; ids come from the same graph, so a miss is a bug of ours. */
export function opOf(graph: NetworkGraph, id: OpId): Op {
  const op = graph.ops[id];
  if (op === undefined) throw new Error(`No op ${String(id)} in the graph of ${graph.entry.name}`);
  return op;
}

/** The value of an id; see `opOf`. */
export function valueOf(graph: NetworkGraph, id: ValueId): Value {
  const value = graph.values[id];
  if (value === undefined) throw new Error(`No value ${String(id)} in the graph of ${graph.entry.name}`);
  return value;
}
