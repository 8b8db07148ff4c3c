// What a layer model sees of the net being read: its layer's settings, the blobs that it reads, and a way to add ops. An op that
// cannot be added becomes opaque with the reason, so the layers after it still have something to stand on.

import type { Problem, Severity } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { GraphBuilder, NewOp } from '../../network/graph-builder.ts';
import type { Initializer, LayerSite, OpAttributes, Parameter, ValueId } from '../../network/op.ts';
import { elementCount, formatShape, type Dimension, type Shape } from '../../network/shape.ts';
import { textOf, valueAt } from '../config/config-tree.ts';
import { valuesAt } from '../config/protobuf-text.ts';
import type { LayerDefinition } from './layer-definition.ts';
import { LayerSettings } from './layer-settings.ts';

/**
 * What a blob holds: a tensor of the network, or something beside it that no layer with weights reads, such as labels and the
 * boxes that a detector starts from.
 */
export type Blob = ValueId | 'beside';

/** What a layer may know of the rest of its net. */
export interface NetKnowledge {
  /** The layer that alone reads what this one gives, where there is just one. */
  readonly onlyReader: LayerDefinition | undefined;
  /** The `BatchNorm` whose output this layer alone reads, where it is one. */
  readonly normBefore: LayerDefinition | undefined;
  /** Shapes of the tensors that have names, by name. */
  readonly namedTensors: Map<string, Shape>;
}

export interface AddedOp extends Pick<NewOp, 'outWidth' | 'groupsWidth'> {
  /** What follows the layer's name; empty for the layer itself. */
  readonly part?: string;
  readonly attributes: OpAttributes;
  readonly inputs: readonly ValueId[];
  readonly parameters?: readonly Parameter[];
}

export class LayerContext {
  readonly builder: GraphBuilder;
  readonly layer: LayerDefinition;
  readonly settings: LayerSettings;
  /** What the layer reads, in order. */
  readonly bottoms: readonly Blob[];
  readonly #net: NetKnowledge;
  readonly #site: LayerSite;
  /** Names that a layer gives its tensors so that others share them, in their order. */
  readonly #shared: readonly (string | undefined)[];
  #tensors = 0;

  constructor(
    builder: GraphBuilder,
    layer: LayerDefinition,
    bottoms: readonly Blob[],
    net: NetKnowledge,
    report: (problem: Problem) => void,
  ) {
    this.builder = builder;
    this.layer = layer;
    this.settings = new LayerSettings(layer, report);
    this.bottoms = bottoms;
    this.#net = net;
    this.#site = { span: layer.span, callChain: [] };
    // Once `param: "name"`, since then `param { name: "name" }`.
    this.#shared = valuesAt(layer.body, 'param').map((param) => {
      const name = textOf(param) ?? textOf(valueAt(param, 'name'));
      return name === '' ? undefined : name;
    });
  }

  get name(): string {
    return this.layer.name;
  }

  get onlyReader(): LayerDefinition | undefined {
    return this.#net.onlyReader;
  }

  get normBefore(): LayerDefinition | undefined {
    return this.#net.normBefore;
  }

  /** The tensors that the layer reads. */
  get inputs(): readonly ValueId[] {
    return this.bottoms.filter((bottom) => bottom !== 'beside');
  }

  /** The first tensor that the layer reads; `readLayer` sees to it that there is one. */
  get input(): ValueId {
    const [first] = this.inputs;
    if (first === undefined) throw new Error(`${this.name} reads nothing`);
    return first;
  }

  problem(code: string, severity: Severity, message: string, span?: SourceSpan): void {
    this.settings.problem(code, severity, message, span);
  }

  shapeOf(value: ValueId): Shape {
    return this.builder.shapeOf(value);
  }

  channelsOf(value: ValueId): Dimension {
    return this.shapeOf(value)[1] ?? 1;
  }

  /** The sizes behind the channels. */
  spaceOf(value: ValueId): readonly Dimension[] {
    return this.shapeOf(value).slice(2);
  }

  /** The axis that a number means; negative ones count from behind. Undefined where there is none such. */
  axisOf(axis: number, value: ValueId = this.input): number | undefined {
    const rank = this.shapeOf(value).length;
    const found = axis < 0 ? rank + axis : axis;
    return found >= 0 && found < rank ? found : undefined;
  }

  /** Adds an op of this layer. Where its inputs do not fit, that is reported and an opaque op takes its place. */
  add({ part = '', attributes, inputs, parameters = [], ...widths }: AddedOp): ValueId {
    const { malformed } = this.settings;
    if (malformed !== undefined) return this.opaque(malformed, inputs);
    const added = this.builder.add({
      name: part === '' ? this.name : `${this.name}.${part}`,
      label: part === '' ? this.layer.type : part,
      attributes,
      inputs,
      parameters,
      site: this.#site,
      ...widths,
    });
    if (added.ok && added.value[0] !== undefined) return added.value[0];
    return this.misfit(added.ok ? 'the layer gives nothing' : added.error, inputs);
  }

  /** What can't be, as an error; the layer becomes opaque. */
  misfit(message: string, inputs: readonly ValueId[] = this.inputs, span?: SourceSpan): ValueId {
    this.problem('caffe-shape-mismatch', 'error', `${this.name}: ${message}`, span);
    return this.opaque(message, inputs);
  }

  /** An op that is not understood. Without a shape every dimension but the batch is unknown. */
  opaque(reason: string, inputs: readonly ValueId[] = this.inputs, shape?: Shape): ValueId {
    const unknown: Dimension = { kind: 'unknown', reason, span: this.layer.span };
    const attributes: OpAttributes = {
      kind: 'opaque',
      operation: this.layer.type === '' ? 'layer' : this.layer.type,
      reason,
      shapes: [shape ?? [1, unknown, unknown, unknown]],
    };
    const label = this.layer.type === '' ? 'layer' : this.layer.type;
    const added = this.builder.add({ name: this.name, label, attributes, inputs, site: this.#site });
    if (!added.ok || added.value[0] === undefined) throw new Error('An op that is not understood always fits');
    return added.value[0];
  }

  /** As `opaque`, and the user is told. */
  unsupported(reason: string, shape?: Shape): ValueId {
    this.problem('caffe-unsupported', 'warning', `${this.name}: ${reason}; its cost is not known`);
    return this.opaque(reason, this.inputs, shape);
  }

  /** The layer's next tensor, in Caffe's order; `param { name }` makes it another layer's too. */
  parameter(role: Parameter['role'], shape: Shape, initializer?: Initializer): Parameter {
    const number = this.#tensors++;
    const shared = this.#shared[number];
    const more = { role, shape, ...(initializer && { initializer }) };
    const own = `${this.name}#${String(this.layer.span.start)}.${String(number)}`;
    if (shared === undefined) return { id: own, ...more };
    const known = this.#net.namedTensors.get(shared);
    if (known !== undefined && elementCount(known) !== elementCount(shape)) {
      const message = `${this.name} shares the weights "${shared}", which are ${formatShape(known)}, but its own are ${formatShape(shape)}; give both layers the same sizes`;
      this.problem('caffe-shape-mismatch', 'error', message);
      return { id: own, ...more };
    }
    this.#net.namedTensors.set(shared, known ?? shape);
    return { id: `param.${shared}`, ...more };
  }

  /** Elements of a value from an axis on, or undefined. */
  countFrom(value: ValueId, axis: number): number | undefined {
    return elementCount(this.shapeOf(value).slice(axis));
  }

  /** Adds an activation that has a name. */
  activation(name: Extract<OpAttributes, { kind: 'activation' }>['function'], slope?: number): ValueId {
    const attributes = {
      kind: 'activation',
      function: name,
      channelAxis: 1,
      ...(slope !== undefined && { slope }),
    } as const;
    return this.add({ attributes, inputs: [this.input] });
  }
}
