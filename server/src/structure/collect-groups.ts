// From ties between single channels to groups of slices: channels with the same company in all values, one after the
// other, make one group.

import type { NetworkGraph } from '../network/network-graph.ts';
import { opOf } from '../network/network-graph.ts';
import { hasOwnWidth, widthsOf } from '../network/op-traits.ts';
import { isKind, type Op, type OpId } from '../network/op.ts';
import type { ChannelGroup, ChannelSlice, Fixation } from './channel-group.ts';
import type { ValueChannels } from './channel-grouping.ts';
import type { LayoutBuilder } from './layout-builder.ts';

export interface CollectedGroups {
  readonly groups: readonly ChannelGroup[];
  readonly offsets: Int32Array;
  readonly groupOfChannel: Int32Array;
  readonly valueChannels: readonly (ValueChannels | undefined)[];
}

/** Where a component stands: values in order, and its places in each. */
interface Component {
  readonly fixed: Fixation | undefined;
  readonly isBroadcast: boolean;
  readonly ops: OpId[];
  readonly places: number[];
  family: number;
}

export function collectGroups(layouts: LayoutBuilder): CollectedGroups {
  const { components, roots } = findComponents(layouts);
  const families = new Map<number, Component[]>();
  for (const component of components.values()) {
    const family = families.get(component.family);
    if (family === undefined) families.set(component.family, [component]);
    else family.push(component);
  }
  const runs = [...families.values()].flatMap(regularRuns);
  runs.sort((left, right) => compareStart(left[0], right[0]));
  const offsets = new Int32Array(runs.length + 1);
  const numbers = new Map<Component, number>();
  const groupOfChannel: number[] = [];
  runs.forEach((run, group) => {
    offsets[group] = numbers.size;
    for (const component of run) {
      numbers.set(component, numbers.size);
      groupOfChannel.push(group);
    }
  });
  offsets[runs.length] = numbers.size;
  const names = new Map<string, number>();
  const groups = runs.map((run, id) => groupOf(layouts.graph, run, id, names));
  const valueChannels = layouts.graph.values.map((value, id): ValueChannels | undefined => {
    const layout = layouts.layoutOf(id);
    const found = roots.get(id);
    if (layout === undefined || found === undefined) return undefined;
    const channels = Int32Array.from(found, (component) => numbers.get(component) ?? -1);
    return { axis: layout.axis, channels };
  });
  return { groups, offsets, groupOfChannel: Int32Array.from(groupOfChannel), valueChannels };
}

/** All components with their places, in network order; a family has the same company, counted with repetitions. */
function findComponents(layouts: LayoutBuilder): {
  readonly components: ReadonlyMap<number, Component>;
  readonly roots: ReadonlyMap<number, readonly Component[]>;
} {
  const components = new Map<number, Component>();
  const roots = new Map<number, readonly Component[]>();
  const families = new Map<string, number>();
  const familyOf = (key: string): number => {
    const known = families.get(key) ?? families.size;
    families.set(key, known);
    return known;
  };
  for (const value of layouts.graph.values) {
    const layout = layouts.layoutOf(value.id);
    if (layout === undefined) continue;
    const counts = new Map<Component, number>();
    const here = Array.from(layout.atoms, (atom, place) => {
      const root = layouts.atoms.find(atom);
      let component = components.get(root);
      if (component === undefined) {
        const fixed = layouts.atoms.fixationOf(root);
        const isBroadcast = layouts.atoms.isBroadcast(root);
        const family = familyOf(`fixed ${fixed?.kind ?? ''} ${String(fixed?.op)} ${String(isBroadcast)}`);
        component = { fixed, isBroadcast, ops: [], places: [], family };
        components.set(root, component);
      }
      component.ops.push(value.producer);
      component.places.push(place);
      counts.set(component, (counts.get(component) ?? 0) + 1);
      return component;
    });
    roots.set(value.id, here);
    for (const [component, count] of counts) {
      component.family = familyOf(`${String(component.family)} ${String(value.id)} ${String(count)}`);
    }
  }
  return { components, roots };
}

/** Cuts a family where the places do not move on by the family's usual steps. */
function regularRuns(family: readonly Component[]): readonly (readonly Component[])[] {
  const ordered = [...family].sort(compareStart);
  const usual = usualSteps(ordered);
  const runs: Component[][] = [];
  ordered.forEach((component, index) => {
    const before = ordered[index - 1];
    const run = runs.at(-1);
    if (before !== undefined && run !== undefined && stepsBetween(before, component) === usual) run.push(component);
    else runs.push([component]);
  });
  return runs;
}

/** The most frequent steps between neighbours, the earliest on a tie. */
function usualSteps(ordered: readonly Component[]): string {
  const counts = new Map<string, number>();
  ordered.forEach((component, index) => {
    const before = ordered[index - 1];
    if (before === undefined) return;
    const steps = stepsBetween(before, component);
    counts.set(steps, (counts.get(steps) ?? 0) + 1);
  });
  let best = '';
  for (const [steps, count] of counts) if (count > (counts.get(best) ?? 0)) best = steps;
  return best;
}

function stepsBetween(before: Component, after: Component): string {
  let text = '';
  let last: number | undefined;
  let repeats = 0;
  for (const [index, place] of after.places.entries()) {
    const step = place - (before.places[index] ?? 0);
    // Runs of equal steps are counted, so that the text stays short where channels stand in many ops.
    if (step === last) repeats += 1;
    else {
      if (last !== undefined) text += `${String(last)}*${String(repeats)},`;
      last = step;
      repeats = 1;
    }
  }
  return `${text}${String(last)}*${String(repeats)}`;
}

function compareStart(left: Component | undefined, right: Component | undefined): number {
  const byOp = (left?.ops[0] ?? 0) - (right?.ops[0] ?? 0);
  return byOp === 0 ? (left?.places[0] ?? 0) - (right?.places[0] ?? 0) : byOp;
}

function groupOf(graph: NetworkGraph, run: readonly Component[], id: number, names: Map<string, number>): ChannelGroup {
  const members = slicesOf(run);
  const first = run[0];
  return {
    id,
    name: nameOf(graph, members, names),
    size: run.length,
    members,
    sources: [],
    ...(first?.fixed && { fixed: first.fixed }),
    ...(first?.isBroadcast === true && { broadcast: true }),
  };
}

/** The slices of a run, one for each place of its first channel; neighbouring places of one channel are repetitions. */
function slicesOf(run: readonly Component[]): readonly ChannelSlice[] {
  const [first, second] = run;
  const slices: { op: OpId; start: number; size: number; step: number; repeat: number }[] = [];
  first?.ops.forEach((op, index) => {
    const start = first.places[index] ?? 0;
    const step = second === undefined ? 1 : (second.places[index] ?? 0) - start;
    const last = slices.at(-1);
    if (last?.op === op && last.step === step && start === last.start + last.repeat && step > last.repeat) {
      last.repeat += 1;
    } else slices.push({ op, start, size: run.length, step, repeat: 1 });
  });
  return slices.map(({ op, start, size, step, repeat }) => ({
    op,
    start,
    size,
    ...(step !== 1 && { step }),
    ...(repeat !== 1 && { repeat }),
  }));
}

function nameOf(graph: NetworkGraph, members: readonly ChannelSlice[], names: Map<string, number>): string {
  const ranked = [...members].sort((left, right) => rankOf(opOf(graph, left.op)) - rankOf(opOf(graph, right.op)));
  const slice = ranked[0];
  if (slice === undefined) throw new Error('A group without members');
  const op = opOf(graph, slice.op);
  const parts = members.filter(({ op: other }) => other === slice.op);
  const covered = parts.reduce((sum, { size, repeat }) => sum + size * (repeat ?? 1), 0);
  const last = slice.start + (slice.size - 1) * (slice.step ?? 1);
  const isPart = covered < widthOf(op, slice);
  const wanted = isPart ? `${op.name} [${String(slice.start)}..${String(last)}]` : op.name;
  const seen = (names.get(wanted) ?? 0) + 1;
  names.set(wanted, seen);
  return seen === 1 ? wanted : `${wanted} #${String(seen)}`;
}

/** Layers with weights name a group best, then normalisations, then whatever comes first. */
function rankOf(op: Op): number {
  if (hasOwnWidth(op)) return 0;
  return isKind(op, 'batch-norm') ? 1 : 2;
}

/** The length of the axis that a slice lies on, as far as it is known: at least what the slice covers. */
function widthOf({ attributes }: Op, slice: ChannelSlice): number {
  return widthsOf(attributes).out ?? slice.start + slice.size * (slice.step ?? 1);
}
