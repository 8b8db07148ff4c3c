// Logistic-sigmoid gates in training, whichever engine runs it: their logits, the masks of each step, and how a logit moves.
// An engine only multiplies the output of a gated op by its mask and gives back the gradient by the mask.

import type { OpId } from '../../network/op.ts';
import type { RegularizerSource } from '../../structure/channel-group.ts';
import {
  annealedTemperature,
  gateRegularizationSlopes,
  gateVectors,
  inferenceMask,
  logisticNoise,
  trainedGate,
  trainingMask,
  trainingMaskSlopes,
  type TrainedGate,
} from '../../structure/gate.ts';
import type { CompileRequest, TensorState } from './engine.ts';
import { scalarsAt, slotsOf } from './optimizer-state.ts';
import { randomStream } from './random.ts';

/** A gate is a source: its op, and how many channels the op puts out. */
export function gatesOf({ sources }: Pick<CompileRequest, 'sources'>): readonly RegularizerSource[] {
  return sources.filter(({ kind }) => kind === 'gate');
}

/** The name of a gate's logits among the state, and of its mask among what a step reads. */
export function gateName(op: OpId): string {
  return `gate/${String(op)}`;
}

/**
 * Gates' logits take steps larger by this factor than weights: they start at a probability of 0.92 and are dead below a
 * half, 2.5 away, which Adam at 0.004 would take 600 steps for.
 */
const stepFactor = 5;

/** What a gate remembers. */
interface GateState {
  readonly source: RegularizerSource;
  readonly logits: Float32Array;
  /** In the order of `slotsOf`. */
  readonly slots: readonly Float32Array[];
}

/** The gates of one session. Steps are counted from 1, as sessions do. */
export class Gates {
  readonly #request: Pick<CompileRequest, 'optimizer' | 'seed'>;
  readonly #gates: readonly GateState[];

  constructor(request: Pick<CompileRequest, 'optimizer' | 'seed' | 'sources'>) {
    this.#request = request;
    this.#gates = gatesOf(request).map((source) => ({
      source,
      logits: new Float32Array(source.channels).fill(optionsOf(source).initialLogit),
      slots: slotsOf(request.optimizer).map(() => new Float32Array(source.channels)),
    }));
  }

  /** The tensors of `state`. */
  get entries(): readonly { readonly name: string; readonly shape: readonly number[] }[] {
    return this.#tensors().map(([name, { length }]) => ({ name, shape: [length] }));
  }

  /** What is kept of the gates from step to step; copies. */
  state(): TensorState {
    return new Map(this.#tensors().map(([name, data]) => [name, { shape: [data.length], data: data.slice() }]));
  }

  /** Takes a state of these names and shapes over. */
  restore(state: TensorState): void {
    for (const [name, data] of this.#tensors()) data.set(state.get(name)?.data ?? []);
  }

  /** The masks of a training step, by gated op: the same for each image and position. */
  trainingMasks(step: number): ReadonlyMap<OpId, Float32Array> {
    return this.#each(({ source, logits }) => trainingMask(logits, this.#noise(source, step), optionsOf(source, step)));
  }

  inferenceMasks(): ReadonlyMap<OpId, Float32Array> {
    return this.#each(({ source, logits }) => inferenceMask(logits, optionsOf(source)));
  }

  /** r of each gate for the step that comes next. */
  regularizationVectors(step: number): ReadonlyMap<OpId, Float32Array> {
    return this.#each(({ source, logits }) => {
      const options = optionsOf(source, step);
      const mask = trainingMask(logits, this.#noise(source, step), options);
      return gateVectors(logits, mask, options, options).regularization;
    });
  }

  /**
   * Moves all logits by a step: from the gradients of the loss by the masks and those of the regularizer by r. Adam does
   * not see the latter, as AdamW does not see the decay: it would make steps of one size of them, and since all logits
   * start alike, all channels would die in the same step.
   */
  update(
    step: number,
    learningRate: number,
    maskGradients: ReadonlyMap<OpId, Float32Array>,
    coefficients: ReadonlyMap<OpId, Float32Array>,
  ): void {
    const { optimizer } = this.#request;
    const rate = stepFactor * learningRate;
    const { stepSize, secondMomentFactor } = scalarsAt(optimizer, rate, step);
    for (const { source, logits, slots } of this.#gates) {
      const options = optionsOf(source, step);
      const noise = this.#noise(source, step);
      const slopes = trainingMaskSlopes(logits, noise, options);
      const ofRegularization = gateRegularizationSlopes(logits, noise, options);
      const byMask = maskGradients.get(source.op);
      const byRegularization = coefficients.get(source.op);
      const [first, second] = slots;
      for (let channel = 0; channel < logits.length; channel += 1) {
        const at = (values: Float32Array | undefined): number => values?.[channel] ?? 0;
        const ofLoss = at(byMask) * at(slopes);
        const ofPenalty = at(byRegularization) * at(ofRegularization);
        if (optimizer.kind === 'sgd') {
          const gradient = ofLoss + ofPenalty;
          if (first !== undefined) first[channel] = optimizer.momentum * at(first) + gradient;
          logits[channel] = at(logits) - rate * (first === undefined ? gradient : at(first));
        } else if (first !== undefined && second !== undefined) {
          const { beta1, beta2, epsilon } = optimizer;
          first[channel] = beta1 * at(first) + (1 - beta1) * ofLoss;
          second[channel] = beta2 * at(second) + (1 - beta2) * ofLoss * ofLoss;
          const change = at(first) / (Math.sqrt(at(second)) * secondMomentFactor + epsilon);
          logits[channel] = at(logits) - stepSize * change - rate * ofPenalty;
        }
      }
    }
  }

  #each(value: (gate: GateState) => Float32Array): ReadonlyMap<OpId, Float32Array> {
    return new Map(this.#gates.map((gate) => [gate.source.op, value(gate)]));
  }

  #tensors(): readonly (readonly [string, Float32Array])[] {
    const names = slotsOf(this.#request.optimizer);
    return this.#gates.flatMap(({ source, logits, slots }) => {
      const name = gateName(source.op);
      const kept = slots.map((slot, index) => [`${names[index] ?? ''}/${name}`, slot] as const);
      return [[name, logits] as const, ...kept];
    });
  }

  /** From the seed, the op and the step alone, so that a resumed run and every engine draw the same. */
  #noise({ op, channels }: RegularizerSource, step: number): Float32Array {
    const random = randomStream(this.#request.seed, `gate ${String(op)} ${String(step)}`);
    // A uniform number may be 0, whose logarithm is none.
    return Float32Array.from({ length: channels }, () => logisticNoise(Math.max(random.uniform(), 2 ** -33)));
  }
}

/** The options of a gate; with a step, at the temperature that the gate has by then. */
function optionsOf({ gate = trainedGate }: RegularizerSource, step = 0): TrainedGate {
  const { temperature, annealingSteps } = gate;
  return annealingSteps === undefined
    ? gate
    : { ...gate, temperature: annealedTemperature(temperature, step, annealingSteps) };
}
