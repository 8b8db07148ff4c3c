// Grows a NetworkGraph op by op; shapes are inferred as ops are added. Used by frontends and by `resize` of graphs.

import type { Result } from '../common/problem.ts';
import { inferShapes } from './infer-shapes.ts';
import type { Framework, IdleLayer, ModelEntry, NetworkGraph, UnknownPart, Value } from './network-graph.ts';
import type { LayerSite, Op, OpAttributes, PaddedWidths, Parameter, ValueId } from './op.ts';
import type { Shape } from './shape.ts';
import type { WidthOrigin } from './width-origin.ts';

/** All of an op but what the builder gives it. `name` is made unique by a suffix `_1`, `_2`, … where needed. */
export interface NewOp {
  readonly name: string;
  readonly label: string;
  readonly attributes: OpAttributes;
  readonly inputs: readonly ValueId[];
  readonly parameters?: readonly Parameter[];
  /** Absent where no text makes the op. */
  readonly site?: LayerSite | undefined;
  readonly outWidth?: WidthOrigin | undefined;
  readonly groupsWidth?: WidthOrigin | undefined;
  readonly inWidth?: WidthOrigin | undefined;
  readonly paddedWidths?: PaddedWidths | undefined;
}

interface GrowingValue {
  readonly shape: Shape;
  readonly producer: number;
}

/** What stood at some time; nothing is added to it. */
interface Standing {
  readonly ops: readonly Op[];
  readonly values: ReadonlyMap<ValueId, GrowingValue>;
  readonly names: ReadonlyMap<string, number>;
}

export class GraphBuilder {
  #ops: Op[] = [];
  /** By id, in the order in which they were added. */
  #values = new Map<ValueId, GrowingValue>();
  /** Ids are not given twice, also where a moment was brought back: a value of what was undone is none of the graph's. */
  #nextValue: ValueId = 0;
  #names = new Map<string, number>();
  /** What stands now as it was last asked for, until something is added: asking again costs nothing. */
  #standing: Standing | undefined;
  readonly #idle: IdleLayer[] = [];
  readonly #unknowns: UnknownPart[] = [];

  /**
   * Adds an op and returns the ids of its outputs, or a sentence with both shapes when its inputs do not fit.
   * Nothing is added on failure; the caller reports the problem and may add an `opaque` op instead.
   */
  add(op: NewOp): Result<readonly ValueId[]> {
    const shapes = inferShapes(
      op.attributes,
      op.inputs.map((id) => this.shapeOf(id)),
    );
    if (!shapes.ok) return shapes;
    this.#standing = undefined;
    const id = this.#ops.length;
    const outputs = shapes.value.map((shape) => {
      const value = this.#nextValue++;
      this.#values.set(value, { shape, producer: id });
      return value;
    });
    this.#ops.push({
      id,
      name: this.#uniqueName(op.name),
      label: op.label,
      attributes: op.attributes,
      inputs: op.inputs,
      outputs,
      parameters: op.parameters ?? [],
      ...(op.site && { site: op.site }),
      ...(op.outWidth && { outWidth: op.outWidth }),
      ...(op.groupsWidth && { groupsWidth: op.groupsWidth }),
      ...(op.inWidth && { inWidth: op.inWidth }),
      ...(op.paddedWidths && { paddedWidths: op.paddedWidths }),
    });
    return { ok: true, value: outputs };
  }

  /** The shape of a value that this builder gave out. */
  shapeOf(id: ValueId): Shape {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`No value ${String(id)} in the graph being built`);
    return value.shape;
  }

  /** Whether a value that this builder gave out is one of the graph's still: what was undone took its values along. */
  holds(id: ValueId): boolean {
    return this.#values.has(id);
  }

  /** What stands now, as a function that brings it back. */
  moment(): () => void {
    const then = (this.#standing ??= {
      ops: [...this.#ops],
      values: new Map(this.#values),
      names: new Map(this.#names),
    });
    return () => {
      if (this.#standing === then) return;
      this.#ops = [...then.ops];
      this.#values = new Map(then.values);
      this.#names = new Map(then.names);
      this.#standing = then;
    };
  }

  /** Ops so far; a frontend's fuel limit looks at it. */
  get opCount(): number {
    return this.#ops.length;
  }

  addIdle(layer: IdleLayer): void {
    this.#idle.push(layer);
  }

  addUnknown({ reason, span, during }: UnknownPart): void {
    if (
      this.#unknowns.some(
        (known) =>
          known.reason === reason && known.span?.start === span?.start && known.span?.document === span?.document,
      )
    )
      return;
    this.#unknowns.push({ reason, ...(span && { span }), ...(during && { during }) });
  }

  /** Whether something is known to be missing for a reason, wherever. */
  isLostFor(reason: string): boolean {
    return this.#unknowns.some((known) => known.reason === reason);
  }

  /** The finished graph, its values numbered anew. `inputs` of the graph are its `input` ops in order. */
  build(framework: Framework, entry: ModelEntry, outputs: readonly ValueId[]): NetworkGraph {
    const numbers = new Map([...this.#values.keys()].map((id, number) => [id, number]));
    const numbered = (ids: readonly ValueId[]): readonly ValueId[] => ids.flatMap((id) => numbers.get(id) ?? []);
    const consumers = new Map<ValueId, Set<number>>([...this.#values.keys()].map((id) => [id, new Set()]));
    for (const { id, inputs } of this.#ops) for (const input of inputs) consumers.get(input)?.add(id);
    const values: Value[] = [...this.#values].map(([value, { shape, producer }], id) => ({
      id,
      shape,
      producer,
      consumers: [...(consumers.get(value) ?? [])],
    }));
    const ops = this.#ops.map((op) => ({ ...op, inputs: numbered(op.inputs), outputs: numbered(op.outputs) }));
    return {
      version: 1,
      framework,
      entry,
      ops,
      values,
      inputs: ops.filter((op) => op.attributes.kind === 'input').flatMap((op) => op.outputs),
      outputs: numbered(outputs),
      idle: [...this.#idle],
      unknowns: [...this.#unknowns],
    };
  }

  #uniqueName(wanted: string): string {
    const seen = this.#names.get(wanted);
    this.#names.set(wanted, (seen ?? 0) + 1);
    if (seen === undefined) return wanted;
    return this.#uniqueName(`${wanted}_${String(seen)}`);
  }
}
