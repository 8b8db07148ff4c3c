// What this window trains, kept with the workspace: a reload or a closed window ends the processes at a checkpoint, and the next
// window goes on with them.

import type * as vscode from 'vscode';
import * as v from 'valibot';
import { experimentTaskSchema, type ExperimentTask } from '../../../server/src/protocol/experiment-messages.ts';

const key = 'morphnet.openTrainings';

const trainingSchema = v.variant('kind', [
  v.object({ kind: v.literal('run'), id: v.string() }),
  /** `task`: how to go on with it. */
  v.object({ kind: v.literal('experiment'), id: v.string(), task: experimentTaskSchema }),
]);

export type OpenTraining =
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'experiment'; readonly id: string; readonly task: ExperimentTask };

export class OpenTrainings {
  readonly #state: vscode.Memento;
  #isClosed = false;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  get all(): readonly OpenTraining[] {
    const kept = v.safeParse(v.array(trainingSchema), this.#state.get(key, []));
    return kept.success ? kept.output : [];
  }

  add(training: OpenTraining): void {
    this.#keep([...this.#without(training), training]);
  }

  remove(training: Pick<OpenTraining, 'kind' | 'id'>): void {
    this.#keep(this.#without(training));
  }

  /** Keeps what there is: the window closes, and what ends with it has not ended for the user. */
  close(): void {
    this.#isClosed = true;
  }

  #without({ kind, id }: Pick<OpenTraining, 'kind' | 'id'>): readonly OpenTraining[] {
    return this.all.filter((known) => known.kind !== kind || known.id !== id);
  }

  #keep(trainings: readonly OpenTraining[]): void {
    if (!this.#isClosed) void this.#state.update(key, trainings);
  }
}
