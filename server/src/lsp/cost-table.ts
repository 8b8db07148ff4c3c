// The costs of a model, layer by layer, for the table that the client shows.

import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { unitOfConvention } from '../analysis/convention-report.ts';
import { costRows } from '../analysis/cost-table.ts';
import { inputText } from '../analysis/cost-text.ts';
import { chooseDevice } from '../analysis/latency-device.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { CostTable, CostTableRow } from '../protocol/cost-table.ts';
import type { Refusal } from '../protocol/lsp-extensions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import { refuse } from './refusal.ts';

export function costTable(
  context: AnalysisContext,
  { uri, entry, revision }: { readonly uri: string; readonly entry?: string; readonly revision?: string },
  cancellation: Cancellation,
): CostTable | Refusal {
  const model = modelAsked(context, uri, entry, cancellation);
  if ('refused' in model) return model;
  if (revision === undefined) return tableOf(context, model);
  const asked = { document: uri, entry: model.entry.name, revision };
  const before = context.committed?.networkAt(context.session, asked, cancellation);
  if (before === undefined)
    return refuse(
      `${fileName(uri)} lies in no git repository with a revision ${revision}. Name a commit, a branch or a tag: HEAD~1`,
    );
  return before === null
    ? refuse(
        `${fileName(uri)}: ${revision} has no model ${model.entry.name} in this file, or it could not be read there.`,
      )
    : tableOf(context, model, before);
}

/** The model of a document that is asked for; without an entry the chosen one. */
export function modelAsked(
  { session }: AnalysisContext,
  uri: string,
  entry: string | undefined,
  cancellation: Cancellation,
): AnalyzedModel | Refusal {
  const { models } = session.analyze(uri, cancellation);
  const model = entry === undefined ? models[0] : models.find((candidate) => candidate.entry.name === entry);
  if (model !== undefined) return model;
  const which = entry === undefined || entry === '' ? 'no model was found' : `there is no model ${entry}`;
  return refuse(`${fileName(uri)}: ${which}. Name the one that is meant in a comment: # morphnet: entry=Model()`);
}

/** The table of a model, or of what it would be: `graph` then differs from its own. */
export function tableOf({ session, settings }: AnalysisContext, model: AnalyzedModel, graph?: NetworkGraph): CostTable {
  const { rows, totals, memory } = costRows(session, model, settings, graph);
  return {
    file: fileName(model.entry.document),
    entry: model.entry.name,
    input: inputText(model.entry),
    unit: unitOfConvention(settings.convention),
    counter: settings.convention === 'macs' || settings.convention === 'flops' ? '' : settings.convention,
    device: chooseDevice(settings).device.name,
    isStale: model.stale,
    rows: rows.map(({ span, ...row }): CostTableRow => {
      const start = span === undefined ? undefined : positionsIn(session, span.document)?.position(span.start);
      return { ...row, place: span === undefined || start === undefined ? null : { uri: span.document, ...start } };
    }),
    totals,
    memory: [...memory],
  };
}
