// A proposal as a new file: the slim network written out flat, by its framework's writer. It is there for proposals that numbers
// in the source can't express, and like every edit it is offered only when it was read back and gave just that network.

import type { Result } from '../common/problem.ts';
import { slimDifference } from '../edits/same-network.ts';
import type { ModuleWriter } from '../frontends/shared/module-writer.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { rebuildWithWidths } from '../structure/rebuild-graph.ts';
import { survivingNetwork, type WeightTensor, type Weights } from '../structure/surviving-weights.ts';
import type { AnalysisSession, AttachedProposal } from './analysis-session.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { modelOfRun } from './proposed-changes.ts';
import { wantedWidths } from './proposal-plans.ts';
import { SourcePlaces } from './source-places.ts';
import { fileName } from '../common/file-name.ts';

/** A file to be made. */
export interface SlimModel {
  /** URI of a document beside the source that is not there yet. */
  readonly document: string;
  readonly entry: string;
  readonly text: string;
  readonly graph: NetworkGraph;
  /** What is left of the weights that were given, by the names that the file's model has for them. */
  readonly weights?: Weights;
}

/** The slim model of a run's proposal, proven; or why there is none. `document` is another place for it, `weights` the model's own. */
export function slimModel(
  session: AnalysisSession,
  source: string,
  { runId, entry, proposal }: AttachedProposal,
  document = freeDocument(session, source),
  weights?: Weights,
): Result<SlimModel> {
  const model = modelOfRun(session, source, entry);
  if (model === undefined) {
    return { ok: false, error: `There is no model ${entry} in ${fileName(source)} any more; run MorphNet again.` };
  }
  if (model.stale) return { ok: false, error: 'The source has an error; mend it first.' };
  const writer = session.writerOf(model.graph);
  if (writer === undefined) {
    return { ok: false, error: 'No slim file is written of this format; the widths are set in the file itself.' };
  }
  const [unknown] = model.graph.unknowns;
  if (unknown !== undefined) {
    const place = unknown.span === undefined ? '' : `${new SourcePlaces(session).text(unknown.span)}: `;
    return {
      ok: false,
      error: `No slim file is written, as a part of the model could not be read (${place}${unknown.reason}).`,
    };
  }
  const grouping = session.grouping(model.graph);
  const widths = wantedWidths(grouping, proposal);
  const surviving = weights && survivingNetwork(grouping, widths, weights);
  const rebuilt = surviving ?? rebuildWithWidths(grouping, widths);
  if (!rebuilt.ok) return rebuilt;
  const { graph } = rebuilt.value;
  if (graph.ops.length === graph.inputs.length) return { ok: false, error: 'The model computes nothing of its input.' };
  const defined = writer.nameOf(model.entry.name);
  const written = writer.write({
    graph,
    name: defined,
    description: describe(model, writer, source, { runId, proposal, document }, rebuilt.value.removed.length, weights),
    sourceOf: ({ site }: Op) => (site === undefined ? '' : new SourcePlaces(session).written(site.span)),
  });
  if (!written.ok) return { ok: false, error: `No file can be written for this model: ${written.error}.` };
  const name = `${defined}()`;
  const evaluated = session.evaluateWith(new Map([[document, written.value.text]]), {
    ...model.entry,
    document,
    name,
    span: { document, start: 0, end: 0 },
  });
  const difference =
    evaluated === undefined
      ? 'it could not be read'
      : slimDifference(graph, evaluated, (own, layer) => writer.isNamedAfter(own, layer));
  if (evaluated === undefined || difference !== undefined) {
    return { ok: false, error: `No file is written, as it would not give the proposed network: ${difference ?? ''}.` };
  }
  const slim = { document, entry: name, text: written.value.text, graph: evaluated };
  if (surviving?.ok !== true) return { ok: true, value: slim };
  const { tensors } = written.value;
  if (tensors === undefined)
    return { ok: false, error: `Weights are put into slim files of PyTorch only, not of ${writer.frameworkWord}.` };
  const named = [...surviving.value.weights].flatMap(([id, tensor]): readonly (readonly [string, WeightTensor])[] => {
    const inFile = tensors.get(id);
    return inFile === undefined ? [] : [[inFile, tensor]];
  });
  return { ok: true, value: { ...slim, weights: new Map(named) } };
}

/** `net_slim.py` beside `net.py`, or with a number where that is taken. */
function freeDocument(session: AnalysisSession, source: string): string {
  const stem = source.replace(/\.\w+$/, '');
  const name = (index: number): string => `${stem}_slim${index === 1 ? '' : `_${String(index)}`}.py`;
  let index = 1;
  while (session.textOf(name(index)) !== undefined) index += 1;
  return name(index);
}

function describe(
  model: AnalyzedModel,
  { frameworkWord }: ModuleWriter,
  source: string,
  { runId, proposal, document }: Pick<AttachedProposal, 'runId' | 'proposal'> & { readonly document: string },
  removed: number,
  weights: Weights | undefined,
): readonly string[] {
  const outputs = model.graph.outputs.length;
  const idle = model.graph.idle.map(({ name }) => name);
  const origin = runId === '' ? [] : [`Written from the run ${runId}, step ${String(proposal.step)}.`];
  const values =
    weights === undefined
      ? `Layers begin with ${frameworkWord}'s own initial values.`
      : `The weights that are left of the trained ones: model.load_state_dict(safetensors.torch.load_file("${fileName(weightsBeside(document))}"))`;
  return [
    `${model.entry.name} of ${fileName(source)} at the widths that ${runId === '' ? 'were asked for' : 'MorphNet proposes'}.`,
    '',
    [...origin, values].join(' '),
    ...(removed === 0 ? [] : [`${String(removed)} operations are gone, as no channel of theirs is left.`]),
    ...(outputs < 2 ? [] : [`Gives its ${String(outputs)} outputs as a tuple.`]),
    ...(idle.length === 0 ? [] : [`Left out, since the model never calls them: ${idle.join(', ')}.`]),
  ];
}

/** `net_slim.safetensors` for `net_slim.py`: where the weights of a slim file stand. */
export function weightsBeside(document: string): string {
  return document.replace(/\.py$/, '.safetensors');
}
