// What a network would cost if its dead channels were gone, and the differentiable stand-in for that cost (spec 3), from
// the regularization vectors of a step.

import type { OpId } from '../network/op.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import type { CompiledTerms } from './regularizer-program.ts';

export interface RegularizerEvaluation {
  /** 1 for each channel that is alive, through all groups as the grouping numbers them. */
  readonly alive: Uint8Array;
  /** Alive channels of each group. */
  readonly aliveCounts: Int32Array;
  /** The regularization vector of all channels, sources combined; 0 in fixed groups. */
  readonly regularization: Float64Array;
  /** The cost in the resource's unit, and the regularization term: without the strength. */
  readonly cost: number;
  readonly loss: number;
  /** The same by op, indexed by op id; 0 for ops that cost nothing. */
  readonly opCosts: Float64Array;
  readonly opLosses: Float64Array;
  /** d loss / d r for each source op: to be multiplied by the strength, then chained through r's definition. */
  readonly gradients: ReadonlyMap<OpId, Float32Array>;
  /** A source whose vector has an entry that is no finite number: training has diverged. */
  readonly invalid: OpId | undefined;
}

/** Evaluates the regularizer; `vectors` has r of each source op (engine.ts: `regularizationVectors`). */
export function evaluateRegularizer(
  analysis: StructureAnalysis,
  vectors: ReadonlyMap<OpId, Float32Array>,
): RegularizerEvaluation {
  const { combined, alive, winners, invalid } = combineSources(analysis, vectors);
  const { grouping, groups, program } = analysis;
  const aliveCounts = new Int32Array(groups.length);
  const sums = new Float64Array(groups.length);
  for (const group of groups) {
    const start = grouping.offsets[group.id] ?? 0;
    let count = 0;
    let sum = 0;
    for (let channel = start; channel < start + group.size; channel += 1) {
      if (group.fixed !== undefined) alive[channel] = 1;
      count += alive[channel] ?? 0;
      sum += combined[channel] ?? 0;
    }
    aliveCounts[group.id] = count;
    sums[group.id] = sum;
  }
  const widths = evaluateForms(analysis, aliveCounts, sums);
  const slopes = new Float64Array(program.forms.length);
  const opCosts = new Float64Array(analysis.graph.ops.length);
  const opLosses = new Float64Array(analysis.graph.ops.length);
  let cost = 0;
  let loss = 0;
  for (const { op, terms, alternative } of program.ops) {
    let opCost = costOf(terms, widths.alive);
    let chosen = terms;
    if (alternative !== undefined) {
      const other = costOf(alternative, widths.alive);
      // The cost decides which loss counts, and only a strictly larger one takes over (spec 3.5).
      if (other > opCost) {
        opCost = other;
        chosen = alternative;
      }
    }
    const opLoss = lossOf(chosen, widths, slopes);
    opCosts[op] = opCost;
    opLosses[op] = opLoss;
    cost += opCost;
    loss += opLoss;
  }
  const gradients = sourceGradients(analysis, groupSlopes(analysis, slopes), winners);
  return { alive, aliveCounts, regularization: combined, cost, loss, opCosts, opLosses, gradients, invalid };
}

/** The cost when all that can't go and these counts of each group are alive. */
export function costAtCounts(
  analysis: Pick<StructureAnalysis, 'groups' | 'program'>,
  aliveCounts: ArrayLike<number>,
): number {
  const { alive } = evaluateForms(analysis, aliveCounts, new Float64Array(analysis.groups.length));
  let cost = 0;
  for (const { terms, alternative } of analysis.program.ops) {
    cost += Math.max(costOf(terms, alive), alternative === undefined ? 0 : costOf(alternative, alive));
  }
  return cost;
}

/** The cost of the network as it is. */
export function seedCost(analysis: StructureAnalysis): number {
  return costAtCounts(
    analysis,
    analysis.groups.map(({ size }) => size),
  );
}

/** Cost and loss of some ops only (all when empty or absent, as in the reference). */
export function partOf(
  evaluation: RegularizerEvaluation,
  ops: readonly OpId[] = [],
): { readonly cost: number; readonly loss: number } {
  if (ops.length === 0) return { cost: evaluation.cost, loss: evaluation.loss };
  const sum = (values: Float64Array): number => ops.reduce((total, op) => total + (values[op] ?? 0), 0);
  return { cost: sum(evaluation.opCosts), loss: sum(evaluation.opLosses) };
}

/** The maximum over all sources of a channel, whether any is above its threshold, and which was largest (the first on a tie). */
function combineSources(
  { grouping, program }: StructureAnalysis,
  vectors: ReadonlyMap<OpId, Float32Array>,
): {
  readonly combined: Float64Array;
  readonly alive: Uint8Array;
  readonly winners: Int32Array;
  readonly invalid: OpId | undefined;
} {
  const count = grouping.groupOfChannel.length;
  const combined = new Float64Array(count);
  const alive = new Uint8Array(count);
  const winners = new Int32Array(count).fill(-1);
  let invalid: OpId | undefined;
  let first = 0;
  for (const { op, threshold, targets } of program.sources) {
    const vector = vectors.get(op);
    if (vector?.length !== targets.length) {
      throw new Error(`Source ${String(op)} needs a vector of ${String(targets.length)} entries`);
    }
    for (let place = 0; place < targets.length; place += 1) {
      const channel = targets[place] ?? -1;
      if (channel < 0) continue;
      const value = vector[place] ?? 0;
      if (!Number.isFinite(value)) invalid ??= op;
      if ((winners[channel] ?? -1) < 0 || value > (combined[channel] ?? 0)) {
        combined[channel] = value;
        winners[channel] = first + place;
      }
      if (value > threshold) alive[channel] = 1;
    }
    first += targets.length;
  }
  return { combined, alive, winners, invalid };
}

interface FormValues {
  readonly alive: Float64Array;
  readonly reg: Float64Array;
}

function evaluateForms(
  { program }: Pick<StructureAnalysis, 'program'>,
  aliveCounts: ArrayLike<number>,
  sums: Float64Array,
): FormValues {
  const alive = new Float64Array(program.forms.length);
  const reg = new Float64Array(program.forms.length);
  for (let form = 0; form < program.forms.length; form += 1) {
    const definition = program.forms[form];
    if (definition === undefined) continue;
    let width = definition.constant;
    let sum = 0;
    for (let index = 0; index < definition.groups.length; index += 1) {
      const group = definition.groups[index] ?? 0;
      const multiple = definition.multiples[index] ?? 0;
      width += multiple * (aliveCounts[group] ?? 0);
      sum += multiple * (sums[group] ?? 0);
    }
    alive[form] = width;
    reg[form] = sum;
  }
  return { alive, reg };
}

function costOf(terms: CompiledTerms, alive: Float64Array): number {
  let cost = 0;
  for (const { coefficient, form } of terms.linear) cost += coefficient * (alive[form] ?? 0);
  for (const { coefficient, left, right } of terms.products) {
    cost += coefficient * (alive[left] ?? 0) * (alive[right] ?? 0);
  }
  return cost;
}

/** The loss; adds its derivative by each form's regularization sum to `slopes`. */
function lossOf(terms: CompiledTerms, { alive, reg }: FormValues, slopes: Float64Array): number {
  let loss = 0;
  const add = (form: number, slope: number): void => {
    loss += slope * (reg[form] ?? 0);
    slopes[form] = (slopes[form] ?? 0) + slope;
  };
  for (const { coefficient, form } of terms.linear) add(form, coefficient);
  for (const { coefficient, form } of terms.lossOnly) add(form, coefficient);
  for (const { coefficient, left, right } of terms.products) {
    add(right, coefficient * (alive[left] ?? 0));
    add(left, coefficient * (alive[right] ?? 0));
  }
  return loss;
}

/** d loss / d r of every channel in a group: the same for all of them. */
function groupSlopes({ groups, program }: StructureAnalysis, slopes: Float64Array): Float64Array {
  const perGroup = new Float64Array(groups.length);
  for (let form = 0; form < program.forms.length; form += 1) {
    const definition = program.forms[form];
    const slope = slopes[form] ?? 0;
    if (definition === undefined || slope === 0) continue;
    for (let index = 0; index < definition.groups.length; index += 1) {
      const group = definition.groups[index] ?? 0;
      perGroup[group] = (perGroup[group] ?? 0) + slope * (definition.multiples[index] ?? 0);
    }
  }
  return perGroup;
}

function sourceGradients(
  { grouping, program }: StructureAnalysis,
  perGroup: Float64Array,
  winners: Int32Array,
): ReadonlyMap<OpId, Float32Array> {
  const gradients = new Map<OpId, Float32Array>();
  let first = 0;
  for (const { op, targets } of program.sources) {
    const gradient = new Float32Array(targets.length);
    for (let place = 0; place < targets.length; place += 1) {
      const channel = targets[place] ?? -1;
      if (channel < 0 || winners[channel] !== first + place) continue;
      gradient[place] = perGroup[grouping.groupOfChannel[channel] ?? 0] ?? 0;
    }
    gradients.set(op, gradient);
    first += targets.length;
  }
  return gradients;
}
