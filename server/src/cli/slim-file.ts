// `--slim-file NEW.py [--weights FILE]`: a model at other widths as a file of its own, with what is left of its trained weights
// beside it.

import { resolve } from 'node:path';
import { URI } from 'vscode-uri';
import type { AnalysisSession, AttachedProposal } from '../analysis/analysis-session.ts';
import { slimModel, weightsBeside } from '../analysis/slim-model.ts';
import { fileName } from '../common/file-name.ts';
import { readTrainedWeights } from '../experiments/trained-weights.ts';
import { encodeTensors } from '../runs/safetensors.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { writeNewFile } from './edited-files.ts';
import { shownDocument, shownPath } from './model-argument.ts';
import type { Terminal } from './terminal.ts';

export interface SlimFileOptions {
  /** The new file. */
  readonly slimFile: string;
  /** Trained weights of the model as it is. */
  readonly weights?: string | undefined;
}

export const weightsWithoutFile =
  '--weights goes with --slim-file NEW.py: edits of the source change no weights. Load them as before where the shapes are the same';

/** Writes the slim model out; a file that is there already stays as it is. */
export async function writeSlimFile(
  terminal: Terminal,
  session: AnalysisSession,
  source: string,
  attached: AttachedProposal,
  { slimFile, weights }: SlimFileOptions,
): Promise<void> {
  const path = resolve(terminal.folder, slimFile);
  const shown = shownPath(path, terminal.folder);
  if (!/\.py$/.test(path)) throw wrongArguments(`${shown} must end in .py: the slim model is Python source.`);
  const given = weights === undefined ? undefined : await readTrainedWeights(resolve(terminal.folder, weights));
  if (given?.ok === false) throw workFailed(`${given.error}.`);
  const slim = slimModel(session, source, attached, URI.file(path).toString(), given?.value);
  if (!slim.ok) throw workFailed(`${shownDocument(source, terminal.folder)}: ${slim.error}`);
  const { weights: left, text, graph } = slim.value;
  if (left?.size === 0)
    throw workFailed(`${weights ?? ''} has no weight under a name of this model. Save its own state_dict().`);
  writeNewFile(slimFile, text, terminal.folder);
  const what = attached.runId === '' ? 'this' : 'the proposed';
  terminal.note(`Wrote ${shown}, proven to be ${what} network. Its costs: morphnet cost ${shown}\n`);
  if (left === undefined) return;
  const file = weightsBeside(path);
  writeNewFile(file, encodeTensors({ tensors: left, metadata: { format: 'pt' } }), terminal.folder);
  const parameters = new Set(graph.ops.flatMap((op) => op.parameters.map(({ id }) => id)));
  const missing = parameters.size - left.size;
  terminal.note(
    `Wrote ${shownPath(file, terminal.folder)} with ${String(left.size)} tensors; the strongest channels of each layer are kept.${missing > 0 ? ` ${String(missing)} more begin with initial values, as ${weights ?? ''} has them not.` : ''} Load them: model.load_state_dict(safetensors.torch.load_file("${fileName(file)}")${missing > 0 ? ', strict=False' : ''})\n`,
  );
}
