// What is asked of a format's language when a training script is to get the lines that learn widths: where the script has its
// loop, and the text that goes in.

import type { TextEdit } from './named-numbers.ts';

export interface TrainingLinesRequest {
  /** The training script. */
  readonly document: string;
  /** The structure's file as the script names it. */
  readonly structure: string;
}

export interface TrainingLines {
  /** In the order of the text; each puts something in and takes nothing away. */
  readonly edits: readonly TextEdit[];
  /** What is trained, as the script calls it: `model`, `self.net`. */
  readonly model: string;
}
