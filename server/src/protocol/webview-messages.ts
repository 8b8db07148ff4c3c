// Messages between the dashboard page and its host. Sequence: page says `ready`, host sends `snapshot`, then `grew`.

import * as v from 'valibot';
import type { RunEvent } from './run-events.ts';
import type { RunProposal, RunSnapshot, RunStatus } from './run-files.ts';
import type { CountingConventionName } from './settings.ts';

/** Host to page. */
export type ToPage =
  | { readonly kind: 'snapshot'; readonly snapshot: RunSnapshot; readonly convention: CountingConventionName }
  | { readonly kind: 'grew'; readonly status: RunStatus; readonly events: readonly RunEvent[]; readonly proposal?: RunProposal }
  | { readonly kind: 'convention'; readonly convention: CountingConventionName }
  /** Something the page should say to the user: an action that was refused. */
  | { readonly kind: 'refused'; readonly message: string };

/** Page to host; checked by the host, since a page is not trusted. */
export const fromPageSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('stop') }),
  v.object({ kind: v.literal('resume') }),
  v.object({ kind: v.literal('apply'), layer: v.optional(v.string()) }),
  v.object({ kind: v.literal('show-in-code'), layer: v.string() }),
]);

export type FromPage = v.InferOutput<typeof fromPageSchema>;
