// Where tensors of the network get names in the source. Each note points to the one before it, so that what happened on a way
// that is not taken is forgotten by going back to an earlier note.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { DataFlow } from '../../shared/frontend.ts';
import type { Shape } from '../../../network/shape.ts';
import type { PyValue, TensorValue } from '../evaluator/machine.ts';

/** A network with more of them shows none: a part of them would be taken for all. */
const mostFlows = 20_000;

interface Note {
  readonly flow: DataFlow;
  readonly before: Note | undefined;
  readonly count: number;
}

export class DataFlows {
  #last: Note | undefined;

  /** Notes a statement's value where it is a tensor of the network, or a sequence of such. `within` names the layer. */
  note(value: PyValue, span: SourceSpan, within: string): void {
    const shapes = shapesOf(value);
    const count = (this.#last?.count ?? 0) + 1;
    if (shapes.length > 0 && count <= mostFlows + 1)
      this.#last = { flow: { span, within, shapes }, before: this.#last, count };
  }

  /** What stands now, as a function that brings it back. */
  moment(): () => void {
    const last = this.#last;
    return () => {
      this.#last = last;
    };
  }

  /** In the order in which they happened. */
  get all(): readonly DataFlow[] {
    if ((this.#last?.count ?? 0) > mostFlows) return [];
    const flows: DataFlow[] = [];
    for (let note = this.#last; note !== undefined; note = note.before) flows.push(note.flow);
    return flows.reverse();
  }
}

function shapesOf(value: PyValue): readonly Shape[] {
  if (value.kind === 'tensor') return isOfNetwork(value) ? [value.shape] : [];
  // A long sequence of numbers is not looked through at every statement.
  if ((value.kind !== 'list' && value.kind !== 'tuple') || value.items[0]?.kind !== 'tensor') return [];
  return value.items.flatMap((item) => (item.kind === 'tensor' && isOfNetwork(item) ? [item.shape] : []));
}

/** Whether a tensor is computed from the input: it is in the graph, or will be once a model that is written down is run. */
function isOfNetwork({ id, owner, parameter }: TensorValue): boolean {
  return id !== undefined || (owner !== undefined && parameter === undefined);
}
