// `npm run fuzz:python`: random programs around things that can't be known, read by the evaluator and run by CPython under many
// values of the unknown. Whatever the evaluator says that a name holds must hold in every run; a program that shows otherwise is
// made small and printed, and kept with --keep. With --calls the programs call what Python brings along, each function by itself.
//
//   npm run fuzz:python [-- --programs 20000 --from 0 --seed 1 --only 4711 --runs 12 --most 10 --seconds 400 --keep --calls --shrink 15]     Python: $MORPHNET_PYTHON, else python3
//
// Exit status: 0 no false claim, 1 a false claim.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPythonParser } from '../server/src/frontends/python/syntax/python-parser.ts';
import { root } from './bundles.ts';
import { judge, runInPython, shrunk } from './soundness/compare.ts';
import { randomCalls } from './soundness/library-calls.ts';
import { programText, randomProgram } from './soundness/programs.ts';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    runs: { type: 'string', default: '12' },
    most: { type: 'string', default: '10' },
    seconds: { type: 'string', default: 'Infinity' },
    keep: { type: 'boolean', default: false },
    calls: { type: 'boolean', default: false },
    shrink: { type: 'string', default: '15' },
  },
});
const [seed, runs, most] = [Number(values.seed), Number(values.runs), Number(values.most)];
const python = process.env['MORPHNET_PYTHON'] ?? 'python3';
const require = createRequire(import.meta.url);
const bytes = (file: string): Uint8Array => readFileSync(require.resolve(file));
const parser = await createPythonParser(
  bytes('web-tree-sitter/web-tree-sitter.wasm'),
  bytes('tree-sitter-python/tree-sitter-python.wasm'),
);
const batch = 100;
/** No further programs are begun after so many milliseconds. */
const mostTime = 1000 * Number(values.seconds);
/** Milliseconds for making a program small. */
const mostShrinking = 1000 * Number(values.shrink);
const begin = performance.now();
const numbers =
  values.only === undefined
    ? Array.from({ length: Number(values.programs) }, (_, i) => Number(values.from) + i)
    : [Number(values.only)];
let [looked, ended, known, knowable] = [0, 0, 0, 0];
const found: { readonly number: number; readonly kind: string }[] = [];
for (let at = 0; at < numbers.length && found.length < most && performance.now() - begin < mostTime; at += batch) {
  const some = numbers.slice(at, at + batch);
  const programs = some.map((number) => (values.calls ? randomCalls : randomProgram)(seed, number));
  const truths = runInPython(python, programs.map(programText), runs, seed);
  for (const [i, pieces] of programs.entries()) {
    if (found.length >= most) break;
    looked++;
    const verdict = judge(parser, programText(pieces), truths[i] ?? []);
    if (verdict.ended > 0) ended++;
    known += verdict.known;
    knowable += verdict.knowable;
    if (verdict.wrong.length === 0) continue;
    const end = performance.now() + mostShrinking;
    const small = shrunk(pieces, (candidates) => {
      // The smallest are the likeliest to be of use.
      for (let [from, size] = [0, 8]; from < candidates.length && performance.now() < end; from += size, size *= 2) {
        const part = candidates.slice(from, from + size);
        const answers = runInPython(python, part.map(programText), runs, seed);
        const place = part.findIndex((each, j) => judge(parser, programText(each), answers[j] ?? []).wrong.length > 0);
        if (place >= 0) return from + place;
      }
      return -1;
    });
    const text = programText(small);
    const [answer = []] = runInPython(python, [text], runs, seed);
    const [first] = judge(parser, text, answer).wrong;
    found.push({ number: some[i] ?? 0, kind: first?.why ?? '' });
    console.log(`--- program ${String(some[i])}: ${first?.about ?? ''}: ${first?.why ?? ''}`);
    console.log(text.split('\n').slice(3).join('\n'));
    if (values.keep) {
      const folder = join(root, 'test/fixtures/soundness');
      mkdirSync(folder, { recursive: true });
      const truth = answer.filter((run) => run !== null).map((run) => `#~ ${JSON.stringify(run)}\n`);
      writeFileSync(join(folder, `seed${String(seed)}-${String(some[i])}.py`), [...new Set(truth)].join('') + text);
    }
  }
}
const share = knowable === 0 ? 0 : (100 * known) / knowable;
const seconds = (performance.now() - begin) / 1000;
console.log(
  `${String(looked)} programs in ${seconds.toFixed(0)} s, ${String(ended)} that end; ${String(found.length)}${found.length >= most ? ' or more' : ''} with false claims; ` +
    `${share.toFixed(1)} % of the ${String(knowable)} values that every run agrees on are known`,
);
process.exitCode = found.length === 0 ? 0 : 1;
