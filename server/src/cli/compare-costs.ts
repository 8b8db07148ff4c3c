// `morphnet cost --compare REV`: what a change does to the costs of every model of a file, as a table for a pull request.

import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { AnalysisSettings } from '../analysis/analysis-settings.ts';
import { chooseDevice } from '../analysis/latency-device.ts';
import { knownValue, type Count } from '../common/count.ts';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import type { Result } from '../common/problem.ts';
import { markdownTable } from './cost-formats.ts';

type Cost = ReturnType<AnalysisSession['costs']>['total'];

/** Opens a session over the files of a git revision. */
export type OpenRevision = (folders: readonly string[], revision: string) => Promise<Result<AnalysisSession>>;

/** Markdown: a line for each entry whose costs differ, or a sentence that none does. */
export function compareCosts(
  before: AnalysisSession,
  after: AnalysisSession,
  document: string,
  settings: AnalysisSettings,
  revision: string,
): string {
  const old = totals(before, document, settings);
  const now = totals(after, document, settings);
  const names = [...new Set([...now.keys(), ...old.keys()])];
  const rows = names.flatMap((name): readonly (readonly string[])[] => {
    const [was, is] = [old.get(name), now.get(name)];
    const cells = quantities.map(({ of, format }) => change(was && of(was), is && of(is), format));
    if (was !== undefined && is !== undefined && cells.every(({ differs }) => !differs)) return [];
    const news = was === undefined ? ' (new)' : is === undefined ? ' (removed)' : '';
    return [[`\`${name === '' ? 'model' : name}\`${news}`, ...cells.map(({ text }) => text)]];
  });
  if (rows.length === 0) return `No model costs anything else than at ${revision}.\n`;
  const { device } = chooseDevice(settings);
  return `${markdownTable(['Model', 'MACs', 'Params', 'Activations', `Latency on ${device.name}`], rows)}\n`;
}

const quantities: readonly { readonly of: (cost: Cost) => Count; readonly format: (value: number) => string }[] = [
  { of: ({ macs }) => macs, format: formatAmount },
  { of: ({ params }) => params, format: formatAmount },
  { of: ({ activations }) => activations, format: formatAmount },
  { of: ({ latencyMs }) => latencyMs, format: formatMilliseconds },
];

function totals(session: AnalysisSession, document: string, settings: AnalysisSettings): ReadonlyMap<string, Cost> {
  const { models } = session.analyze(document);
  return new Map(models.map(({ entry, graph }) => [entry.name, session.costs(graph, settings).total]));
}

/** `40.8 M → 35.1 M (−14.0 %)`. */
function change(
  was: Count | undefined,
  is: Count | undefined,
  format: (value: number) => string,
): { readonly text: string; readonly differs: boolean } {
  const text = (count: Count | undefined): string => {
    if (count === undefined) return '–';
    const value = knownValue(count);
    return value === undefined ? '?' : `${count.kind === 'exact' ? '' : '≥ '}${format(value)}`;
  };
  const [from, to] = [was && knownValue(was), is && knownValue(is)];
  if (was === undefined || is === undefined) return { text: text(is ?? was), differs: true };
  if (from === to) return { text: text(is), differs: false };
  // Between two lower bounds there is no knowing which way it went.
  const isExact = was.kind === 'exact' && is.kind === 'exact';
  const percent = !isExact || from === undefined || to === undefined || from === 0 ? undefined : 100 * (to / from - 1);
  const signed = percent === undefined ? '' : ` (${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %)`;
  return { text: `${text(was)} → ${text(is)}${signed}`, differs: true };
}
