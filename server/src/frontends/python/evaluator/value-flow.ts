// Which calls ran, and through which expressions a number came to where it is used: what is needed to give it a name of its
// own there. Kept only when it is asked for; a plain evaluation has none.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { TracedCall } from '../../shared/frontend.ts';
import type { FunctionValue, NumberFlow, PyValue } from './machine.ts';

export class ValueFlow implements NumberFlow {
  readonly #calls: TracedCall[] = [];
  readonly #running: number[] = [];
  readonly #callOf = new Map<WidthOrigin, number>();

  get calls(): readonly TracedCall[] {
    return this.#calls;
  }

  /** The call that each passing happened in, by the trail's node. */
  get callOf(): ReadonlyMap<WidthOrigin, number> {
    return this.#callOf;
  }

  enter(site: SourceSpan, { name, body }: FunctionValue): void {
    const id = this.#calls.length;
    this.#calls.push({ id, parent: this.#running.at(-1), site, name, body: body.span });
    this.#running.push(id);
  }

  leave(): void {
    this.#running.pop();
  }

  /** The same number, which remembers that the expression at `span` gave it. */
  passed(value: PyValue, span: SourceSpan): PyValue {
    const call = this.#running.at(-1);
    if (value.kind !== 'int' || call === undefined) return value;
    const before: WidthOrigin = value.origin ?? {
      kind: 'untraced',
      value: value.value,
      reason: 'a number without a trail',
    };
    const origin: WidthOrigin = { kind: 'computed', value: value.value, operator: 'int', operands: [before], span };
    this.#callOf.set(origin, call);
    return { ...value, origin };
  }
}
