// How alive counts went in this process, for the sentence that says why none of them moved.

import type { StructureAnalysis } from '../../structure/analyze-structure.ts';
import { diagnoseRun, sampleOf, type HistorySample } from '../../structure/diagnose-run.ts';
import type { RegularizerEvaluation } from '../../structure/evaluate-regularizer.ts';

export class AliveHistory {
  readonly #analysis: StructureAnalysis;
  readonly #samples: HistorySample[] = [];

  constructor(analysis: StructureAnalysis) {
    this.#analysis = analysis;
  }

  add(evaluation: RegularizerEvaluation, at: Pick<HistorySample, 'step' | 'strength' | 'learningRate' | 'loss'>): void {
    this.#samples.push(sampleOf(this.#analysis, evaluation, at));
  }

  /** Why no channel died, with the remedy; undefined when some did. `aliveCounts` are those of the proposed structure. */
  whyNothingMoved(aliveCounts: readonly number[], stepsLeft: number): string | undefined {
    const isWhole = this.#analysis.groups.every(
      ({ id, size, fixed }) => fixed !== undefined || (aliveCounts[id] ?? size) === size,
    );
    if (!isWhole) return undefined;
    const reasons = diagnoseRun(this.#analysis, this.#samples, stepsLeft).filter(({ code }) => code !== 'counts-move');
    return reasons.length === 0
      ? undefined
      : `No channel died. ${reasons.map(({ message }) => message).join('. ')}. Train for more steps, raise the strength, or raise the threshold`;
  }
}
