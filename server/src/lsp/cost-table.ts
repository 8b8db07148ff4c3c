// The costs of a model, layer by layer, for the table that the client shows.

import { costRows } from '../analysis/cost-table.ts';
import { inputText } from '../analysis/cost-text.ts';
import { chooseDevice } from '../analysis/latency-device.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import type { CostTable, CostTableRow } from '../protocol/cost-table.ts';
import type { Refusal } from '../protocol/lsp-extensions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import { refuse } from './refusal.ts';

export function costTable(
  { session, settings }: AnalysisContext,
  { uri, entry }: { readonly uri: string; readonly entry?: string },
  cancellation: Cancellation,
): CostTable | Refusal {
  const { models } = session.analyze(uri, cancellation);
  const model = entry === undefined ? models[0] : models.find((candidate) => candidate.entry.name === entry);
  if (model === undefined) {
    const which = entry === undefined || entry === '' ? 'no model was found' : `there is no model ${entry}`;
    return refuse(`${fileName(uri)}: ${which}. Name the one that is meant in a comment: # morphnet: entry=Model()`);
  }
  const { rows, totals } = costRows(session, model, settings);
  return {
    file: fileName(uri),
    entry: model.entry.name,
    input: inputText(model.entry),
    convention: settings.convention,
    device: chooseDevice(settings).device.name,
    isStale: model.stale,
    rows: rows.map(({ span, ...row }): CostTableRow => {
      const start = span === undefined ? undefined : positionsIn(session, span.document)?.position(span.start);
      return { ...row, place: span === undefined || start === undefined ? null : { uri: span.document, ...start } };
    }),
    totals,
  };
}
