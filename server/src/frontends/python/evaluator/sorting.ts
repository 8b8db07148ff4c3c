// `sorted`, `list.sort`, `min` and `max`, with `key` and `reverse`.

import type { SourceSpan } from '../../../common/source-span.ts';
import { sortOrder } from './operators.ts';
import { plainOf, unknown } from './values.ts';
import type { Machine, Arguments, PyValue, UnknownValue } from './machine.ts';

/** Stable order by Python's rules; unknown when any key is. */
export function sortValues(
  machine: Machine,
  items: readonly PyValue[],
  args: Arguments,
  span: SourceSpan,
): readonly PyValue[] | UnknownValue {
  // As many comparisons as a sort takes.
  machine.tick(span, Math.ceil((items.length * Math.log2(items.length + 1)) / 4));
  const key = args.keywords.get('key');
  const reverse = args.keywords.get('reverse');
  const pairs = items.map((item) => ({
    item,
    key: key && key.kind !== 'none' ? machine.callWith(key, span, item) : item,
  }));
  const lost = pairs.find((pair) => pair.key.kind === 'unknown' || pair.key.kind === 'tensor');
  if (lost) return unknown('These can not be put in order, as one of them is not known', span);
  // Their `__lt__` may say anything, and do anything.
  if (pairs.length > 1 && pairs.some((pair) => plainOf(pair.key).kind === 'instance'))
    return unknown('How objects with an order of their own are sorted is not followed', span);
  const sign = reverse && machine.truth(reverse, span) === true ? -1 : 1;
  return pairs
    .toSorted((a, b) => {
      const order = sortOrder(machine, a.key, b.key, span);
      return order === undefined ? machine.raise('TypeError', 'these values have no order', span) : sign * order;
    })
    .map((pair) => pair.item);
}
