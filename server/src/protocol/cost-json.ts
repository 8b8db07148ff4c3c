// `morphnet cost --json`, version 1: documented in docs/cost-json.md, checked by this schema in tests.

import * as v from 'valibot';

const place = v.object({ file: v.string(), line: v.number(), column: v.number() });
const range = v.object({ ...place.entries, endLine: v.number(), endColumn: v.number() });
/** Null where unknown; `atLeast` marks a lower bound. */
const total = v.object({ value: v.nullable(v.number()), atLeast: v.boolean() });
/** In bytes. */
const bytes = v.nullable(v.number());
const perAxis = v.nullable(v.array(v.number()));

/** Lines and columns are one-based; `endColumn` is exclusive. Shapes leave out the batch. Kernel and the like have one entry per axis, null where the op has none. */
export const costJsonSchema = v.object({
  version: v.literal(1),
  model: v.string(),
  framework: v.string(),
  entry: v.object({ name: v.string(), from: v.string() }),
  input: v.object({ shapes: v.array(v.array(v.number())), from: v.string() }),
  convention: v.string(),
  unit: v.picklist(['MACs', 'FLOPs']),
  difference: v.string(),
  device: v.string(),
  batch: v.number(),
  latency: v.string(),
  totals: v.object({
    params: total,
    macs: total,
    flops: total,
    activations: total,
    operations: total,
    latencyMs: total,
  }),
  memory: v.object({
    batch: v.number(),
    precision: v.string(),
    weights: total,
    peakActivations: total,
    peakLayer: v.string(),
    kept: total,
    trainingStep: total,
    words: v.array(v.string()),
  }),
  layers: v.array(
    v.object({
      name: v.string(),
      op: v.string(),
      kernel: perAxis,
      stride: perAxis,
      padding: perAxis,
      dilation: perAxis,
      groups: v.nullable(v.number()),
      inChannels: v.nullable(v.number()),
      outChannels: v.nullable(v.number()),
      outputShape: v.array(v.nullable(v.number())),
      params: v.nullable(v.number()),
      macs: v.nullable(v.number()),
      operations: v.nullable(v.number()),
      latencyMs: v.nullable(v.number()),
      memory: v.object({ weights: bytes, alive: bytes, kept: bytes }),
      /** Null in a model that was not read from a text. */
      origin: v.nullable(v.object({ ...range.entries, callChain: v.array(place) })),
      width: v.nullable(
        v.object({
          value: v.number(),
          sources: v.array(v.object({ ...range.entries, text: v.string() })),
          editable: v.boolean(),
          reason: v.nullable(v.string()),
        }),
      ),
    }),
  ),
  unknowns: v.array(v.object({ reason: v.string(), origin: v.nullable(range) })),
});

export type CostJson = v.InferOutput<typeof costJsonSchema>;
