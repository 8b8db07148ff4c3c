// Writing a network out as a source file of its own: what each framework's slim files are written by.

import type { Result } from '../../common/problem.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { Op } from '../../network/op.ts';

export interface ModuleToWrite {
  readonly graph: NetworkGraph;
  /** What the file defines: see `ModuleWriter.nameOf`. */
  readonly name: string;
  /** Lines of the file's docstring; the first is its summary. */
  readonly description: readonly string[];
  /** The text that an op comes from. */
  readonly sourceOf: (op: Op) => string;
}

export interface WrittenText {
  readonly text: string;
  /** What the model in the file calls each of the network's parameters; undefined where weights can't be put into it by name. */
  readonly tensors?: ReadonlyMap<string, string>;
}

export interface ModuleWriter {
  /** Whose initial values the layers of a written file begin with, in its description. */
  readonly frameworkWord: string;
  /** A name for the slim model of an entry; `name()` is its entry in the file. */
  nameOf(entry: string): string;
  /** Whether a layer of the file may be the network's of this name: most have the same, some one that the language allows. */
  isNamedAfter(written: string, name: string): boolean;
  /** The file; or which operation can't be written, and why. */
  write(module: ModuleToWrite): Result<WrittenText>;
}
