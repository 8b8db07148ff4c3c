// What the editor starts: the thread that reads models first, then the language server, which are compiled beside each other; each
// with the code that was compiled of it before.

import { fileURLToPath } from 'node:url';
import type { StartAnalysis } from '../lsp/analysis-client.ts';
import { analysisThreadsOf } from './analysis-thread.ts';
import { runCompiled } from './code-cache.ts';

const beside = (name: string): string => fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));

const startAnalysis = analysisThreadsOf(beside('analysis-worker'));
const { exports, keepAtEnd } = runCompiled(beside('language-server'), 'language-server');
keepAtEnd();
// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it is what `language-server.ts` exports
(exports as { readonly serve: (start: StartAnalysis) => void }).serve(startAnalysis);
