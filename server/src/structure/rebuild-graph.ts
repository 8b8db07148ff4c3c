// The network that is left when channels are dead, or at other widths altogether: really narrowed, op by op, with removed
// branches. Shapes are inferred anew, so what comes out fits together.

import type { Result } from '../common/problem.ts';
import { GraphBuilder } from '../network/graph-builder.ts';
import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, OpId, ValueId } from '../network/op.ts';
import type { Shape } from '../network/shape.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { rebuiltAttributes, rebuiltParameters, type NewWidths } from './rebuilt-op.ts';
import { survivalOf, type EffectiveInput, type Survival } from './vanishing.ts';

export interface RebuiltNetwork {
  readonly graph: NetworkGraph;
  /** The ops that are gone, in network order. */
  readonly removed: readonly OpId[];
  /** The new id of each op that is left. */
  readonly newIds: ReadonlyMap<OpId, OpId>;
}

/**
 * Rebuilds a network with `counts[c]` channels for each channel c of the grouping: an alive vector, or `channelCounts`.
 * `dead` ops go although their channels are alive elsewhere. The failure names the layer at which the network is cut.
 */
export function rebuildGraph(
  grouping: ChannelGrouping,
  counts: ArrayLike<number>,
  dead: ReadonlySet<OpId> = new Set(),
): Result<RebuiltNetwork> {
  const survivals = survivalsOf(grouping, counts, dead);
  const cut = grouping.graph.outputs.find((value) => survivals[value]?.kind === 'vanished');
  if (cut !== undefined) return { ok: false, error: cutMessage(grouping.graph, survivals, cut) };
  return new Rebuilding(grouping, counts, survivals).run();
}

/** Whether no path leads to an output any more; what `rebuildGraph` fails for. */
export function isCut(grouping: ChannelGrouping, counts: ArrayLike<number>): boolean {
  const survivals = survivalsOf(grouping, counts, new Set());
  return grouping.graph.outputs.some((value) => survivals[value]?.kind === 'vanished');
}

/** What becomes of every value when `counts[c]` channels are left for each channel c. */
export function survivalsOf(
  grouping: ChannelGrouping,
  counts: ArrayLike<number>,
  dead: ReadonlySet<OpId>,
): readonly Survival[] {
  const survivals = survivalOf(grouping, counts, dead, 'drop') ?? survivalOf(grouping, counts, dead, 'zeros');
  if (survivals === undefined) throw new Error('Zeros always fit in place of dead parts');
  return survivals;
}

/** Counts for `rebuildGraph` from widths by group name; groups that are left out keep theirs. More than a group's size widens it, but for broadcast ones. */
export function channelCounts(grouping: ChannelGrouping, widths: ReadonlyMap<string, number>): Int32Array {
  const counts = new Int32Array(grouping.groupOfChannel.length).fill(1);
  for (const group of grouping.groups) {
    const width = widths.get(group.name);
    if (width === undefined) continue;
    const start = grouping.offsets[group.id] ?? 0;
    for (let index = 0; index < group.size; index += 1) counts[start + index] = index < width ? 1 : 0;
    if (width > group.size && group.broadcast !== true) counts[start + group.size - 1] = 1 + width - group.size;
  }
  return counts;
}

/** The network at these widths by group name. */
export function rebuildWithWidths(
  grouping: ChannelGrouping,
  widths: ReadonlyMap<string, number>,
): Result<RebuiltNetwork> {
  return rebuildGraph(grouping, channelCounts(grouping, widths));
}

/** Says which layer without channels an output depends on. */
function cutMessage(graph: NetworkGraph, survivals: readonly Survival[], output: ValueId): string {
  const name = (value: ValueId): string => opOf(graph, valueOf(graph, value).producer).name;
  let here = output;
  for (;;) {
    const { inputs } = opOf(graph, valueOf(graph, here).producer);
    const next = inputs.find((value) => survivals[value]?.kind === 'vanished');
    if (next === undefined) break;
    here = next;
  }
  return `The network is cut: no channel of ${name(here)} is left, and ${name(output)} depends on it`;
}

class Rebuilding {
  readonly #grouping: ChannelGrouping;
  readonly #graph: NetworkGraph;
  readonly #counts: ArrayLike<number>;
  readonly #survivals: readonly Survival[];
  readonly #builder = new GraphBuilder();
  readonly #values = new Map<ValueId, ValueId>();

  constructor(grouping: ChannelGrouping, counts: ArrayLike<number>, survivals: readonly Survival[]) {
    this.#grouping = grouping;
    this.#counts = counts;
    this.#graph = grouping.graph;
    this.#survivals = survivals;
  }

  run(): Result<RebuiltNetwork> {
    const needed = this.#neededOps();
    const removed: OpId[] = [];
    const newIds = new Map<OpId, OpId>();
    for (const op of this.#graph.ops) {
      if (!needed.has(op.id)) {
        removed.push(op.id);
        continue;
      }
      const inputs = this.#inputsOf(op).map((input) => this.#build(input));
      newIds.set(op.id, this.#builder.opCount);
      const attributes = rebuiltAttributes(this.#graph, this.#grouping, op, this.#widthsOf(op, inputs));
      const added = this.#builder.add({
        name: op.name,
        label: op.label,
        attributes,
        inputs,
        parameters: [],
        site: op.site,
      });
      if (!added.ok) return { ok: false, error: `${op.name} does not fit the narrowed network: ${added.error}` };
      op.outputs.forEach((value, index) => {
        const made = added.value[index];
        if (made !== undefined) this.#values.set(value, made);
      });
    }
    for (const layer of this.#graph.idle) this.#builder.addIdle(layer);
    for (const part of this.#graph.unknowns) this.#builder.addUnknown(part);
    const outputs = this.#graph.outputs.map((value) => this.#newValue(value));
    const graph = this.#builder.build(this.#graph.framework, this.#graph.entry, outputs);
    return { ok: true, value: { graph: this.#withParameters(graph, newIds), removed, newIds } };
  }

  /** Ops that an output depends on; ops that lead to no output even in the seed stay as long as they can. */
  #neededOps(): ReadonlySet<OpId> {
    const reach = (roots: readonly ValueId[], inputsOf: (op: Op) => readonly ValueId[]): Set<OpId> => {
      const reached = new Set<OpId>();
      const open = [...roots];
      for (let value = open.pop(); value !== undefined; value = open.pop()) {
        const op = opOf(this.#graph, valueOf(this.#graph, value).producer);
        if (reached.has(op.id)) continue;
        reached.add(op.id);
        open.push(...inputsOf(op));
      }
      return reached;
    };
    const inSeed = reach(this.#graph.outputs, (op) => op.inputs);
    const loose = this.#graph.ops.filter(({ id }) => !inSeed.has(id)).flatMap(({ outputs }) => outputs);
    const roots = [...this.#graph.outputs, ...loose].flatMap((value) => {
      const survival = this.#survivals[value];
      return survival === undefined || survival.kind === 'vanished' ? [] : [this.#resolve(value)];
    });
    const inputs = (op: Op): readonly ValueId[] =>
      this.#inputsOf(op).flatMap((input) => (input.kind === 'value' ? [this.#resolve(input.value)] : []));
    const reached = reach(roots, inputs);
    // A network's inputs are its signature, whatever becomes of them.
    for (const value of this.#graph.inputs) reached.add(valueOf(this.#graph, value).producer);
    return reached;
  }

  /** Follows aliases to the value that is really there. */
  #resolve(value: ValueId): ValueId {
    let here = value;
    for (let survival = this.#survivals[here]; survival?.kind === 'alias'; survival = this.#survivals[here]) {
      here = survival.of;
    }
    return here;
  }

  #inputsOf(op: Op): readonly EffectiveInput[] {
    const [output] = op.outputs;
    const survival = output === undefined ? undefined : this.#survivals[output];
    if (survival?.kind === 'kept') return survival.inputs;
    return op.inputs.map((value) => ({ kind: 'value', value }));
  }

  #newValue(value: ValueId): ValueId {
    const made = this.#values.get(this.#resolve(value));
    if (made === undefined) throw new Error(`Value ${String(value)} is needed but was not built`);
    return made;
  }

  #build(input: EffectiveInput): ValueId {
    if (input.kind === 'value') return this.#newValue(input.value);
    const producer = opOf(this.#graph, valueOf(this.#graph, input.for).producer);
    const shape = this.#narrowed(input.for);
    const added = this.#builder.add({
      name: `${producer.name}.zeros`,
      label: 'zeros',
      attributes: { kind: 'constant', shape, value: 0 },
      inputs: [],
      site: producer.site,
    });
    if (!added.ok || added.value[0] === undefined) throw new Error('A constant always fits');
    return added.value[0];
  }

  /** The shape of a value with as many channels as are counted. */
  #narrowed(value: ValueId): Shape {
    const { shape } = valueOf(this.#graph, value);
    const channels = this.#grouping.valueChannels[value];
    if (channels === undefined) return shape;
    const width = channels.channels.reduce((sum, channel) => sum + (this.#counts[channel] ?? 0), 0);
    return shape.map((size, axis) => (axis === channels.axis ? width : size));
  }

  #widthsOf(op: Op, inputs: readonly ValueId[]): NewWidths {
    const survivalKept = (value: ValueId | undefined): Int32Array | undefined => {
      const survival = value === undefined ? undefined : this.#survivals[value];
      return survival === undefined || survival.kind === 'vanished' ? undefined : survival.kept;
    };
    return {
      inputShapes: inputs.map((value) => this.#builder.shapeOf(value)),
      inputKept: survivalKept(op.inputs[0]),
      outputKept: survivalKept(op.outputs[0]),
    };
  }

  /** Parameters take their shapes from the rebuilt attributes and values. */
  #withParameters(graph: NetworkGraph, newIds: ReadonlyMap<OpId, OpId>): NetworkGraph {
    const seeds = new Map([...newIds].map(([seed, id]) => [id, opOf(this.#graph, seed)]));
    const ops = graph.ops.map((op) => {
      const seed = seeds.get(op.id);
      return seed === undefined ? op : { ...op, parameters: rebuiltParameters(this.#graph, seed, graph, op) };
    });
    return { ...graph, ops };
  }
}
