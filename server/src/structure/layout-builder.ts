// Where channels stand in each value while the network is walked: the axis, and which atom each place on it is.
// Knows no op kinds; the rules in op-rules/ say what each op does to layouts.

import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import { channelAxisOf } from '../network/op-traits.ts';
import type { Op, ValueId } from '../network/op.ts';
import type { Dimension, Shape } from '../network/shape.ts';
import { ChannelAtoms } from './channel-atoms.ts';
import type { Fixation } from './channel-group.ts';
import type { GroupingMode } from './channel-grouping.ts';

/** The channels of one value: place k on `axis` is `atoms[k]`. An atom may stand at many places (flattened positions). */
export interface ChannelLayout {
  readonly axis: number;
  readonly atoms: Int32Array;
}

export class LayoutBuilder {
  readonly graph: NetworkGraph;
  readonly mode: GroupingMode;
  readonly atoms = new ChannelAtoms();
  readonly #layouts = new Map<ValueId, ChannelLayout>();

  constructor(graph: NetworkGraph, mode: GroupingMode) {
    this.graph = graph;
    this.mode = mode;
  }

  shapeOf(value: ValueId): Shape {
    return valueOf(this.graph, value).shape;
  }

  /** The layout of a value, if it has one: constants get theirs from what they are combined with (`layoutOn`). */
  layoutOf(value: ValueId): ChannelLayout | undefined {
    return this.#layouts.get(value);
  }

  /** The layout of an op's input. */
  inputLayout(op: Op, index = 0): ChannelLayout | undefined {
    const value = op.inputs[index];
    return value === undefined ? undefined : this.#layouts.get(value);
  }

  set(value: ValueId, layout: ChannelLayout): void {
    this.#layouts.set(value, layout);
  }

  /**
   * The layout of a value on this axis. A constant without one gets it here, since its channels can go with those it is
   * combined with. Undefined when the value's channels stand on another axis, or are not known.
   */
  layoutOn(value: ValueId, axis: number): ChannelLayout | undefined {
    const known = this.#layouts.get(value);
    if (known !== undefined) return known.axis === axis ? known : undefined;
    if (this.mode === 'reference') return undefined;
    const producer = opOf(this.graph, valueOf(this.graph, value).producer);
    if (producer.attributes.kind === 'constant') return this.fresh(value, axis);
    const inner = producer.inputs[0];
    if (inner === undefined) return undefined;
    let source: ChannelLayout | undefined;
    if (producer.attributes.kind === 'identity' || producer.attributes.kind === 'dropout') {
      source = this.layoutOn(inner, axis);
    } else if (producer.attributes.kind === 'expand') {
      const added = this.shapeOf(value).length - this.shapeOf(inner).length;
      const size = this.shapeOf(value)[axis];
      if (this.shapeOf(inner)[axis - added] === size) source = this.layoutOn(inner, axis - added);
    }
    if (source === undefined) return undefined;
    const layout = { axis, atoms: source.atoms };
    this.#layouts.set(value, layout);
    return layout;
  }

  /** New atoms for the places on one axis of a value; undefined when their number is not known. Sets the layout. */
  fresh(value: ValueId, axis: number): ChannelLayout | undefined {
    const size = this.sizeOn(value, axis);
    if (typeof size !== 'number') return undefined;
    const layout = { axis, atoms: this.atoms.fresh(size) };
    this.#layouts.set(value, layout);
    return layout;
  }

  sizeOn(value: ValueId, axis: number): Dimension | undefined {
    return this.shapeOf(value)[axis];
  }

  /** Keeps the channels of a layout whole because of an op; the reference leaves them to their own sources. */
  block(layout: ChannelLayout | undefined, op: Op, why: string): void {
    if (layout === undefined || this.mode === 'reference') return;
    this.atoms.fix(layout.atoms, { kind: 'blocked', reason: `${op.name} (${op.label}) ${why}`, op: op.id });
  }

  /** New channels for a value that no rule gives any; whole in exact mode. */
  whole(value: ValueId, fixation: Fixation): void {
    const layout = this.fresh(value, this.likelyAxis(value));
    if (layout !== undefined && this.mode === 'exact') this.atoms.fix(layout.atoms, fixation);
  }

  /** The axis that an input names, or else that a value's first consumer takes for its channels; the second where nothing tells. */
  likelyAxis(value: ValueId): number {
    const { shape, producer } = valueOf(this.graph, value);
    const rank = shape.length;
    const maker = opOf(this.graph, producer);
    const named = maker.attributes.kind === 'input' ? channelAxisOf(maker, rank) : undefined;
    if (named !== undefined) return named;
    for (const consumer of valueOf(this.graph, value).consumers) {
      const axis = channelAxisOf(opOf(this.graph, consumer), rank);
      if (axis !== undefined) return axis;
    }
    return Math.min(1, Math.max(0, rank - 1));
  }
}
