// Models that can be looked at only: their files hold no text in which a width could be written.

import type { NetworkGraph } from '../network/network-graph.ts';
import { fileName } from '../common/file-name.ts';

/** Whether a file holds its model in bytes, so that no text can be written into it. */
export const isReadOnly = (document: string): boolean => /\.(onnx|keras)$/i.test(document);

/** Why nothing is trained or changed of a model, and what to do instead; undefined for models of texts. */
export function readOnlyReason({ framework, entry }: NetworkGraph): string | undefined {
  if (entry.document.toLowerCase().endsWith('.keras'))
    return `${fileName(entry.document)} is read only: an archive has no text in which a width could be changed, and holds weights of these widths. Run MorphNet on the source of the model, or write it with model.to_json() to a .json file and open that.`;
  if (framework !== 'onnx') return undefined;
  return `${fileName(entry.document)} is read only: an ONNX file has no text in which a width could be changed. Run MorphNet on the PyTorch or Keras source that it was exported from, and export that again.`;
}
