// Structure learning: trains with the regularizer, counts what is alive, proposes widths. Everything that lasts goes
// through the sink; resumed from its last state it goes on as if it had never stopped.

import type { Cancellation } from '../../common/cancellation.ts';
import type { DeviceProfile } from '../../costs/device-profile.ts';
import type { Result } from '../../common/problem.ts';
import { opOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { RunConfig } from '../../protocol/run-config.ts';
import type { InterruptionReason } from '../../protocol/run-events.ts';
import { aliveCounts } from '../../structure/alive-counts.ts';
import { analyzeStructure, type StructureAnalysis } from '../../structure/analyze-structure.ts';
import { reachableShare } from '../../structure/reachable-share.ts';
import { evaluateRegularizer, seedCost, type RegularizerEvaluation } from '../../structure/evaluate-regularizer.ts';
import { proposeWidths } from '../../structure/propose-widths.ts';
import { settledCost } from '../../structure/settled-cost.ts';
import {
  scaledGradients,
  StrengthController,
  suggestedStrength,
  type StrengthDecision,
  type StrengthState,
} from '../../structure/strength-controller.ts';
import { structureDocument } from '../../structure/structure-document.ts';
import type { WidthProposal } from '../../structure/width-proposal.ts';
import type { DataSet } from '../data/data-set.ts';
import type { Engine, TrainingSession } from '../engines/engine.ts';
import { runningStatistics, trainedParameters } from '../engines/training-state.ts';
import { AliveHistory } from './alive-history.ts';
import { Averages } from './averages.ts';
import { CheckpointSchedule } from './checkpoint-schedule.ts';
import { formatControllerState, parseControllerState } from './controller-state.ts';
import { RunData } from './run-data.ts';
import type { RunSink } from './run-sink.ts';
import { structureOf } from './run-structure.ts';
import { structureOptionsOf } from './structure-options.ts';
import { imageLayoutOf } from './image-layout-of.ts';
import { objectiveIn } from './objective.ts';
import { misfitOf, optimizerOf } from './training-setup.ts';
import { startFromWeights } from './warm-start.ts';

export interface StructureLearning {
  readonly config: RunConfig;
  readonly graph: NetworkGraph;
  readonly dataSet: DataSet;
  readonly engine: Engine;
  readonly device: DeviceProfile;
  readonly sink: RunSink;
  readonly pid: number;
  /** Why the run should stop when `cancellation` says so. */
  readonly stopReason: () => InterruptionReason;
  readonly now: () => number;
}

/** Test images that the run's own evaluations look at; the whole set is for the benchmark. */
const testImages = 10_000;

const controllerKey = 'strength-controller';

/** Runs to the end, to a cancellation or to a failure; how it ended is in the log. */
export async function learnStructure(learning: StructureLearning, cancellation: Cancellation): Promise<void> {
  const { config, graph, dataSet, engine, sink } = learning;
  const saved = sink.load();
  const reached = saved.ok ? (saved.value?.step ?? 0) : 0;
  const fail = (code: string, message: string): void => sink.event({ kind: 'failed', step: reached, code, message });
  const misfit = misfitOf(graph, dataSet, engine, config);
  if (misfit !== undefined) {
    fail('does-not-fit', misfit);
    return;
  }
  const { losses, targets } = objectiveIn(graph, dataSet, config.losses);
  const analysis = analyzeStructure(graph, structureOptionsOf(config));
  if (!analysis.ok) {
    fail('nothing-to-regularize', analysis.error);
    return;
  }
  const unreachable = targetOutOfReach(config, analysis.value);
  if (unreachable?.isCertain === true) {
    fail('target-out-of-reach', unreachable.message);
    return;
  }
  if (!saved.ok) {
    fail('checkpoint-damaged', saved.error);
    return;
  }
  const kept = saved.value?.metadata[controllerKey];
  const controller = kept === undefined ? undefined : parseControllerState(kept);
  if (controller?.ok === false) {
    fail('checkpoint-damaged', controller.error);
    return;
  }
  const session = await engine.compile({
    graph,
    losses,
    batchSize: config.batchSize,
    optimizer: optimizerOf(config.optimizer, config.weightDecay),
    labelSmoothing: config.labelSmoothing ?? 0,
    sources: analysis.value.sources,
    seed: config.seed,
  });
  try {
    if (saved.value) await session.restore(saved.value.tensors);
    const run = new Run(learning, analysis.value, session, controller?.value);
    const warm = saved.value === undefined ? await warmStart(learning, session) : undefined;
    if (warm?.ok === false) {
      fail('weights-do-not-fit', warm.error);
      return;
    }
    run.begin(saved.value?.step ?? 0, saved.value?.damaged ?? []);
    if (unreachable && reached === 0)
      sink.event({
        kind: 'notice',
        severity: 'warning',
        code: 'target-out-of-reach',
        message: unreachable.message,
      });
    if (warm?.value !== undefined)
      sink.event({ kind: 'notice', severity: 'information', code: 'weights-missing', message: warm.value });
    const first = saved.value?.step ?? 0;
    const data = await RunData.open(
      dataSet,
      { ...config, layout: imageLayoutOf(graph), targets },
      sink,
      saved.value?.metadata,
      cancellation,
    );
    if (!data.ok) fail('data-unreadable', data.error);
    else if (data.value === undefined) sink.event({ kind: 'interrupted', step: first, reason: learning.stopReason() });
    else await run.train(first, data.value, cancellation);
  } finally {
    await session.dispose();
  }
}

/** Why a share that a run asks for can't be had by narrower layers, where it can't; certain where no branch may go either. */
function targetOutOfReach(
  { strength, target: { fraction, resource }, device }: RunConfig,
  analysis: StructureAnalysis,
): { readonly message: string; readonly isCertain: boolean } | undefined {
  if (strength !== undefined || fraction === undefined) return undefined;
  const { share, canLoseBranches } = reachableShare(analysis);
  if (!(share > fraction)) return undefined;
  const percent = (part: number): string => `${String(Math.round(1000 * part) / 10)} %`;
  const where = resource === 'latency' ? ` on ${device.name}` : '';
  const rest = `With one channel in every layer that can get narrower, ${percent(share)} of the ${resource}${where} would remain, and ${percent(fraction)} are asked for`;
  return canLoseBranches
    ? { isCertain: false, message: `${rest}: only if whole branches die can that be reached` }
    : {
        isCertain: true,
        message: `${rest}: that can't be reached. Ask for a larger share, for another resource, or on another device`,
      };
}

/** From trained weights, where the settings name some. */
function warmStart(
  { config, graph }: StructureLearning,
  session: TrainingSession,
): Promise<Result<string | undefined>> | undefined {
  if (config.weights === undefined) return undefined;
  const names = [...trainedParameters(graph).map(({ parameter }) => parameter.id), ...statisticsOf(graph)];
  return startFromWeights(session, config.weights, names);
}

function statisticsOf(graph: NetworkGraph): readonly string[] {
  return runningStatistics(graph).map(({ name }) => name);
}

class Run {
  readonly #learning: StructureLearning;
  readonly #analysis: StructureAnalysis;
  readonly #session: TrainingSession;
  readonly #controller: StrengthController | undefined;
  readonly #constantStrength: number;
  readonly #seedCost: number;
  /** Open while the run trains. */
  #data: RunData | undefined;
  readonly #averages: Averages;
  readonly #history: AliveHistory;
  #lastProposal: WidthProposal | undefined;
  /** Where this process took the run up: of what came before it knows no averages. */
  #firstStep = 0;
  #schedule: CheckpointSchedule;

  constructor(
    learning: StructureLearning,
    analysis: StructureAnalysis,
    session: TrainingSession,
    controllerState: StrengthState | undefined,
  ) {
    const { config, dataSet } = learning;
    this.#learning = learning;
    this.#averages = new Averages(Math.min(testImages, dataSet.test.count) / config.batchSize);
    this.#schedule = new CheckpointSchedule(config.checkpointEvery, 0, learning.now);
    this.#analysis = analysis;
    this.#session = session;
    this.#seedCost = seedCost(analysis);
    this.#history = new AliveHistory(analysis);
    const { fraction } = config.target;
    this.#constantStrength = config.strength ?? suggestedStrength(this.#seedCost);
    // A strength that the user gives is kept; otherwise it is sought for the target.
    if (config.strength === undefined && fraction !== undefined) {
      this.#controller = new StrengthController(analysis, { fraction, totalSteps: config.steps }, controllerState);
    }
  }

  /** Says what the run starts from. */
  begin(step: number, damaged: readonly string[]): void {
    const { config, engine, sink, device, pid, graph } = this.#learning;
    const whole = proposeWidths(
      this.#analysis.grouping,
      new Uint8Array(this.#analysis.grouping.groupOfChannel.length).fill(1),
      device,
      step,
    );
    const totals = whole.ok ? whole.value.proposal.totals : undefined;
    // Before the log says that the run has begun: who reads it then finds the structure.
    sink.structure(structureOf(this.#analysis, graph));
    sink.event({
      kind: 'started',
      step,
      totalSteps: config.steps,
      engine: `${engine.info.name} ${engine.info.version}`,
      threads: engine.info.threads,
      pid,
      seed: {
        macs: totals?.macs.before ?? 0,
        params: totals?.params.before ?? 0,
        latencyMs: totals?.latencyMs.before ?? 0,
      },
    });
    for (const message of damaged)
      sink.event({
        kind: 'notice',
        severity: 'warning',
        code: 'checkpoint-damaged',
        message: `${message}. The run goes on from step ${String(step)}`,
      });
    for (const { severity, code, message } of step === 0 ? this.#analysis.notices : []) {
      sink.event({ kind: 'notice', severity: severity === 'information' ? 'information' : 'warning', code, message });
    }
  }

  async train(first: number, data: RunData, cancellation: Cancellation): Promise<void> {
    this.#data = data;
    try {
      await this.#train(first, data, cancellation);
    } finally {
      await data.close();
    }
  }

  async #train(first: number, data: RunData, cancellation: Cancellation): Promise<void> {
    const { config, now } = this.#learning;
    this.#firstStep = first;
    this.#schedule = new CheckpointSchedule(config.checkpointEvery, first, now);
    const isCancelled = (): boolean => cancellation.isCancellationRequested;
    for (let step = first; step < config.steps; step++) {
      if (isCancelled()) {
        await this.#interrupted(step);
        return;
      }
      const started = now();
      // Before anything moves that a checkpoint keeps: whoever cancels while it is waited for loses nothing.
      const batch = await data.batch(step, cancellation);
      if (!batch.ok) {
        this.#unreadable(step, batch.error);
        return;
      }
      // Heard while it was waited for: the next time to hear of it is behind a step.
      if (batch.value === undefined || isCancelled()) {
        await this.#interrupted(step);
        return;
      }
      const evaluation = this.#evaluate();
      if (evaluation.invalid !== undefined) {
        this.#diverged(step);
        return;
      }
      // The controller moves at each decision, and a resumed run takes this one itself.
      const undecided = this.#controller?.state;
      const decision = this.#decide(evaluation, step);
      if (step % config.aliveEvery === 0) this.#report(evaluation, decision, step);
      // After the report: a run that goes on from this checkpoint has nothing to average over at its first step.
      if (this.#schedule.isDue(step) && !(await this.#checkpoint(step, undecided))) return;
      const stepStarted = now();
      const result = await this.#session.step({
        ...batch.value,
        learningRate: config.learningRate,
        coefficients: decision.coefficients,
      });
      // The whole step, with regularizer, reports and checkpoints: the time left is made of all of it.
      this.#averages.add(result.loss, result.correct, batch.value.labels.length, now() - started);
      this.#schedule.stepTook(now() - stepStarted);
      if (!Number.isFinite(result.loss)) {
        this.#diverged(step);
        return;
      }
      // The engine blocks while it computes: this is where a word from the parent is heard.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#finish(config.steps, data, cancellation);
  }

  #evaluate(): RegularizerEvaluation {
    return evaluateRegularizer(this.#analysis, this.#session.regularizationVectors());
  }

  #decide(
    evaluation: RegularizerEvaluation,
    step: number,
  ): Pick<StrengthDecision, 'strength' | 'coefficients' | 'alive' | 'isForced'> {
    if (this.#controller) return this.#controller.next(evaluation, step);
    const strength = this.#constantStrength;
    return {
      strength,
      coefficients: scaledGradients(evaluation.gradients, strength),
      alive: evaluation.alive,
      isForced: false,
    };
  }

  /** Alive channels a group. */
  #aliveCounts(alive: Uint8Array): number[] {
    const { grouping, groups } = this.#analysis;
    return groups.map(({ id, size }) => {
      const start = grouping.offsets[id] ?? 0;
      let count = 0;
      for (let channel = start; channel < start + size; channel++) count += alive[channel] ?? 0;
      return count;
    });
  }

  #report(
    evaluation: RegularizerEvaluation,
    { alive, strength }: Pick<StrengthDecision, 'strength' | 'alive'>,
    step: number,
  ): void {
    const { config, sink, device, graph } = this.#learning;
    const counts = this.#aliveCounts(alive);
    const cost = settledCost(this.#analysis, counts);
    if (step > this.#firstStep) {
      const vectors = [...this.#session.regularizationVectors()];
      sink.regularizationVectors(step, new Map(vectors.map(([op, vector]) => [opOf(graph, op).name, vector])));
      const figures = this.#averages.take(config.steps - step);
      this.#history.add(evaluation, { step, strength, learningRate: config.learningRate, loss: figures.loss });
      sink.event({
        kind: 'progress',
        step,
        ...figures,
        regularization: strength * evaluation.loss,
        strength,
        cost,
        seedCost: this.#seedCost,
        learningRate: config.learningRate,
      });
    }
    const proposed = proposeWidths(this.#analysis.grouping, alive, device, step);
    if (!proposed.ok) {
      sink.event({
        kind: 'notice',
        severity: 'warning',
        code: 'network-cut',
        message: `At step ${String(step)}: ${proposed.error}`,
      });
      return;
    }
    const { proposal } = proposed.value;
    this.#lastProposal = proposal;
    const { macs, params, latencyMs } = proposal.totals;
    sink.event({
      kind: 'alive',
      step,
      alive: counts,
      totals: { macs: macs.after, params: params.after, latencyMs: latencyMs.after },
    });
    sink.proposal(proposal);
    const document = structureDocument(this.#analysis, evaluation, {
      step,
      strength,
      seedCost: this.#seedCost,
      alive,
    });
    sink.learnedStructure(step, aliveCounts(this.#analysis, alive, config.removeCommonPrefix), document);
  }

  async #interrupted(step: number): Promise<void> {
    const undecided = this.#controller?.state;
    // What is due at this step, as whoever goes on from here has nothing to average over.
    if (step % this.#learning.config.aliveEvery === 0 && step > this.#firstStep) {
      const evaluation = this.#evaluate();
      if (evaluation.invalid === undefined) this.#report(evaluation, this.#decide(evaluation, step), step);
    }
    if (!(await this.#checkpoint(step, undecided))) return;
    this.#learning.sink.event({ kind: 'interrupted', step, reason: this.#learning.stopReason() });
  }

  /** Saves the state, unless it is none to go on from: then the run has failed, and the last checkpoint stays. */
  #checkpoint(step: number, controller = this.#controller?.state): Promise<boolean> {
    return this.#schedule.save(() => this.#save(step, controller));
  }

  async #save(step: number, controller: StrengthState | undefined): Promise<boolean> {
    const tensors = await this.#session.state();
    if (![...tensors.values()].every(({ data }) => data.every((value) => Number.isFinite(value)))) {
      this.#diverged(step);
      return false;
    }
    const metadata: Record<string, string> = { ...this.#data?.metadata };
    if (controller) metadata[controllerKey] = formatControllerState(controller);
    const file = this.#learning.sink.save({ step, tensors, metadata });
    this.#learning.sink.event({ kind: 'checkpoint', step, file });
    return true;
  }

  #unreadable(step: number, message: string): void {
    this.#learning.sink.event({ kind: 'failed', step, code: 'data-unreadable', message });
  }

  #diverged(step: number): void {
    const { config, sink } = this.#learning;
    const rate = String(config.learningRate);
    const message = `Training diverged at step ${String(step)}: the loss or a weight is no finite number any more. Lower the learning rate (${rate} now) or the strength, and start again; the last checkpoint is from before`;
    sink.event({ kind: 'failed', step, code: 'diverged', message });
  }

  async #finish(step: number, data: RunData, cancellation: Cancellation): Promise<void> {
    const { sink } = this.#learning;
    const evaluation = this.#evaluate();
    if (evaluation.invalid !== undefined) {
      this.#diverged(step);
      return;
    }
    if (!(await this.#checkpoint(step))) return;
    const decision = this.#decide(evaluation, step);
    this.#report(evaluation, decision, step);
    const tested = await data.test(this.#session, testImages, cancellation);
    if (!tested.ok) {
      this.#unreadable(step, tested.error);
      return;
    }
    if (tested.value === undefined) {
      // The checkpoint of this step is written already: going on from it repeats the test.
      sink.event({ kind: 'interrupted', step, reason: this.#learning.stopReason() });
      return;
    }
    sink.event({ kind: 'evaluated', step, ...tested.value });
    const still = this.#history.whyNothingMoved(this.#aliveCounts(decision.alive), 0);
    if (still !== undefined) sink.event({ kind: 'notice', severity: 'warning', code: 'nothing-moved', message: still });
    if (decision.isForced) {
      const message =
        'The channels did not all reach the threshold in time, so the structure was decided by how close each came. Raise the learning rate or train for more steps to let training decide';
      sink.event({ kind: 'notice', severity: 'information', code: 'decided-by-rank', message });
    }
    const proposal = this.#lastProposal;
    if (proposal?.step !== step) {
      sink.event({
        kind: 'failed',
        step,
        code: 'network-cut',
        message:
          'The regularizer removed a layer that the network depends on. Aim at a larger share of the cost, or lower the strength',
      });
      return;
    }
    sink.event({ kind: 'finished', step, summary: summaryOf(proposal) });
  }
}

/** `41 % of the MACs, 32 % of the params: 3 of 4 layers get narrower`. */
function summaryOf({ layers, totals }: WidthProposal): string {
  const share = ({ before, after }: { before: number; after: number }): string =>
    `${(before === 0 ? 100 : (100 * after) / before).toFixed(0)} %`;
  const narrower = layers.filter(({ width }) => width.after < width.before).length;
  return `${share(totals.macs)} of the MACs and ${share(totals.params)} of the params: ${String(narrower)} of ${String(layers.length)} layers get narrower`;
}
