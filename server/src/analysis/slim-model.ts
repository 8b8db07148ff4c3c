// A proposal as a new file: the slim network written out flat, by its framework's writer. It is there for proposals that numbers
// in the source can't express, and like every edit it is offered only when it was read back and gave just that network.

import type { Result } from '../common/problem.ts';
import { slimDifference } from '../edits/same-network.ts';
import type { ModuleWriter } from '../frontends/shared/module-writer.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { rebuildWithWidths } from '../structure/rebuild-graph.ts';
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
}

/** The slim model of a run's proposal, proven; or why there is none. `document` is another place for it. */
export function slimModel(
  session: AnalysisSession,
  source: string,
  { runId, entry, proposal }: AttachedProposal,
  document = freeDocument(session, source),
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
  const rebuilt = rebuildWithWidths(grouping, wantedWidths(grouping, proposal));
  if (!rebuilt.ok) return rebuilt;
  const { graph } = rebuilt.value;
  if (graph.ops.length === graph.inputs.length) return { ok: false, error: 'The model computes nothing of its input.' };
  const defined = writer.nameOf(model.entry.name);
  const written = writer.write({
    graph,
    name: defined,
    description: describe(model, writer, source, runId, proposal.step, rebuilt.value.removed.length),
    sourceOf: ({ site }: Op) => (site === undefined ? '' : new SourcePlaces(session).written(site.span)),
  });
  if (!written.ok) return { ok: false, error: `No file can be written for this model: ${written.error}.` };
  const name = `${defined}()`;
  const evaluated = session.evaluateWith(new Map([[document, written.value]]), {
    ...model.entry,
    document,
    name,
    span: { document, start: 0, end: 0 },
  });
  const difference =
    evaluated === undefined
      ? 'it could not be read'
      : slimDifference(graph, evaluated, (layer) => writer.layerName(layer));
  if (evaluated === undefined || difference !== undefined) {
    return { ok: false, error: `No file is written, as it would not give the proposed network: ${difference ?? ''}.` };
  }
  return { ok: true, value: { document, entry: name, text: written.value, graph: evaluated } };
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
  runId: string,
  step: number,
  removed: number,
): readonly string[] {
  const outputs = model.graph.outputs.length;
  const idle = model.graph.idle.map(({ name }) => name);
  return [
    `${model.entry.name} of ${fileName(source)} at the widths that MorphNet proposes.`,
    '',
    `Written from the run ${runId}, step ${String(step)}. Layers begin with ${frameworkWord}'s own initial values.`,
    ...(removed === 0 ? [] : [`${String(removed)} operations are gone, as no channel of theirs is left.`]),
    ...(outputs < 2 ? [] : [`Gives its ${String(outputs)} outputs as a tuple.`]),
    ...(idle.length === 0 ? [] : [`Left out, since the model never calls them: ${idle.join(', ')}.`]),
  ];
}
