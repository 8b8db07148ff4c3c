// The frameworks whose models are read in Python files.

import type { Framework } from '../../../network/network-graph.ts';
import type { PassiveWords } from '../syntax/late-definitions.ts';
import { kerasLibrary } from './keras/keras-library.ts';
import type { PythonLibrary } from './python-library.ts';
import { torchLibrary } from './torch/torch-library.ts';

/** Tensors that are nobody's are the first one's. */
export const pythonLibraries: readonly PythonLibrary[] = [torchLibrary, kerasLibrary];

/** What each library says, by every framework whose models it reads. */
export function byFramework<T>(say: (library: PythonLibrary) => T): Partial<Record<Framework, T>> {
  return Object.fromEntries(
    pythonLibraries.flatMap((library) =>
      [library.framework, ...(library.kin ?? [])].map((framework) => [framework, say(library)]),
    ),
  );
}

/** The words of all of them that take no note of a definition. */
export const passiveWords: PassiveWords = {
  isBase: (words) => pythonLibraries.some(({ passive }) => passive?.isBase(words)),
  isDecorator: (words) => pythonLibraries.some(({ passive }) => passive?.isDecorator(words)),
};
