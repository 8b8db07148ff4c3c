// How a proposal was expanded, in words.

import { formatAmount } from '../../../server/src/common/number-format.ts';
import type { ExpandedProposal } from '../../../server/src/protocol/run-files.ts';
import { resourceUnits } from '../../../server/src/protocol/sweep-file.ts';

/** `proposedAt`: the step of the run's latest proposal; one that came after the expansion makes that out of date. */
export function expansionText({ step, expansion }: ExpandedProposal, proposedAt: number | undefined): string {
  const { resource, factor, cost, seedCost, budget, multipleOf } = expansion;
  const unit = resourceUnits[resource];
  const rounding = multipleOf === 1 ? '' : `, rounded to multiples of ${multipleOf}`;
  const share = ((100 * cost) / seedCost).toFixed(1);
  const text = `All proposed widths × ${factor.toFixed(2)}${rounding}: ${formatAmount(cost, unit)}, ${share} % of the seed’s, under a budget of ${formatAmount(budget, unit)}.`;
  if (proposedAt === undefined || proposedAt === step) return text;
  return `${text} This is of the proposal at step ${step}; the latest is of step ${proposedAt}. Expand again to follow it.`;
}
