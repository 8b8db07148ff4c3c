// `morphnet expand`: scales all widths that a run proposes by one factor, the largest that a budget allows. The answer is kept
// in the run's folder, from where it can be retrained and applied.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatAmount } from '../common/number-format.ts';
import type { ExpansionRequest } from '../protocol/expansion-request.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { targetResources } from '../protocol/run-config.ts';
import type { ExpandedProposal } from '../protocol/run-files.ts';
import { resourceUnits } from '../protocol/sweep-file.ts';
import { applyCommand } from './apply-command.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { proposalTable } from './run-command.ts';
import type { Terminal } from './terminal.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import type { TrainingService } from '../experiments/run-service.ts';

/** A budget is a share of the seed's cost in one of the resources. */
export type BudgetOptions = Partial<Record<RunConfig['target']['resource'], string>>;

export interface ExpandOptions extends BudgetOptions {
  readonly multipleOf?: string;
  readonly json?: boolean;
  readonly diff?: boolean;
  readonly write?: boolean;
}

export async function expandCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  networks: RunNetworkService,
  argument: string,
  options: ExpandOptions,
): Promise<void> {
  const folder = resolve(terminal.folder, argument);
  if (!existsSync(folder)) throw wrongArguments(`There is no run folder ${shownPath(folder, terminal.folder)}.`);
  const run = await training.read(folder);
  if (!run.ok) throw workFailed(run.error);
  const { resource, share } = budgetOf(options, run.value.config.target.resource);
  const multipleOf = multipleOption(options.multipleOf, run.value.config);
  const expanded = await networks.expand(folder, { resource, budget: { share }, multipleOf });
  if (!expanded.ok) throw workFailed(expanded.error);
  if (options.json === true) terminal.write(`${JSON.stringify(expanded.value, undefined, 2)}\n`);
  else if (options.diff !== true && options.write !== true)
    terminal.write(`${expansionLines(expanded.value, shownPath(folder, terminal.folder)).join('\n')}\n`);
  if (options.diff === true || options.write === true) {
    const write = options.write === true;
    // The diff goes where the table would; both together in one stream would be neither.
    const applied = options.json === true ? { ...terminal, write: terminal.note } : terminal;
    await applyCommand(applied, openSession, training, argument, { write, expanded: true });
  }
}

/** The one budget of the options; without any, the whole cost of the seed. */
export function budgetOf(
  options: BudgetOptions,
  otherwise: RunConfig['target']['resource'],
): { readonly resource: ExpansionRequest['resource']; readonly share: number } {
  const given = targetResources.filter((resource) => options[resource] !== undefined);
  if (given.length > 1)
    throw wrongArguments(`Give one budget, not ${given.map((resource) => `--${resource}`).join(' and ')}.`);
  const [resource = otherwise] = given;
  const text = options[resource] ?? '1';
  const share = text.trim() === '' ? NaN : Number(text);
  if (!(share > 0 && Number.isFinite(share)))
    throw wrongArguments(`--${resource} ${text} must be a number above 0: 1 is the seed’s cost.`);
  return { resource, share };
}

/** What widths are multiples of: the option, or the run's own setting. */
export function multipleOption(text: string | undefined, config: Pick<RunConfig, 'multipleOf'>): number {
  if (text === undefined) return config.multipleOf ?? 1;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw wrongArguments(`--multiple-of ${text} must be a whole number of at least 1, such as 8.`);
  return Number(text);
}

function expansionLines(proposal: ExpandedProposal, folder: string): readonly string[] {
  const { resource, factor, cost, seedCost, budget, multipleOf } = proposal.expansion;
  const unit = resourceUnits[resource];
  const rounding = multipleOf === 1 ? '' : `, in multiples of ${String(multipleOf)}`;
  return [
    `All proposed widths × ${factor.toFixed(4)}${rounding}: ${formatAmount(cost, unit)}, ${((100 * cost) / seedCost).toFixed(1)} % of the seed’s; the budget is ${formatAmount(budget, unit)}.`,
    '',
    ...proposalTable(proposal),
    '',
    `Train it:      morphnet retrain ${folder} --expanded`,
    `Show the edit: morphnet apply ${folder} --expanded`,
    `Write it:      morphnet apply ${folder} --expanded --write`,
  ];
}
