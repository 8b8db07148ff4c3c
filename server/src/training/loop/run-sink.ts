// Where a training puts what it finds and takes up what it left: the loop's view of a run's folder. Composed in main/.

import type { Result } from '../../common/problem.ts';
import type { RunEvent } from '../../protocol/run-events.ts';
import type { RunStructure } from '../../protocol/run-files.ts';
import type { StructureDocument } from '../../structure/structure-document.ts';
import type { WidthProposal } from '../../structure/width-proposal.ts';
import type { TensorState } from '../engines/engine.ts';

type WithoutStamp<E> = E extends unknown ? Omit<E, 'version' | 'time'> : never;

/** An event before it gets its time. */
export type NewEvent = WithoutStamp<RunEvent>;

export interface SavedState {
  readonly step: number;
  readonly tensors: TensorState;
  /** Everything beside tensors, as texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RunSink {
  event(event: NewEvent): void;
  structure(structure: RunStructure): void;
  proposal(proposal: WidthProposal): void;
  /** The exporter's counts by layer, and the structure in full: which channels of each group are alive, and why. */
  learnedStructure(step: number, counts: ReadonlyMap<string, number>, structure: StructureDocument): void;
  /** What decides which channels are alive, by layer, one entry a channel: |γ|, group norms or gates. */
  regularizationVectors(step: number, vectors: ReadonlyMap<string, Float32Array>): void;
  /** Gives the checkpoint's name inside the run. */
  save(state: SavedState): string;
  /** The latest state; undefined at a run's beginning. `damaged` says which checkpoints were passed over. */
  load(): Result<(SavedState & { readonly damaged: readonly string[] }) | undefined>;
}
