// The short way to write a data set, `images:photos` or a path alone; and what each kind is called.

import * as v from 'valibot';
import { dataSetSchema, type DataSetReference } from './run-config.ts';

type Kind = DataSetReference['kind'];

/** What to write where a data set is wrong. */
export const dataSetRemedy =
  'Give a folder or file; or KIND:PATH, where KIND is idx (MNIST’s files), cifar10, cifar100, numpy (.npz, .npy), images (a sub-folder a class), csv (a list of files), masks (images beside masks) or pairs (images beside images)';

function isKind(text: string): text is Kind {
  return v.is(dataSetSchema.entries.kind, text);
}

/**
 * Reads `KIND:PATH`, or a path of which the kind is found out later (so does what only looks like a kind, such as a
 * drive's letter). What is typed by hand may lead to files elsewhere. Undefined when there is no path.
 */
export function parseDataSet(text: string): DataSetReference | undefined {
  const colon = text.indexOf(':');
  const prefix = text.slice(0, Math.max(0, colon));
  const [kind, path] = isKind(prefix) ? [prefix, text.slice(colon + 1).trim()] : (['auto', text.trim()] as const);
  return path === '' ? undefined : chosenByHand(kind, path);
}

/** The inverse of `parseDataSet`, but for the settings that have no short form. */
export function formatDataSet({ kind, path }: DataSetReference): string {
  return kind === 'auto' ? path : `${kind}:${path}`;
}

/** A data set that the user pointed at: its links and lists may lead out of its folder. */
export function chosenByHand(kind: Kind, path: string): DataSetReference {
  const mayLeadElsewhere = ['auto', 'images', 'csv', 'masks', 'pairs'].includes(kind);
  return { kind, path, ...(mayLeadElsewhere && { outside: true }) };
}
