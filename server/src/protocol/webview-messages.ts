// Messages between the dashboard page and its host. Sequence: page says `ready`, host sends `snapshot`, then `grew`.
// A page that is loaded again starts over with `ready`; it keeps nothing but which run it shows.

import * as v from 'valibot';
import { runEventSchema } from './run-events.ts';
import { innerRunSchema } from './run-names.ts';
import { sweepFileSchema } from './sweep-file.ts';
import { runProposalSchema, runSnapshotSchema, runStatusSchema, runStructureSchema } from './run-files.ts';

const convention = v.picklist(['macs', 'flops']);

/** Host to page. */
export const toPageSchema = v.variant('kind', [
  v.object({ kind: v.literal('snapshot'), snapshot: runSnapshotSchema, convention }),
  /** May repeat events that the snapshot or an earlier message had: the page takes each line of the log once. */
  v.object({
    kind: v.literal('grew'),
    status: runStatusSchema,
    events: v.pipe(v.array(runEventSchema), v.readonly()),
    structure: v.exactOptional(runStructureSchema),
    proposal: v.exactOptional(runProposalSchema),
  }),
  v.object({ kind: v.literal('convention'), convention }),
  /** Runs side by side, again whenever one of them grew. */
  v.object({ kind: v.literal('comparison'), runs: v.array(runSnapshotSchema), convention }),
  /** A sweep instead of a run, again whenever its file changed; `isTrained`: this window trains it. */
  v.object({ kind: v.literal('sweep'), sweep: sweepFileSchema, isTrained: v.exactOptional(v.boolean()) }),
  /** Something the page should say to the user: an action that was refused, or a run that cannot be read. */
  v.object({ kind: v.literal('refused'), message: v.string() }),
]);

/** Longer than any layer's name; keeps hostile input small. */
const layer = v.pipe(v.string(), v.maxLength(8192));

/** Page to host; checked by the host, since a page is not trusted. */
export const fromPageSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('stop') }),
  v.object({ kind: v.literal('pause') }),
  v.object({ kind: v.literal('resume') }),
  v.object({ kind: v.literal('apply'), layer: v.exactOptional(layer), expanded: v.exactOptional(v.boolean()) }),
  /** The proposed or the expanded network as a file of its own. */
  v.object({ kind: v.literal('write-file'), expanded: v.exactOptional(v.boolean()) }),
  v.object({ kind: v.literal('expand') }),
  /** Ask which runs to see beside this one. */
  v.object({ kind: v.literal('compare') }),
  v.object({ kind: v.literal('retrain') }),
  v.object({ kind: v.literal('show-in-code'), layer }),
  /** A chart to be kept as a file: SVG as text, PNG in base64. */
  v.object({
    kind: v.literal('save-chart'),
    name: v.pipe(v.string(), v.maxLength(200)),
    format: v.picklist(['svg', 'png']),
    content: v.pipe(v.string(), v.maxLength(20_000_000)),
  }),
  /** The page as it stands, to be kept as one file: its HTML, and the theme's values by the names of its variables. */
  v.object({
    kind: v.literal('save-page'),
    body: v.pipe(v.string(), v.maxLength(50_000_000)),
    colors: v.record(v.string(), v.string()),
  }),
  /** Of a sweep's point, by its run within the sweep's folder, or of a compared run. */
  v.object({ kind: v.literal('point'), run: innerRunSchema, act: v.picklist(['open', 'apply', 'retrain']) }),
]);

export type ToPage = v.InferOutput<typeof toPageSchema>;
export type FromPage = v.InferOutput<typeof fromPageSchema>;
