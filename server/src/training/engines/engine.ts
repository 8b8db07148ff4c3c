// What the training loop asks of an engine. Engines do tensor work; what to regularise and by how much
// comes from structure/ as coefficients per channel, so every engine learns the same structure.

import type { NetworkGraph } from '../../network/network-graph.ts';
import type { OpId } from '../../network/op.ts';
import type { LossKind } from '../../protocol/run-config.ts';
import type { RegularizerSource } from '../../structure/channel-group.ts';

export interface EngineInfo {
  readonly name: 'onnx' | 'tfjs' | 'torch';
  readonly version: string;
  readonly threads: number;
  /** `cpu` or `gpu`: what is used, whichever package was installed. */
  readonly device: string;
  /** Why not the device that was meant; a sentence. */
  readonly note?: string;
}

export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum: number; readonly weightDecay: number }
  | {
      readonly kind: 'adam';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    };

/** What one output of a network is to come to. */
export interface OutputLoss {
  /** Which of the graph's outputs. */
  readonly output: number;
  /**
   * cross-entropy: of softmax over the classes, an image or a pixel. binary-cross-entropy: of a sigmoid, an element. l1, mse: the
   * mean absolute or squared difference of an element. All as PyTorch's losses of these names, with the mean over everything.
   */
  readonly kind: LossKind;
  /** The loss is the sum of all, each times this. */
  readonly weight: number;
}

export interface CompileRequest {
  readonly graph: NetworkGraph;
  /** Absent: a classifier of images with one output, by `Batch.labels`. */
  readonly losses?: readonly OutputLoss[] | undefined;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly labelSmoothing: number;
  /** A source of kind `gate` also multiplies its op's output by its mask (gates.ts). */
  readonly sources: readonly RegularizerSource[];
  /** Seeds the initial weights and every random choice of the session (dropout). */
  readonly seed: number;
}

/** Class indices, of which those below 0 are not counted; or numbers. */
export type TargetNumbers = Int32Array | Float32Array;

/** A batch: images in the graph's input layout, batch first; one class index an image, 0 where there are no classes of images. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** What each loss of the request holds its output against, batch first, in the output's layout; absent: the labels. */
  readonly targets?: readonly TargetNumbers[] | undefined;
}

export interface StepRequest extends Batch {
  readonly learningRate: number;
  /**
   * Per source op, the gradient of (strength × regularization term) with respect to each entry of its regularization
   * vector r, to be chained through r's definition (gamma: sign(γ); group lasso: spec 2.1; gate: `Gates.update`). Sources
   * left out get none.
   */
  readonly coefficients: ReadonlyMap<OpId, Float32Array>;
}

export interface StepResult {
  /** The batch's loss, without regularization; label smoothing counts in `step` only. */
  readonly loss: number;
  /**
   * How many images are classified right; where pixels or elements are classified, their share that is right times the images.
   * Absent where no output tells classes apart.
   */
  readonly correct?: number;
}

/** All that a training consists of, by stable names: parameters, optimiser slots, running statistics. */
export type TensorState = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** A network in training. Not re-entrant: one call at a time. */
export interface TrainingSession {
  step(request: StepRequest): Promise<StepResult>;
  /** Inference mode (running statistics, no dropout, no label smoothing), any number of images up to the batch size. */
  evaluate(batch: Batch): Promise<StepResult>;
  /** The regularization vectors of the present weights, per source op: |γ|, the group-lasso norm or a gate's probability, one entry a channel. */
  regularizationVectors(): ReadonlyMap<OpId, Float32Array>;
  /** A copy; complete enough that `restore` continues bit by bit. */
  state(): Promise<TensorState>;
  /** Rejects when names or shapes differ from the session's own. */
  restore(state: TensorState): Promise<void>;
  dispose(): Promise<void>;
}

/** What an engine can't train, by op; the run is refused with these. */
export interface Untrainable {
  readonly op: OpId;
  readonly reason: string;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Ops of the graph that this engine has no gradient for; empty when it can train the network. */
  untrainable(graph: NetworkGraph, losses?: readonly OutputLoss[]): readonly Untrainable[];
  compile(request: CompileRequest): Promise<TrainingSession>;
}
