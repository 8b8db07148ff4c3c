// What a network would cost if its dead channels were gone, and the differentiable stand-in for that cost (spec 3), from
// the regularization vectors of a step.

import type { OpId } from '../network/op.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import {
  combinedValue,
  defaultL2Threshold,
  gather,
  memberSlope,
  startGathering,
  type Combination,
  type Gathered,
} from './combine-sources.ts';
import type { CompiledTerms } from './regularizer-program.ts';

export interface RegularizerEvaluation {
  /** 1 for each channel that is alive, through all groups as the grouping numbers them. */
  readonly alive: Uint8Array;
  /** Alive channels of each group. */
  readonly aliveCounts: Int32Array;
  /** The regularization vector of all channels, sources combined; 0 in fixed groups, 1 behind a batch norm without a scale. */
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

/**
 * Evaluates the regularizer; `vectors` has r of each source op (engine.ts: `regularizationVectors`). `aliveVectors` decide
 * about alive where that is not r's business (gates: a sampled mask, a probability).
 */
export function evaluateRegularizer(
  analysis: StructureAnalysis,
  vectors: ReadonlyMap<OpId, Float32Array>,
  aliveVectors: ReadonlyMap<OpId, Float32Array> = vectors,
): RegularizerEvaluation {
  const sources = gatherSources(analysis, vectors, aliveVectors);
  const { alive } = sources;
  const { grouping, groups, program } = analysis;
  const aliveCounts = new Int32Array(groups.length);
  const sums = new Float64Array(groups.length);
  for (const group of groups) {
    const start = grouping.offsets[group.id] ?? 0;
    let count = 0;
    let sum = 0;
    for (let channel = start; channel < start + group.size; channel += 1) {
      if (group.fixed !== undefined) alive[channel] = 1;
      if (group.fixed?.kind === 'unscaled') sources.combined[channel] = 1;
      count += alive[channel] ?? 0;
      sum += sources.combined[channel] ?? 0;
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
  const gradients = sourceGradients(analysis, groupSlopes(analysis, slopes), sources, vectors);
  const { combined: regularization, invalid } = sources;
  return { alive, aliveCounts, regularization, cost, loss, opCosts, opLosses, gradients, invalid };
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

interface GatheredSources {
  readonly combination: Combination;
  readonly gathered: Gathered;
  readonly combined: Float64Array;
  readonly alive: Uint8Array;
  readonly invalid: OpId | undefined;
}

/** Combines the sources of each channel, and says whether any of them calls it alive. */
function gatherSources(
  { grouping, program, options, algorithm }: StructureAnalysis,
  vectors: ReadonlyMap<OpId, Float32Array>,
  aliveVectors: ReadonlyMap<OpId, Float32Array>,
): GatheredSources {
  const combination = options.combination ?? { kind: algorithm === 'logistic-sigmoid' ? 'probabilistic' : 'max' };
  const count = grouping.groupOfChannel.length;
  const gathered = startGathering(count);
  const alive = new Uint8Array(count);
  let invalid: OpId | undefined;
  let first = 0;
  for (const { op, threshold, isAliveAtThreshold, targets } of program.sources) {
    const vector = vectors.get(op);
    const deciding = aliveVectors.get(op);
    if (vector?.length !== targets.length || deciding?.length !== targets.length) {
      throw new Error(`Source ${String(op)} needs vectors of ${String(targets.length)} entries`);
    }
    for (let place = 0; place < targets.length; place += 1) {
      const channel = targets[place] ?? -1;
      if (channel < 0) continue;
      const r = vector[place] ?? 0;
      if (!Number.isFinite(r)) invalid ??= op;
      gather(combination, gathered, channel, options.decorator?.value(r) ?? r, first + place);
      const value = deciding[place] ?? 0;
      if (value > threshold || (isAliveAtThreshold && value === threshold)) alive[channel] = 1;
    }
    first += targets.length;
  }
  const combined = new Float64Array(count);
  for (let channel = 0; channel < count; channel += 1) {
    combined[channel] = combinedValue(combination, gathered, channel);
    if (combination.kind === 'l2' && (gathered.count[channel] ?? 0) > 1) {
      alive[channel] = Number(
        Math.fround(combined[channel] ?? 0) > Math.fround(combination.threshold ?? defaultL2Threshold),
      );
    }
  }
  return { combination, gathered, combined, alive, invalid };
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
    let sum = definition.unscaled;
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
  { grouping, program, options }: StructureAnalysis,
  perGroup: Float64Array,
  { combination, gathered }: GatheredSources,
  vectors: ReadonlyMap<OpId, Float32Array>,
): ReadonlyMap<OpId, Float32Array> {
  const gradients = new Map<OpId, Float32Array>();
  let first = 0;
  for (const { op, targets } of program.sources) {
    const gradient = new Float32Array(targets.length);
    const vector = vectors.get(op) ?? gradient;
    for (let place = 0; place < targets.length; place += 1) {
      const channel = targets[place] ?? -1;
      if (channel < 0) continue;
      const r = vector[place] ?? 0;
      const share = memberSlope(combination, gathered, channel, options.decorator?.value(r) ?? r, first + place);
      if (share === 0) continue;
      const slope = share * (perGroup[grouping.groupOfChannel[channel] ?? 0] ?? 0);
      gradient[place] = slope * (options.decorator?.slope(r) ?? 1);
    }
    gradients.set(op, gradient);
    first += targets.length;
  }
  return gradients;
}
