// The memory of a model, layer by layer and in total, in bytes.

import type { Count } from '../common/count.ts';
import { formatAmount, formatCount } from '../common/number-format.ts';
import { bytesOfProducts, type Precision } from '../costs/latency/execution.ts';
import { inferenceMemory, parameterBytes, weightBytes } from '../costs/memory.ts';
import { trainingMemory } from '../costs/training-memory.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Parameter } from '../network/op.ts';
import type { AnalysisSettings } from './analysis-settings.ts';

/** Bytes of one op. */
export interface OpMemory {
  /** Its weights and running statistics; 0 where an earlier op has them. */
  readonly weights: Count;
  /** All activations that exist while it runs at inference. */
  readonly alive: Count;
  /** What it keeps of activations for the backward pass. */
  readonly kept: Count;
}

export interface MemoryReport {
  /** Images that activations are of. */
  readonly batch: number;
  readonly precision: Precision;
  /** By op id. */
  readonly ops: readonly OpMemory[];
  /** Weights and running statistics as a file. */
  readonly weights: Count;
  readonly peakActivations: Count;
  /** The op at which activations are most; undefined where that is not known. */
  readonly peakAt: number | undefined;
  readonly kept: Count;
  /** The most that a step of training holds, weights included, without what the optimizer remembers. */
  readonly trainingStep: Count;
  /** The weights that are trained: what a momentum is as large as. */
  readonly trained: Count;
}

/** For one image where the settings name no batch, in 32 bits where they name no number format. */
export function memoryReport(
  graph: NetworkGraph,
  { batch, precision }: Pick<AnalysisSettings, 'batch' | 'precision'>,
): MemoryReport {
  const [images, format] = [batch === undefined || batch === 0 ? 1 : batch, precision ?? 'auto'];
  const known: Precision = format === 'auto' ? 'fp32' : format;
  const inference = inferenceMemory(graph, images, known);
  const training = trainingMemory(graph, images, known);
  const bytes = (amount: number | undefined, whole: Count): Count =>
    amount === undefined
      ? whole.kind === 'exact'
        ? { kind: 'exact', value: 0 }
        : whole
      : { kind: 'exact', value: amount };
  const seen = new Set<string>();
  const unseen = (parameters: readonly Parameter[]): readonly Parameter[] =>
    parameters.filter(({ id }) => {
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    });
  return {
    batch: images,
    precision: known,
    ops: graph.ops.map((op) => ({
      weights: parameterBytes(unseen(op.parameters), bytesOfProducts(known)),
      alive: bytes(inference.alive[op.id], inference.peak),
      kept: bytes(training.keptBy[op.id], training.kept),
    })),
    weights: weightBytes(graph, known),
    peakActivations: inference.peak,
    peakAt: inference.peakAt,
    kept: training.kept,
    trainingStep: training.peak,
    trained: training.weights,
  };
}

/** What a model needs, in sentences: on disk, at inference, in training. */
export function memorySentences(graph: NetworkGraph, report: MemoryReport): readonly string[] {
  const { batch, precision, weights, peakActivations, peakAt, trainingStep, trained, kept } = report;
  const others = (['fp32', 'fp16', 'int8'] as const)
    .filter((other) => bytesOfProducts(other) !== bytesOfProducts(precision))
    .map((other) => `${formatCount(weightBytes(graph, other), 'B')} as ${other}`);
  const images = batch === 1 ? 'one image' : `${String(batch)} images`;
  const op = peakAt === undefined ? undefined : graph.ops[peakAt];
  const at = op === undefined || op.name === '' ? '' : `, at ${op.name}`;
  const step =
    trained.kind === 'exact' && kept.kind === 'exact'
      ? `${formatCount(trainingStep, 'B')} for ${images}: ${formatAmount(trained.value, 'B')} of weights, as much of gradients, ${formatAmount(kept.value, 'B')} of activations that wait for the backward pass; a momentum adds ${formatAmount(trained.value, 'B')}, Adam ${formatAmount(2 * trained.value, 'B')}`
      : `? B${trainingStep.kind === 'unknown' ? ` (${trainingStep.reason})` : ''}`;
  return [
    `Weights as a file: ${formatCount(weights, 'B')} as ${precision}, ${others.join(', ')}.`,
    `Inference: ${formatCount(peakActivations, 'B')} of activations at once for ${images}${at}.`,
    `Training step: ${step}.`,
  ];
}
