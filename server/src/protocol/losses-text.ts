// The short way to write what a network's outputs learn: `cross-entropy,mse*0.1=age`.

import * as v from 'valibot';
import { lossKinds, lossSchema, type RunLoss } from './run-config.ts';

/** What to write where losses are wrong. */
export const lossesRemedy = `Write one loss an output, in their order, with commas between them: ${lossKinds.join(', ')}; with a weight as mse*0.1, and with the target’s name where the data set has several as mse=age`;

/** Reads `KIND[*WEIGHT][=TARGET],…`; undefined when it is none. */
export function parseLosses(text: string): readonly RunLoss[] | undefined {
  const found: RunLoss[] = [];
  for (const part of text.split(',')) {
    const [, kind = '', weight, target] = /^([\w-]+)(?:\*([\d.e+-]+))?(?:=(.+))?$/.exec(part.trim()) ?? [];
    const loss = {
      kind,
      ...(weight !== undefined && { weight: Number(weight) }),
      ...(target !== undefined && { target: target.trim() }),
    };
    const read = v.safeParse(lossSchema, loss);
    if (!read.success) return undefined;
    found.push(read.output);
  }
  return found;
}

/** The inverse of `parseLosses`. */
export function formatLosses(losses: readonly RunLoss[]): string {
  return losses
    .map(({ kind, weight, target }) =>
      [kind, weight === undefined ? '' : `*${String(weight)}`, target === undefined ? '' : `=${target}`].join(''),
    )
    .join(',');
}
