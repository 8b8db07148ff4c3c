// Above a model: what it costs in all, and the commands that start from it.

import { neverCancelled, type Cancellation } from '../common/cancellation.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { Budgets } from '../costs/budget.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { checkBudgets } from './budget-report.ts';
import type { CommittedModels } from './committed-models.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { conventionMark, inputText, latencyText, operationsText, paramsText } from './cost-text.ts';
import { chooseDevice, deviceText } from './latency-device.ts';

export interface CodeLens {
  /** Offsets of the model's name or section. */
  readonly start: number;
  readonly end: number;
  readonly title: string;
  /** `totals` only shows. */
  readonly action: 'totals' | 'run-morphnet' | 'show-costs' | 'open-dashboard' | 'set-input' | 'set-arguments';
  /** The entry; of a model that no entry can be made of, its name. */
  readonly entry: string;
  /** The arguments that such a model needs. */
  readonly needs?: readonly string[];
}

/**
 * The lenses of a document's own models. Where several entries are made of one class or function each that is another
 * network shows its totals, and the commands are the best entry's.
 */
export function codeLenses(
  session: AnalysisSession,
  document: string,
  settings: AnalysisSettings,
  cancellation: Cancellation = neverCancelled,
  budgets?: Budgets,
  committed?: CommittedModels,
): readonly CodeLens[] {
  const taken = new Map<number, AnalyzedModel[]>();
  const { models } = session.analyze(document, cancellation);
  const lenses = models.flatMap((model): readonly CodeLens[] => {
    const span = model.place(model.entry.span);
    if (span?.document !== document) return [];
    const place = { start: span.start, end: span.end, entry: model.entry.name };
    const above = taken.get(span.start);
    // `Net()` says nothing new beside `Net(depth=2)` where that is the default.
    if (above?.some((other) => isSameNetwork(other.graph, model.graph)) === true) return [];
    const totals: CodeLens = {
      ...place,
      title: [
        totalsText(session, model, settings),
        committed?.changeOf(session, model, settings) ?? '',
        leftText(session, model, settings, budgets),
      ].join(''),
      action: 'totals',
    };
    taken.set(span.start, [...(above ?? []), model]);
    if (above !== undefined) return [totals];
    return [
      { ...place, title: 'Run MorphNet', action: 'run-morphnet' },
      { ...place, title: 'Costs', action: 'show-costs' },
      { ...place, title: 'Dashboard', action: 'open-dashboard' },
      totals,
      ...(model.entry.input.from === 'default'
        ? [{ ...place, title: 'Set Input…', action: 'set-input' } as const]
        : []),
    ];
  });
  return [...lenses, ...unmadeLenses(session, document)];
}

/** `UNet needs n_channels, n_classes · Set arguments…` above a class that nothing makes. */
function unmadeLenses(session: AnalysisSession, document: string): readonly CodeLens[] {
  return session.unmadeModels(document).map(({ name, span: { start, end }, needs }) => {
    const shown =
      needs.length <= 4 ? needs.join(', ') : `${needs.slice(0, 3).join(', ')} and ${String(needs.length - 3)} more`;
    return {
      start,
      end,
      title: `${name} needs ${shown} · Set arguments…`,
      action: 'set-arguments',
      entry: name,
      needs,
    };
  });
}

/** Whether two entries come to the same operations with the same settings. */
function isSameNetwork(left: NetworkGraph, right: NetworkGraph): boolean {
  if (left.ops.length !== right.ops.length) return false;
  const settingsOf = ({ name, attributes, inputs }: Op): string => JSON.stringify([name, attributes, inputs]);
  return left.ops.every((op, index) => {
    const other = right.ops[index];
    return other !== undefined && settingsOf(op) === settingsOf(other);
  });
}

/** ` · budget: 12 % of macs left`: the scarcest of the model's budgets. */
function leftText(
  session: AnalysisSession,
  model: AnalyzedModel,
  settings: AnalysisSettings,
  budgets: Budgets | undefined,
): string {
  const [scarcest] =
    budgets === undefined ? [] : checkBudgets(session, model, settings, budgets).toSorted((a, b) => a.left - b.left);
  return scarcest === undefined ? '' : ` · budget: ${scarcest.text}`;
}

/** `resnet20() · 40.8 MMACs · 272 k params · 0.10 ms on V100 · input 3×32×32 (assumed)`. */
export function totalsText(session: AnalysisSession, model: AnalyzedModel, settings: AnalysisSettings): string {
  const { total } = session.costs(model.graph, settings);
  const chosen = chooseDevice(settings);
  const [lost] = model.graph.unknowns;
  const isNothing = [total.params, total.macs].every((count) => count.kind === 'unknown' || count.value === 0);
  if (isNothing && lost !== undefined)
    return [...(model.entry.name === '' ? [] : [model.entry.name]), `can't be read: ${lost.reason}`].join(' · ');
  return [
    ...(model.entry.name === '' ? [] : [model.entry.name]),
    `${operationsText(total, settings.convention)}${conventionMark(settings.convention)}`,
    `${paramsText(total)} params`,
    `${latencyText(total)} on ${deviceText(chosen)}`,
    `input ${inputText(model.entry)}`,
    ...(model.stale ? ['stale: the source has an error'] : []),
  ].join(' · ');
}
