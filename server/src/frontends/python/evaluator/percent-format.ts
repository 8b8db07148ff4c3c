// `'%d of %s' % values`: the older of Python's two ways to put values into a text.

import type { SourceSpan } from '../../../common/source-span.ts';
import { mostDigits } from './text.ts';
import { string } from './values.ts';
import type { Machine, PyValue } from './machine.ts';
import { numberOf } from './numbers.ts';

/** The template with its places filled in order; places without a value stay as they are. */
export function formatPercent(machine: Machine, template: string, value: PyValue, span: SourceSpan): PyValue {
  const values = value.kind === 'tuple' ? value.items : [value];
  let next = 0;
  const text = template.replace(
    /%(?:([-0-9.]*)([sdrfgi])|%)/g,
    (whole, width: string | undefined, type: string | undefined) => {
      if (type === undefined) return '%';
      const item = values[next++];
      if (item === undefined) return whole;
      const number = numberOf(item);
      if (type === 'f' && number !== undefined) {
        const digits = Number(/\.(\d+)/.exec(width ?? '')?.[1] ?? 6);
        return number.toFixed(Math.min(digits, mostDigits));
      }
      const size = Number(/^(\d+)/.exec(width ?? '')?.[1] ?? 0);
      machine.holdText(size, span);
      return machine.text(item, span).padStart(size, width?.startsWith('0') === true ? '0' : ' ');
    },
  );
  return string(text);
}
