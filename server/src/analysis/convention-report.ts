// A model counted as one of the public counters counts, with a sentence on what makes the difference.

import { formatAmount } from '../common/number-format.ts';
import type { Count } from '../common/count.ts';
import { countAs, namedConventions, unitOfConvention, type NamedConvention } from '../costs/named-convention.ts';
import type { NetworkGraph } from '../network/network-graph.ts';

export { namedConventions, unitOfConvention, type NamedConvention };

export interface ConventionCosts {
  readonly convention: NamedConvention;
  readonly unit: 'MACs' | 'FLOPs';
  /** By op id. */
  readonly ops: readonly Count[];
  readonly total: Count;
  /** `fvcore counts 4.11 GFLOPs: batch-norm adds 22.2 M`; empty where nothing differs from MACs but a factor. */
  readonly difference: string;
}

const mostParts = 3;

/** Counts a network in a convention. */
export function conventionCosts(graph: NetworkGraph, convention: NamedConvention): ConventionCosts {
  const { ops, total, differences } = countAs(graph, convention);
  const unit = unitOfConvention(convention);
  return { convention, unit, ops, total, difference: differenceText() };

  function differenceText(): string {
    const isFactor = convention === 'flops' || convention === 'torch';
    if (isFactor || differences.length === 0 || total.kind === 'unknown') return '';
    const parts = differences
      .slice(0, mostParts)
      .map(({ kind, amount }) => `${kind} ${amount > 0 ? 'adds' : 'lacks'} ${formatAmount(Math.abs(amount))}`);
    const more = differences.length > mostParts ? ', and others' : '';
    return `${convention} counts ${formatAmount(total.value, unit)}: ${parts.join(', ')}${more}`;
  }
}
