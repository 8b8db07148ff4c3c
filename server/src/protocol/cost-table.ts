// The table of a model's costs: what the server gives, and the messages between its page and the page's host. Sequence: the
// page says `ready`, the host sends `table`, and again whenever the source or a setting changed it.

import * as v from 'valibot';
import { costGraphSchema } from './cost-graph.ts';
import { modelMeasurementSchema } from './model-measurement.ts';

/** Null where nothing is known; `atLeast` marks a lower bound. */
const count = v.object({ value: v.nullable(v.number()), atLeast: v.boolean() });
const costs = {
  operations: count,
  params: count,
  activations: count,
  /** Bytes of weights, and of what is kept for the backward pass. */
  memory: count,
  latencyMs: count,
};

export type TableCount = v.InferOutput<typeof count>;

/** Zero-based, as LSP has it. */
const place = v.object({ uri: v.string(), line: v.number(), character: v.number() });

export const costTableSchema = v.object({
  /** The name of the model's file. */
  file: v.string(),
  /** The entry's name; empty where a file is one model. */
  entry: v.string(),
  /** `3×32×32`, with a word where it is assumed. */
  input: v.string(),
  /** What operations are counted in. */
  unit: v.picklist(['MACs', 'FLOPs']),
  /** The public counter that they are counted like; empty where the unit says it all. */
  counter: v.string(),
  device: v.string(),
  /** The text has an error now, and these are the figures from before it. */
  isStale: v.boolean(),
  /** What has parameters or operations, in network order. */
  rows: v.array(
    v.object({
      /** The qualified name that the framework prints; dots make the tree. */
      name: v.string(),
      label: v.string(),
      /** The shape of one image that it gives. */
      shape: v.string(),
      width: v.nullable(v.number()),
      ...costs,
      /** Rows with the same number live and die together; null where a layer is tied to no other. */
      tie: v.nullable(v.number()),
      /** Why its width can't be set; null where it can, or there is none. */
      settled: v.nullable(v.string()),
      place: v.nullable(place),
    }),
  ),
  totals: v.object(costs),
  /** What the whole holds in memory, in sentences. */
  memory: v.array(v.string()),
});

/** Widths that somebody tries out, as they are written: `41` or `0.5x` by layer, `0.75` for all layers that are not named. */
export const askedWidthsSchema = v.object({
  layers: v.pipe(
    v.array(v.object({ name: v.pipe(v.string(), v.maxLength(1000)), width: v.pipe(v.string(), v.maxLength(20)) })),
    v.maxLength(10_000),
  ),
  scale: v.exactOptional(v.pipe(v.string(), v.maxLength(20))),
});

export type AskedWidthTexts = v.InferOutput<typeof askedWidthsSchema>;

/** A model's costs at widths that are tried out. */
export const triedCostsSchema = v.object({
  table: costTableSchema,
  /** `555 MMACs → 420 MMACs (−24 %), 11.2 M → 8.4 M params`. */
  saving: v.string(),
  /** What changes; of layers that are tied all are named. */
  changed: v.array(v.object({ layers: v.array(v.string()), before: v.number(), after: v.number() })),
});

export type TriedCosts = v.InferOutput<typeof triedCostsSchema>;

export type CostTable = v.InferOutput<typeof costTableSchema>;
export type CostTableRow = CostTable['rows'][number];

/** How the page shows a model. */
const costView = v.picklist(['table', 'graph']);

/** Host to page. */
export const toCostPageSchema = v.variant('kind', [
  v.object({ kind: v.literal('table'), table: costTableSchema }),
  /** The costs at the widths that the page asked for last; or why there are none. */
  v.object({ kind: v.literal('tried'), tried: triedCostsSchema }),
  v.object({ kind: v.literal('not-tried'), message: v.string() }),
  /** What was asked to compare with, by its name; `from`: what is compared with it in place of the model as it is. */
  v.object({
    kind: v.literal('compared'),
    name: v.string(),
    table: costTableSchema,
    from: v.exactOptional(v.object({ name: v.string(), table: costTableSchema })),
  }),
  /** The network as a drawing, or why there is none. */
  v.object({ kind: v.literal('graph'), graph: costGraphSchema }),
  v.object({ kind: v.literal('no-graph'), message: v.string() }),
  /** Show the one or the other. */
  v.object({ kind: v.literal('show'), view: costView }),
  /** The cursor stands on this line (zero-based) of a document. */
  v.object({ kind: v.literal('cursor'), uri: v.string(), line: v.number() }),
  /** The model's times on this machine; they are gone with the next table that has other layers. */
  v.object({ kind: v.literal('measured'), times: modelMeasurementSchema }),
  v.object({ kind: v.literal('refused'), message: v.string() }),
]);

/** Page to host; checked by the host, since a page is not trusted. */
export const fromCostPageSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('measure') }),
  /** Ask what to compare the costs with. */
  v.object({ kind: v.literal('compare') }),
  v.object({ kind: v.literal('show-in-code'), row: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  /** Of the drawing. */
  v.object({ kind: v.literal('show-box'), box: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  /** What the page shows from now on: the graph is sent while it is shown. */
  v.object({ kind: v.literal('view'), view: costView }),
  v.object({ kind: v.literal('try'), asked: askedWidthsSchema }),
  /** Bring these widths into the source. */
  v.object({ kind: v.literal('set'), asked: askedWidthsSchema }),
  v.object({ kind: v.literal('copy'), text: v.pipe(v.string(), v.maxLength(20_000_000)) }),
]);

export type CostPageView = v.InferOutput<typeof costView>;
export type ToCostPage = v.InferOutput<typeof toCostPageSchema>;
export type FromCostPage = v.InferOutput<typeof fromCostPageSchema>;
