// The time of each op on a device with rates, as a polynomial in widths: a layer's work is a product of its two widths, or
// follows one of them; what has one width follows what it reads and gives. At full width it is just what costs/latency says, and
// at others too but where the kind of work changes with them: groups that shrink to one channel each.

import type { Rates } from '../costs/latency/fit-rates.ts';
import type { Term } from '../costs/latency/terms.ts';
import type { Work } from '../costs/latency/work.ts';
import type { Op } from '../network/op.ts';
import { layerOf, noTerms, type LinearTerm, type ProductTerm, type TermContext, type Terms } from './resource-terms.ts';

/** Nanoseconds; undefined when a size is unknown. */
export function latencyTerms(
  context: TermContext,
  op: Op,
  work: readonly Work[] | undefined,
  rates: Rates,
): Terms | undefined {
  if (work === undefined) return undefined;
  const layer = layerOf(context, op);
  const { forms } = context;
  const timed = work.flatMap(({ term, amount }) => {
    const coefficient = 1e6 * amount * (rates[term] ?? 0);
    return coefficient === 0 ? [] : [{ term, coefficient }];
  });
  if (layer === undefined) return passingTerms(context, op, timed);
  const { input, output } = layer;
  const [inputs, outputs] = [forms.width(input), forms.width(output)];
  const linear: LinearTerm[] = [];
  const products: ProductTerm[] = [];
  for (const { term, coefficient } of timed) {
    switch (behaviorOf(term)) {
      case 'both':
        if (layer.isDepthwise) linear.push({ coefficient: coefficient / outputs, form: output });
        else products.push({ coefficient: coefficient / inputs / outputs, left: input, right: output });
        break;
      case 'input':
        linear.push({ coefficient: coefficient / inputs, form: input });
        break;
      case 'output':
        linear.push({ coefficient: coefficient / outputs, form: output });
        break;
      case 'starts':
        linear.push({ coefficient, form: forms.constant(1) });
        break;
    }
  }
  return { ...noTerms, linear, products };
}

interface TimedTerm {
  readonly term: Term;
  readonly coefficient: number;
}

/** The terms of an op that is no layer: bytes by what is read and given, work by what is given, or read where that is reduced. */
function passingTerms({ forms }: TermContext, op: Op, timed: readonly TimedTerm[]): Terms | undefined {
  const linear: LinearTerm[] = [];
  const reads = op.attributes.kind === 'reduce' || op.attributes.kind === 'adaptive-pool';
  for (const { term, coefficient } of timed) {
    if (behaviorOf(term) === 'starts') {
      linear.push({ coefficient, form: forms.constant(1) });
      continue;
    }
    const values = term.endsWith('bytes') ? [...op.inputs, ...op.outputs] : reads ? op.inputs : op.outputs;
    const sized = values.map((value) => forms.elements(value));
    const total = sized.reduce((sum, each) => sum + (each ? each.perChannel * forms.width(each.form) : 0), 0);
    for (const each of sized) {
      if (each === undefined || total === 0) return undefined;
      linear.push({ coefficient: (coefficient * each.perChannel) / total, form: each.form });
    }
  }
  return { ...noTerms, linear };
}

/** Which of a layer's widths a term's amount is proportional to. */
function behaviorOf(term: Term): 'both' | 'input' | 'output' | 'starts' {
  if (term.endsWith('started')) return 'starts';
  // Multiply-adds over the channels of one end follow the other end alone.
  if (term.endsWith('over input channels')) return 'output';
  if (term.endsWith('over output channels')) return 'input';
  switch (term) {
    case 'convolution input bytes':
    case 'dense input bytes':
    case 'copied bytes':
    case 'cast bytes':
      return 'input';
    case 'convolution output bytes':
    case 'dense output bytes':
      return 'output';
    default:
      return 'both';
  }
}
