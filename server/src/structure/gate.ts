// Logistic-sigmoid gates (spec 2.1, probabilistic gating): a trainable logit for each channel, a random mask in training,
// a fixed one for inference. Pure functions; noise is passed in.

/** What a gate layer is made with. */
export interface GateOptions {
  /** How soft the mask is; 0 gives a hard mask without a gradient. */
  readonly temperature: number;
  /** A hard mask in the forward pass with the soft mask's gradient. */
  readonly straightThrough: boolean;
  /** The logit that training starts from: sigmoid(2.5) = 0.924. */
  readonly initialLogit: number;
  /** Whether inference scales what passes by its probability. */
  readonly softInference: boolean;
  /** Which channel can't be switched off: the one with the highest logit, the first (as in the reference), or none. */
  readonly keepAlive: 'highest' | 'first' | 'none';
}

export const defaultGate: GateOptions = {
  temperature: 0.001,
  straightThrough: false,
  initialLogit: 2.5,
  softInference: true,
  keepAlive: 'highest',
};

/** A gate as an engine trains it. */
export interface TrainedGate extends GateOptions {
  /** Whether r is the sampled mask, as in the reference, or the probability, which does not change by chance. */
  readonly regularizeOnMask: boolean;
  /** The temperature falls to a tenth each time so many steps are done; it stays when absent. */
  readonly annealingSteps?: number;
}

/**
 * What a run trains unless it is told otherwise. At the reference's temperature of 0.001 all but one sample in a thousand
 * have no gradient, which runs of its length (10⁵ steps and more) even out and short ones do not; at 0.5 each tells
 * something, and masks are still near 0 or 1.
 */
export const trainedGate: TrainedGate = { ...defaultGate, temperature: 0.5, regularizeOnMask: false };

/** The threshold for probabilities: a gate below it is closed after training (spec 2.1, what to export from). */
export const probabilityThreshold = 0.5;

/** The threshold of gates, which a channel is alive at (not only above). */
export const defaultGateThreshold = 0.1;

function sigmoid(value: number): number {
  return value >= 0 ? 1 / (1 + Math.exp(-value)) : Math.exp(value) / (1 + Math.exp(value));
}

/** Noise with the standard logistic distribution from a uniform number strictly between 0 and 1. */
export function logisticNoise(uniform: number): number {
  return Math.log(uniform) - Math.log1p(-uniform);
}

/** P(the channel is on), channel by channel. */
export function gateProbabilities(logits: Float32Array): Float32Array {
  return logits.map(sigmoid);
}

/** The channel that `keepAlive` keeps on; -1 for none. */
export function keptChannel(logits: Float32Array, { keepAlive }: Pick<GateOptions, 'keepAlive'>): number {
  switch (keepAlive) {
    case 'none':
      return -1;
    case 'first':
      return logits.length > 0 ? 0 : -1;
    case 'highest':
      return logits.reduce((best, logit, channel) => (best < 0 || logit > (logits[best] ?? 0) ? channel : best), -1);
  }
}

/** The mask of one training step; `noise` has one logistic number for each channel, shared by the batch and all positions. */
export function trainingMask(logits: Float32Array, noise: Float32Array, options: GateOptions): Float32Array {
  const kept = keptChannel(logits, options);
  return logits.map((logit, channel) => {
    if (channel === kept) return 1;
    const shifted = logit + (noise[channel] ?? 0);
    return options.straightThrough || options.temperature === 0
      ? Number(shifted > 0)
      : sigmoid(shifted / options.temperature);
  });
}

/** d mask / d logit of `trainingMask`: the soft mask's, m(1 - m)/τ, also where the forward mask is hard. */
export function trainingMaskSlopes(logits: Float32Array, noise: Float32Array, options: GateOptions): Float32Array {
  const kept = keptChannel(logits, options);
  return logits.map((logit, channel) => {
    if (channel === kept || options.temperature === 0) return 0;
    const mask = sigmoid((logit + (noise[channel] ?? 0)) / options.temperature);
    return (mask * (1 - mask)) / options.temperature;
  });
}

/** The mask outside of training: on where the logit is above 0, scaled by the probability if the gate says so. */
export function inferenceMask(logits: Float32Array, options: GateOptions): Float32Array {
  const kept = keptChannel(logits, options);
  return logits.map((logit, channel) => {
    const isOn = logit > 0 || channel === kept;
    if (!isOn) return 0;
    return options.softInference && channel !== kept ? sigmoid(logit) : 1;
  });
}

/** The temperature at a step when it anneals: a tenth after each `annealingSteps`. */
export function annealedTemperature(temperature: number, step: number, annealingSteps: number): number {
  return temperature * 0.1 ** (step / annealingSteps);
}

/** Why a gate can't be made so, as a sentence; undefined when it can. */
export function wrongGate({ temperature, annealingSteps = 1 }: GateOptions & Partial<TrainedGate>): string | undefined {
  if (!(annealingSteps > 0)) return `A gate must anneal over more than 0 steps, but not ${String(annealingSteps)}`;
  if (temperature >= 0) return undefined;
  return `The temperature of a gate must be 0 or more, but it is ${String(temperature)}`;
}

/** Vectors for the regularizer: what to regularise, and what decides about alive (spec 2.1, ProbGating). */
export interface GateVectors {
  readonly regularization: Float32Array;
  readonly alive: Float32Array;
}

/**
 * By default both come from the sampled mask, as in the reference; from the probabilities they do not change from step to
 * step by chance. The channel that is always on counts as alive and has r = 1.
 */
export function gateVectors(
  logits: Float32Array,
  mask: Float32Array,
  options: Pick<GateOptions, 'keepAlive'>,
  choice: { readonly regularizeOnMask?: boolean; readonly maskAsAlive?: boolean } = {},
): GateVectors {
  const probabilities = gateProbabilities(logits);
  const kept = keptChannel(logits, options);
  const alive = Float32Array.from((choice.maskAsAlive ?? true) ? mask : probabilities);
  const regularization = Float32Array.from((choice.regularizeOnMask ?? true) ? mask : probabilities);
  if (kept >= 0) {
    alive[kept] = 1;
    regularization[kept] = 1;
  }
  return { regularization, alive };
}

/** d r / d logit: the mask's slopes or p(1 - p); 0 for the channel that is always on. */
export function gateRegularizationSlopes(
  logits: Float32Array,
  noise: Float32Array,
  options: TrainedGate,
): Float32Array {
  if (options.regularizeOnMask) return trainingMaskSlopes(logits, noise, options);
  const kept = keptChannel(logits, options);
  return gateProbabilities(logits).map((p, channel) => (channel === kept ? 0 : p * (1 - p)));
}
