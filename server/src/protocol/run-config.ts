// A resolved run: what `morphnet.json` and the user's answers come to. Checked wherever it is read.

import * as v from 'valibot';
import { engineNames } from './engine-report.ts';
import { methodEntries } from './method-options.ts';
import { rendezvousForm } from './torchrun.ts';

/** `kind:path` or a path alone on the command line. A path is absolute once resolved. */
export const dataSetSchema = v.strictObject({
  /** auto: by what the path leads to. */
  /** own: whatever the user's own training loop reads; `path` is then the model's folder. */
  kind: v.picklist(['auto', 'idx', 'cifar10', 'cifar100', 'numpy', 'images', 'csv', 'masks', 'pairs', 'own']),
  path: v.pipe(v.string(), v.minLength(1)),
  /** The share of each class that validates where the set has no test images. */
  validation: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1))),
  /** Seed of the choice of validation images; not the run's, so that runs with different seeds are compared on the same images. */
  splitSeed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** The share of image files that may be unreadable before the run stops. */
  badFiles: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Whether links are followed and listed files may lie outside the list's folder: the user chose the set by hand. */
  outside: v.optional(v.boolean()),
});

/** flops: operations; params: weights; activations: output channels; latency and memory: of one image on the device. */
export const targetResources = ['flops', 'params', 'activations', 'latency', 'memory'] as const;

/** What the run aims at: a resource, and either a strength or a fraction of the seed's cost that it should come to. */
export const targetSchema = v.strictObject({
  resource: v.picklist(targetResources),
  fraction: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1))),
});

/** What an output's loss can be: PyTorch's losses of these names. */
export const lossKinds = ['cross-entropy', 'binary-cross-entropy', 'l1', 'mse'] as const;
export type LossKind = (typeof lossKinds)[number];

/** What one output of a network learns. */
export const lossSchema = v.strictObject({
  kind: v.picklist(lossKinds),
  /** The loss is the sum of all outputs', each times this; absent: 1. */
  weight: v.optional(v.pipe(v.number(), v.gtValue(0))),
  /** The target's name where the data set has several; absent: in their order. */
  target: v.optional(v.string()),
});

export const torchPrecisions = ['float32', 'bfloat16', 'float16'] as const;

const patterns = v.array(v.pipe(v.string(), v.minLength(1)));

/** A device; with rates its time is a sum of terms (costs/latency/terms.ts), otherwise a roofline. */
const deviceSchema = v.strictObject({
  name: v.string(),
  peakGflopsPerSecond: v.number(),
  memoryGigabytesPerSecond: v.number(),
  rated: v.exactOptional(
    v.strictObject({
      knowledge: v.variant('kind', [
        v.strictObject({ kind: v.picklist(['measured', 'fitted']), error: v.number(), source: v.string() }),
        v.strictObject({ kind: v.literal('estimate'), source: v.string() }),
      ]),
      execution: v.strictObject({
        precision: v.picklist(['fp32', 'fp16', 'bf16', 'amp', 'amp_bf16', 'int8']),
        fusion: v.picklist(['none', 'pointwise', 'after-products']),
        channelsLast: v.boolean(),
        processor: v.picklist(['cpu', 'gpu']),
      }),
      batches: v.tuple([v.number(), v.number()]),
      /** Milliseconds a unit of each term. */
      rates: v.record(v.string(), v.pipe(v.number(), v.finite(), v.minValue(0))),
    }),
  ),
});

export const runConfigSchema = v.strictObject({
  version: v.literal(1),
  /** learn: with the regulariser, absent the same; retrain: the network as it is, from scratch, the rate falling to zero. */
  task: v.optional(v.picklist(['learn', 'retrain'])),
  model: v.strictObject({
    /** URI of the document. */
    document: v.string(),
    entry: v.string(),
    input: v.array(v.array(v.pipe(v.number(), v.integer(), v.minValue(1)))),
  }),
  data: dataSetSchema,
  /** A .safetensors, .pth or .npz file of trained weights to start from, by name; absent: random ones. */
  weights: v.optional(v.pipe(v.string(), v.minLength(1))),
  target: targetSchema,
  /** The regulariser's strength λ; absent: found from the target fraction. */
  strength: v.optional(v.pipe(v.number(), v.minValue(0))),
  algorithm: v.picklist(['auto', 'gamma', 'group-lasso', 'logistic-sigmoid']),
  threshold: v.pipe(v.number(), v.minValue(0)),
  /** The share of the L1 term in group lasso; absent: 0. */
  l1Fraction: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** How several layers that speak for one channel are combined; absent: as the algorithm has it. */
  combination: v.optional(v.picklist(['max', 'l2'])),
  /** Layers, by name pattern, whose channels stay whole. */
  exclude: v.optional(patterns),
  /** Name patterns; all layers that one of them matches get their channels tied. */
  forceGroups: v.optional(patterns),
  /** reference: the relations and cost quirks of the method's published implementation. */
  compat: v.optional(v.literal('reference')),
  ...methodEntries,
  /** One an output, in their order; absent: what the data set's targets and the outputs' shapes say. */
  losses: v.optional(v.pipe(v.array(lossSchema), v.minLength(1))),
  /** Expanded widths are multiples of this; absent: 1. */
  multipleOf: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** The share of each label that is spread over all classes; absent: 0. */
  labelSmoothing: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
  batchSize: v.pipe(v.number(), v.integer(), v.minValue(1)),
  learningRate: v.pipe(v.number(), v.gtValue(0)),
  optimizer: v.picklist(['sgd', 'adam']),
  weightDecay: v.pipe(v.number(), v.minValue(0)),
  /** What training images go through; absent: none. */
  augmentation: v.optional(v.picklist(['none', 'crop-flip'])),
  steps: v.pipe(v.number(), v.integer(), v.minValue(1)),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  engine: v.picklist(['auto', ...engineNames]),
  /** How the engine `torch` computes; absent: one process, in float32. */
  torch: v.optional(
    v.strictObject({
      /** Processes of torchrun on this machine, each with a share of the batch. */
      processes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64))),
      /** Machines, each with so many processes; the others join by `morphnet join`. */
      nodes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024))),
      /** Where they meet: this machine's host:port. */
      rendezvous: v.optional(v.pipe(v.string(), v.regex(rendezvousForm, 'must be host:port'))),
      /** The user's own class is imported and trained, in place of the network as it was read. */
      import: v.optional(v.boolean()),
      /** What products are computed in; weights and sums stay float32. */
      precision: v.optional(v.picklist(torchPrecisions)),
    }),
  ),
  /** 0: all cores but one. */
  threads: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Steps between two alive counts. */
  aliveEvery: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Steps between two checkpoints. */
  checkpointEvery: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** The device profile that latencies are estimated for. */
  device: deviceSchema,
});

export type DataSetReference = v.InferOutput<typeof dataSetSchema>;
export type RunLoss = v.InferOutput<typeof lossSchema>;
export type RunTarget = v.InferOutput<typeof targetSchema>;
export type RunConfig = v.InferOutput<typeof runConfigSchema>;
