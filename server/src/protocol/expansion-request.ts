// What a run's proposal is to be scaled to, as users ask for it.

import * as v from 'valibot';
import { targetResources } from './run-config.ts';

export const expansionRequestSchema = v.object({
  resource: v.picklist(targetResources),
  /** The cost to come to at most, as a share of the seed's. */
  share: v.pipe(v.number(), v.gtValue(0), v.finite()),
  /** Every scaled width is a multiple of this. */
  multipleOf: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9999)),
});

export type ExpansionRequest = v.InferOutput<typeof expansionRequestSchema>;

/** What to write where a budget is wrong. */
export const budgetRemedy =
  'Write flops or params (or activations, latency, memory) with a share of the seed’s cost: flops:1';

/** Reads `flops:1` or `params:0.8`; a bare resource means the whole cost of the seed. Undefined when it is none. */
export function parseBudget(text: string): Pick<ExpansionRequest, 'resource' | 'share'> | undefined {
  const [resource, share, ...rest] = text.trim().split(':');
  if (rest.length > 0 || share?.trim() === '') return undefined;
  const asked = { resource, share: share === undefined ? 1 : Number(share), multipleOf: 1 };
  const read = v.safeParse(expansionRequestSchema, asked);
  return read.success ? { resource: read.output.resource, share: read.output.share } : undefined;
}
