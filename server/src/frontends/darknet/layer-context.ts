// What a layer model sees of the network being read: its section's options, the values before it, and a way to add ops.
// An op that cannot be added becomes opaque with the reason, so the layers after it still have something to stand on.

import type { Problem, Severity } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { GraphBuilder } from '../../network/graph-builder.ts';
import type { LayerSite, OpAttributes, Parameter, ValueId } from '../../network/op.ts';
import { elementCount, type Dimension, type Shape } from '../../network/shape.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import type { Section } from './section.ts';
import { SectionOptions } from './section-options.ts';

/** The output of a layer by Darknet's layer index: sections after [net], from 0. */
export interface LayerOutput {
  readonly index: number;
  readonly name: string;
  readonly value: ValueId;
  readonly tensors: LayerTensors;
}

/** Whose tensors a layer has, and how large a convolution's weights are. */
export interface LayerTensors {
  readonly owner: string;
  readonly weights?: Shape;
}

export interface AddedOp {
  /** What follows the layer's name (`leaky` for `convolutional_0.leaky`); empty for the layer itself. */
  readonly part: string;
  readonly attributes: OpAttributes;
  readonly inputs: readonly ValueId[];
  readonly parameters?: readonly Parameter[];
  readonly outWidth?: WidthOrigin;
  readonly inWidth?: WidthOrigin;
}

export class LayerContext {
  readonly builder: GraphBuilder;
  readonly section: Section;
  readonly index: number;
  readonly options: SectionOptions;
  /** The output of the layer before, or of [net]. */
  readonly input: ValueId;
  /** Values that leave the network here (detections), beside the last layer's. */
  readonly outputs: ValueId[] = [];
  readonly #earlier: readonly LayerOutput[];
  readonly #report: (problem: Problem) => void;
  readonly #site: LayerSite;
  /** The layer whose tensors this one has: itself, unless it shares another's. */
  #tensors: LayerTensors;

  constructor(
    builder: GraphBuilder,
    section: Section,
    earlier: readonly LayerOutput[],
    input: ValueId,
    report: (problem: Problem) => void,
  ) {
    this.builder = builder;
    this.section = section;
    this.index = earlier.length;
    this.options = new SectionOptions(section, report);
    this.input = input;
    this.#earlier = earlier;
    this.#report = report;
    this.#site = { span: section.span, callChain: [] };
    this.#tensors = { owner: this.name };
  }

  get tensors(): LayerTensors {
    return this.#tensors;
  }

  /** Says how large the weights are that belong to this layer, or to the one whose tensors it has from here on. */
  keepTensors(weights: Shape, owner = this.#tensors.owner): void {
    this.#tensors = { owner, weights };
  }

  /** `convolutional_0`: the section's type and Darknet's layer index. */
  get name(): string {
    return `${this.section.type}_${String(this.index)}`;
  }

  problem(code: string, severity: Severity, message: string, span: SourceSpan = this.section.span): void {
    this.#report({ code, severity, message, span });
  }

  shapeOf(value: ValueId): Shape {
    return this.builder.shapeOf(value);
  }

  /** Channels of a value: its second dimension. */
  channelsOf(value: ValueId): Dimension {
    return this.shapeOf(value)[1] ?? 1;
  }

  /** Height and width of a value; 1 and 1 after a connected layer, as Darknet has it. */
  spaceOf(value: ValueId): readonly Dimension[] {
    const [, , height = 1, width = 1] = this.shapeOf(value);
    return [height, width];
  }

  /** Adds an op of this layer. Where its inputs do not fit, that is reported and an opaque op takes its place. */
  add({ part, attributes, inputs, parameters = [], outWidth, inWidth }: AddedOp): ValueId {
    const { malformed } = this.options;
    if (malformed !== undefined) return this.opaque(malformed, inputs);
    const added = this.builder.add({
      name: this.#partName(part),
      label: part === '' ? this.section.type : part,
      attributes,
      inputs,
      parameters,
      site: this.#site,
      outWidth,
      inWidth,
    });
    if (added.ok) return added.value[0] ?? this.input;
    this.problem('darknet-shape-mismatch', 'error', `${this.name}: ${added.error}`);
    return this.opaque(added.error, inputs);
  }

  /** An op that is not understood. Without a shape every dimension but the batch is unknown. */
  opaque(reason: string, inputs: readonly ValueId[], shape?: Shape): ValueId {
    const unknown: Dimension = { kind: 'unknown', reason, span: this.section.span };
    const attributes: OpAttributes = {
      kind: 'opaque',
      operation: this.section.type,
      reason,
      shapes: [shape ?? [1, unknown, unknown, unknown]],
    };
    const added = this.builder.add({ name: this.name, label: this.section.type, attributes, inputs, site: this.#site });
    return added.ok ? (added.value[0] ?? this.input) : this.input;
  }

  /** As `opaque`, and the user is told. */
  unsupported(reason: string, inputs: readonly ValueId[] = [this.input], shape?: Shape): ValueId {
    this.problem('darknet-unsupported', 'warning', `${this.name}: ${reason}; its cost is not known`);
    return this.opaque(reason, inputs, shape);
  }

  /** The value with height and width: what a connected layer gave gets 1 × 1. */
  asImage(value: ValueId): ValueId {
    const shape = this.shapeOf(value);
    if (shape.length === 4) return value;
    return this.add({ part: 'reshape', attributes: { kind: 'reshape', shape: [1, -1, 1, 1] }, inputs: [value] });
  }

  /** The value as one row of features. */
  asRow(value: ValueId): ValueId {
    if (this.shapeOf(value).length === 2) return value;
    return this.add({ part: 'flatten', attributes: { kind: 'reshape', shape: [1, -1] }, inputs: [value] });
  }

  /** Layers named by an option: from 0 upwards, or backwards from this one. A missing one is reported and left out. */
  layersAt(key: string, references: readonly number[]): readonly LayerOutput[] {
    return references.flatMap((reference) => {
      const index = reference < 0 ? this.index + reference : reference;
      const found = this.#earlier[index];
      if (found !== undefined) return [found];
      const range =
        this.index === 0
          ? 'there is none before it'
          : `layers 0 to ${String(this.index - 1)} (or -1 to -${String(this.index)}) come before it`;
      this.problem(
        'darknet-layer-reference',
        'error',
        `${this.name} refers to layer ${String(reference)}, but ${range}`,
        this.options.spanOf(key),
      );
      return [];
    });
  }

  /** A tensor of this layer, or of the one whose tensors it shares. */
  parameter(role: Parameter['role'], shape: Shape, part = ''): Parameter {
    const owner = part === '' ? this.#tensors.owner : `${this.#tensors.owner}.${part}`;
    return { id: `${owner}.${role}`, role, shape };
  }

  /** The channels of a value as a number, or the reason why they are not one. */
  knownChannels(value: ValueId): { readonly channels: number } | { readonly reason: string } {
    const channels = this.channelsOf(value);
    return typeof channels === 'number' ? { channels } : { reason: channels.reason };
  }

  /** Elements of a value past the batch, or undefined. */
  featureCount(value: ValueId): number | undefined {
    return elementCount(this.shapeOf(value).slice(1));
  }

  #partName(part: string): string {
    return part === '' ? this.name : `${this.name}.${part}`;
  }
}
