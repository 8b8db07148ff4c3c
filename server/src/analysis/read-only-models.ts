// Models that can be looked at only: their files hold no text in which a width could be written.

import type { NetworkGraph } from '../network/network-graph.ts';
import { fileName } from '../common/file-name.ts';

/** Why nothing is trained or changed of a model, and what to do instead; undefined for models of texts. */
export function readOnlyReason({ framework, entry }: NetworkGraph): string | undefined {
  if (framework !== 'onnx') return undefined;
  return `${fileName(entry.document)} is read only: an ONNX file has no text in which a width could be changed. Run MorphNet on the PyTorch or Keras source that it was exported from, and export that again.`;
}
