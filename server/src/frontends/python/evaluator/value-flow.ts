// Which calls ran, and through which expressions a number came to where it is used: what is needed to give it a name of its
// own there. Kept only when it is asked for; a plain evaluation has none.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { NumberPassing, TracedCall } from '../../shared/traced-calls.ts';
import type { FunctionValue, NumberFlow, PyValue } from './machine.ts';

interface RunningCall {
  readonly id: number;
  /** The rounds of the loops that it is in, outermost first. */
  readonly rounds: number[];
}

export class ValueFlow implements NumberFlow {
  readonly #calls: TracedCall[] = [];
  readonly #running: RunningCall[] = [];
  /** Where lambdas were made: what runs in one is text of the function around it. */
  readonly #lambdas = new WeakMap<FunctionValue, RunningCall>();
  readonly #passings = new Map<WidthOrigin, NumberPassing>();

  get calls(): readonly TracedCall[] {
    return this.#calls;
  }

  get passings(): ReadonlyMap<WidthOrigin, NumberPassing> {
    return this.#passings;
  }

  enter(site: SourceSpan, callee: FunctionValue): void {
    const around = this.#lambdas.get(callee);
    if (around !== undefined) {
      this.#running.push({ id: around.id, rounds: [...around.rounds] });
      return;
    }
    const { name, body } = callee;
    const id = this.#calls.length;
    const parent = this.#running.at(-1);
    this.#calls.push({ id, parent: parent?.id, rounds: [...(parent?.rounds ?? [])], site, name, body: body.span });
    this.#running.push({ id, rounds: [] });
  }

  leave(): void {
    this.#running.pop();
  }

  made(lambda: FunctionValue): void {
    const around = this.#running.at(-1);
    if (around !== undefined) this.#lambdas.set(lambda, { id: around.id, rounds: [...around.rounds] });
  }

  loop(): { at(round: number): void; end(): void } {
    const rounds = this.#running.at(-1)?.rounds ?? [];
    const depth = rounds.length;
    return {
      at(round) {
        rounds.length = depth;
        rounds.push(round);
      },
      end() {
        rounds.length = depth;
      },
    };
  }

  /** The same number, which remembers that the expression at `span` gave it. */
  passed(value: PyValue, span: SourceSpan): PyValue {
    const call = this.#running.at(-1);
    if (value.kind !== 'int' || call === undefined) return value;
    const reason = 'a number without a trail';
    const before: WidthOrigin = value.origin ?? { kind: 'untraced', value: value.value, reason };
    const origin: WidthOrigin = { kind: 'computed', value: value.value, operator: 'int', operands: [before], span };
    this.#passings.set(origin, { call: call.id, rounds: [...call.rounds] });
    return { ...value, origin };
  }
}
