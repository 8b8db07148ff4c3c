// What a shell starts: the command line's program, with the code that was compiled of it before where a command only answers.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCompiled } from './code-cache.ts';

/** Commands that end as soon as they have answered; others work far longer than they take to be compiled. */
const answering: ReadonlySet<string> = new Set(['cost', 'entries', 'graph', 'set', 'apply']);

const bundle = fileURLToPath(new URL('./command-line.cjs', import.meta.url));
const command = process.argv[2] ?? '';
if (answering.has(command) && existsSync(bundle)) runCompiled(bundle, command).keepAtEnd();
else void import('./command-line.ts');
