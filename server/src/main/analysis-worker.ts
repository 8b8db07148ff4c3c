// What the analysis thread starts with: its program, with the code that was compiled of it before.

import { fileURLToPath } from 'node:url';
import { runCompiled } from './code-cache.ts';

/** By then a model has been read, so that what reading takes is compiled. The thread is ended from outside, without a last word. */
const keepAfterMs = 20_000;

const { keepLater } = runCompiled(fileURLToPath(new URL('./analysis.cjs', import.meta.url)), 'analysis');
keepLater(keepAfterMs);
