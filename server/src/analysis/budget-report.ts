// A model against its budgets: one sentence each, with the layers that take most.

import { knownValue, type Count } from '../common/count.ts';
import { formatAmount, formatMilliseconds } from '../common/number-format.ts';
import { parseAmount, verdictOf, type BudgetLine, type Budgets } from '../costs/budget.ts';
import type { Cost, CostReport } from '../costs/cost-report.ts';
import { inferenceMemory } from '../costs/memory.ts';
import type { Op } from '../network/op.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';

export type { Budgets };

export interface BudgetFinding {
  readonly verdict: 'kept' | 'broken' | 'unknown';
  /** `params: 11.7 M of 5 M, 134 % over`. */
  readonly text: string;
  /** What remains, as a share of the limit; negative where it is broken. */
  readonly left: number;
  /** The ops that take most of it, the largest first. */
  readonly largest: readonly { readonly op: Op; readonly share: number }[];
}

const mostContributors = 3;

/** Every budget with its verdict; a device that is not known is a broken budget that says so. */
export function checkBudgets(
  session: AnalysisSession,
  model: AnalyzedModel,
  settings: AnalysisSettings,
  budgets: Budgets,
): readonly BudgetFinding[] {
  const report = session.costs(model.graph, settings);
  const plain = (['params', 'macs', 'activations'] as const).flatMap((name): BudgetFinding[] => {
    const limit = budgets[name] === undefined ? undefined : parseAmount(budgets[name]);
    if (limit === undefined) return [];
    const line: BudgetLine = { name, unit: name === 'macs' ? 'MACs' : '', limit, value: report.total[name] };
    return [
      findingOf(
        line,
        contributors(model, report, (cost) => cost[name]),
      ),
    ];
  });
  const memory = budgets.peakMemory === undefined ? undefined : parseAmount(budgets.peakMemory);
  const peak: BudgetFinding[] =
    memory === undefined
      ? []
      : [
          findingOf(
            {
              name: 'peak memory of activations',
              unit: 'B',
              limit: memory,
              value: inferenceMemory(model.graph, 1).peak,
            },
            [],
          ),
        ];
  const latencies = Object.entries(budgets.latencyMs ?? {}).map(([device, limit]): BudgetFinding => {
    const known = session.deviceNamed(device, settings);
    if (!known.ok) return { verdict: 'broken', text: `latency: ${known.error}`, left: 0, largest: [] };
    const on = session.costs(model.graph, { ...settings, device, batch: 0 });
    const line: BudgetLine = { name: `latency on ${known.value.name}`, unit: 'ms', limit, value: on.total.latencyMs };
    return findingOf(
      line,
      contributors(model, on, (cost) => cost.latencyMs),
    );
  });
  return [...plain, ...peak, ...latencies];
}

function contributors(
  { graph }: AnalyzedModel,
  { ops }: CostReport,
  amount: (cost: Cost) => Count,
): BudgetFinding['largest'] {
  const amounts = graph.ops.map((op) => {
    const cost = ops[op.id];
    return { op, value: cost === undefined ? 0 : (knownValue(amount(cost)) ?? 0) };
  });
  const total = amounts.reduce((sum, { value }) => sum + value, 0);
  return amounts
    .sort((left, right) => right.value - left.value)
    .slice(0, mostContributors)
    .filter(({ value }) => value > 0)
    .map(({ op, value }) => ({ op, share: value / total }));
}

function findingOf(line: BudgetLine, largest: BudgetFinding['largest']): BudgetFinding {
  const { name, unit, limit, value } = line;
  const verdict = verdictOf(line);
  const format = (amount: number): string => (unit === 'ms' ? formatMilliseconds(amount) : formatAmount(amount, unit));
  const known = knownValue(value);
  const amount = known === undefined ? '?' : `${value.kind === 'exact' ? '' : '≥ '}${format(known)}`;
  const left = known === undefined ? 0 : 1 - known / limit;
  const percent = `${(100 * Math.abs(left)).toFixed(Math.abs(left) < 0.1 ? 1 : 0)} %`;
  const words = { kept: `${percent} left`, broken: `${percent} over`, unknown: 'not everything is known' }[verdict];
  return { verdict, text: `${name}: ${amount} of ${format(limit)}, ${words}`, left, largest };
}
