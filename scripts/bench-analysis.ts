// `npm run bench:analysis`: how fast models are read, each figure beside its requirement, in one run on one machine.
// torchvision and timm come from `npm run corpus`; the comparison needs a Python with PyTorch (MORPHNET_PYTHON, or the one
// that `npm run pytorch:install` made).
//
//   npm run bench:analysis [-- --rounds 5 --edits 60 --only edits]
//
// Exit status: 0 all requirements hold, 1 one is missed, 77 the corpus or PyTorch is missing, so nothing was compared.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { serverNodeOptions } from '../client/src/server-node-options.ts';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { costJsonSchema } from '../server/src/protocol/cost-json.ts';
import { hostileModels } from '../test/support/hostile-models.ts';
import { buildLanguageServer, buildNodeBundle, root } from './bundles.ts';
import { cache, requirements, site } from './corpus/packages.ts';
import { LanguageServerProcess } from './language-server.ts';
import { longKerasJson, longModel, longProgram, longTable } from './long-model.ts';
import { findPython } from './python-with-pytorch.ts';
import { countEvaluations } from './evaluation-counts.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    edits: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
  },
});

interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly required: string;
  /** Undefined where nothing is required. */
  readonly holds?: boolean;
}

const figures: Figure[] = [];
/** As users have it. */
const asShipped = { minify: true };
const bundles = join(root, '.cache/bench-analysis');
const cli = join(bundles, 'cli.cjs');
const server = join(bundles, 'lsp.cjs');
const folder = pathToFileURL(site).toString();

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
const median = (all: readonly number[]): number =>
  quantile(
    all.toSorted((a, b) => a - b),
    0.5,
  );
const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

function report(figure: Figure): void {
  figures.push(figure);
  const mark = figure.holds === undefined ? '     ' : figure.holds ? 'holds' : 'MISS ';
  console.log(`${mark}  ${figure.what.padEnd(74)} ${figure.measured.padStart(22)}   ${figure.required}`);
}

/** Wall time of a process in ms; its output. */
function timed(program: string, words: readonly string[]): { readonly ms: number; readonly output: string } {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: existsSync(site) ? site : root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed:\n${stderr}`);
  return { ms: performance.now() - start, output: stdout };
}

/** torchvision's ResNet-50, from text to the whole table, against building and counting it in PyTorch; taken in turns. */
async function againstPyTorch(rounds: number): Promise<void> {
  const python = findPython();
  const times = {
    pytorch: [] as number[],
    cli: [] as number[],
    server: [] as number[],
    used: [] as number[],
    node: [] as number[],
  };
  const model = 'torchvision/models/resnet.py';
  const uri = `${folder}/${model}`;
  for (let round = 0; round < rounds; round++) {
    const theirs = timed(python, [join(root, 'scripts/meta_flops.py'), site, requirements]);
    const ours = timed(process.execPath, [cli, 'cost', `${model}::resnet50()`, '--input', '3x224x224', '--json']);
    const [flops, params] = theirs.output.trim().split(' ').map(Number);
    const { totals } = v.parse(costJsonSchema, JSON.parse(ours.output));
    if (totals.flops.value !== flops || totals.params.value !== params)
      throw new Error(`Not the same network: PyTorch counts ${String(flops)} FLOPs, we ${String(totals.flops.value)}`);
    times.pytorch.push(theirs.ms);
    times.cli.push(ours.ms);
    times.node.push(timed(process.execPath, ['-e', '0']).ms);
    // A server that has just started and has read nothing yet.
    await using editor = new LanguageServerProcess(server, folder);
    await editor.start();
    const text = `# morphnet: entry=resnet50() input=3x224x224\n${readFileSync(join(site, model), 'utf8')}`;
    const start = performance.now();
    await editor.open(uri, text);
    const table = await editor.hints(uri, 0, 10_000);
    times.server.push(performance.now() - start);
    if (table.length < 3) throw new Error(`The server shows ${String(table.length)} lines only`);
    // The same cold text where the user has looked at another model: what most servers are when a file is opened.
    await using used = new LanguageServerProcess(server, folder);
    await used.start();
    const other = `${folder}/torchvision/models/densenet.py`;
    const otherText = readFileSync(join(site, 'torchvision/models/densenet.py'), 'utf8');
    await used.open(other, `# morphnet: entry=densenet121() input=3x224x224\n${otherText}`);
    await used.hints(other, 0, 10_000);
    await used.quiet();
    const second = performance.now();
    await used.open(uri, text);
    await used.hints(uri, 0, 10_000);
    times.used.push(performance.now() - second);
  }
  const pytorch = median(times.pytorch);
  const ratio = (own: readonly number[]): string => `${(pytorch / median(own)).toFixed(1)} × faster`;
  report({ what: 'PyTorch: import, build ResNet-50 on meta, count', measured: ms(pytorch), required: '' });
  report({ what: 'node -e 0, for comparison', measured: ms(median(times.node)), required: '' });
  report({ what: 'morphnet cost ResNet-50, process and all', measured: ms(median(times.cli)), required: '' });
  // From text to table is what is asked for; a process also starts Node and reads our own program, which takes much of its time.
  report({ what: 'ResNet-50 in a fresh process, against PyTorch', measured: ratio(times.cli), required: '' });
  report({ what: 'ResNet-50 in a server that has read nothing yet', measured: ms(median(times.server)), required: '' });
  report({
    what: 'ResNet-50 in a server that has read nothing yet, against PyTorch',
    measured: ratio(times.server),
    required: '>= 20 ×',
    holds: pytorch / median(times.server) >= 20,
  });
  report({ what: 'ResNet-50 in a server that has read DenseNet-121', measured: ms(median(times.used)), required: '' });
  report({
    what: 'ResNet-50 in a server that has read DenseNet-121, against PyTorch',
    measured: ratio(times.used),
    required: '>= 20 ×',
    holds: pytorch / median(times.used) >= 20,
  });
}

/** Keras's ResNet-50 from `keras.applications`, from text to the lens, against importing Keras and printing the summary; in turns. */
async function againstKeras(rounds: number): Promise<void> {
  const python = findPython();
  const where = ['-c', 'import os, keras; print(os.path.dirname(os.path.dirname(keras.__file__)))'];
  const found = spawnSync(python, where, { encoding: 'utf8', env: { ...process.env, KERAS_BACKEND: 'torch' } });
  if (found.status !== 0) {
    console.log(`       ${python} cannot import keras: ResNet-50 of Keras is not compared`);
    return;
  }
  const packages = pathToFileURL(found.stdout.trim().split('\n').at(-1) ?? '').toString();
  const uri = `${packages}/keras_resnet50.py`;
  const times = { keras: [] as number[], server: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const theirs = timed(python, [join(root, 'scripts/keras_summary.py')]);
    times.keras.push(theirs.ms);
    // A server that has just started and has read nothing yet.
    await using editor = new LanguageServerProcess(server, packages);
    await editor.start();
    const start = performance.now();
    await editor.open(uri, 'import keras\n\nmodel = keras.applications.ResNet50(weights=None)\n');
    // Its layers stand in Keras's own file: what this line shows is the lens with the totals.
    const lenses = await editor.lenses(uri);
    times.server.push(performance.now() - start);
    if (lenses === 0) throw new Error('The server shows nothing of ResNet-50');
  }
  const [theirs, ours] = [median(times.keras), median(times.server)];
  report({ what: 'Keras: import, build ResNet-50, summary()', measured: ms(theirs), required: '' });
  report({ what: "Keras's ResNet-50 in a server that has read nothing yet", measured: ms(ours), required: '' });
  report({
    what: "Keras's ResNet-50 in a server that has read nothing yet, against Keras",
    measured: `${(theirs / ours).toFixed(1)} × faster`,
    required: '>= 20 ×',
    holds: theirs / ours >= 20,
  });
}

/** Edits in the middle of a file, one after another; from the change to the hints of the lines around it. */
async function editing(
  what: string,
  uri: string,
  text: string,
  edits: number,
  /** The line up to where a space goes in. */
  layer = /^(.*nn\.(?:Conv2d|Linear|BatchNorm2d)\()/,
): Promise<void> {
  await using editor = new LanguageServerProcess(server, folder);
  await editor.start();
  await editor.open(uri, text);
  const lines = text.split('\n');
  const places = lines.flatMap((line, i) => {
    const match = layer.exec(line);
    return match?.[1] === undefined ? [] : [{ line: i, character: match[1].length }];
  });
  const place = places[Math.floor(places.length / 2)];
  if (place === undefined) throw new Error(`${uri} has no layer to edit`);
  const first = Math.max(0, place.line - 20);
  if ((await editor.hints(uri, first, 60)).length === 0) throw new Error(`There are no hints in ${uri}`);
  const taken: number[] = [];
  for (let edit = 0; edit < edits; edit++) {
    // A space and its removal: the text differs each time, the network does not.
    const end = { line: place.line, character: place.character + 1 };
    const start = performance.now();
    if (edit % 2 === 0) await editor.change(uri, { start: place, end: place }, ' ');
    else await editor.change(uri, { start: place, end }, '');
    const hints = await editor.hints(uri, first, 60);
    taken.push(performance.now() - start);
    if (hints.length === 0) throw new Error('The hints are gone after an edit');
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const [middle, late] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  const title = `${what}, ${String(lines.length)} lines: edit to hints`;
  report({ what: `${title}, median`, measured: ms(middle), required: '< 30 ms', holds: middle < 30 });
  report({ what: `${title}, 95th percentile`, measured: ms(late), required: '< 60 ms', holds: late < 60 });
}

/**
 * Every file of timm is opened as a document, as an editor does it, and looked at: its hints and its lenses are asked for, for
 * which all models that it offers are evaluated. Then once more: what was put away is taken out again, and nothing is evaluated.
 */
async function memory(): Promise<void> {
  await using editor = new LanguageServerProcess(server, folder);
  await editor.start();
  const files = readdirSync(join(site, 'timm'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.py'))
    .map((file) => join(file.parentPath, file.name))
    .toSorted();
  const uris = files.map((file) => pathToFileURL(file).toString());
  const look = async (): Promise<string> => {
    let [hints, lenses] = [0, 0];
    for (const uri of uris) {
      hints += (await editor.hints(uri, 0, 10_000)).length;
      lenses += await editor.lenses(uri);
    }
    await editor.quiet();
    return `${String(hints)} hints, ${String(lenses)} lenses`;
  };
  const computed = (): number => editor.computedSeconds() ?? NaN;
  const start = performance.now();
  for (const [i, uri] of uris.entries()) await editor.open(uri, readFileSync(files[i] ?? '', 'utf8'));
  const shown = await look();
  const [first, seconds] = [computed(), (performance.now() - start) / 1000];
  const opened = `all of timm opened and looked at: ${String(files.length)} files, ${shown}`;
  report({ what: opened, measured: `${seconds.toFixed(0)} s`, required: '< 180 s', holds: seconds < 180 });
  await look();
  const again = computed() - first;
  const computing = `${again.toFixed(1)} s computed`;
  report({ what: 'looked at again, nothing changed', measured: computing, required: '' });
  const used = editor.memory();
  if (used === undefined) return;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const options = serverNodeOptions.join(' ');
  report({ what: `resident memory of the server then (node ${options})`, measured: mb(used.now), required: '' });
  report({
    what: 'the most that it ever was',
    measured: mb(used.most),
    required: '< 300 MB',
    holds: used.most < 300e6,
  });
}

async function hostile(): Promise<void> {
  await using editor = new LanguageServerProcess(server, folder);
  await editor.start();
  const times: { readonly name: string; readonly seconds: number; readonly isTold: boolean }[] = [];
  for (const [i, { name, text, code }] of hostileModels().entries()) {
    const uri = `${folder}/hostile-${String(i)}.py`;
    const before = editor.computedSeconds() ?? 0;
    const start = performance.now();
    await editor.open(uri, text);
    await editor.hints(uri);
    const found = await editor.diagnostics(uri);
    const computed = (editor.computedSeconds() ?? (performance.now() - start) / 1000) - before;
    const isTold = found.some((diagnostic) => diagnostic.code === code);
    times.push({ name, seconds: computed, isTold });
    await editor.close(uri);
  }
  for (const { name } of times.filter(({ isTold }) => !isTold))
    report({ what: `hostile: ${name}`, measured: 'not told', required: 'the limit is told', holds: false });
  const worst = times.toSorted((a, b) => b.seconds - a.seconds)[0];
  if (worst === undefined) return;
  report({
    what: `${String(times.length)} hostile files, the slowest: ${worst.name}`,
    measured: `${ms(1000 * worst.seconds)} computed`,
    required: '<= 500 ms',
    holds: worst.seconds <= 0.5,
  });
}

async function evaluations(): Promise<void> {
  const counts = countEvaluations(await createFrontends(), (options) => new AnalysisSession(options));
  for (const { what, counted, expected } of counts) {
    const measured = `${String(counted)} evaluations`;
    report({ what, measured, required: String(expected), holds: counted === expected });
  }
}

async function main(): Promise<number> {
  if (!['keras', 'formats'].includes(values.only) && (!existsSync(site) || !existsSync(requirements))) {
    console.log(`Skipped: there is no corpus in ${cache}. Run npm run corpus first.`);
    return 77;
  }
  await buildLanguageServer(bundles, asShipped);
  await buildNodeBundle('cli', cli, asShipped);
  console.log(`Machine: ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}; Node ${process.version}`);
  const wants = (part: string): boolean => values.only === '' || values.only === part;
  if (wants('pytorch')) await againstPyTorch(Number(values.rounds));
  if (wants('keras')) await againstKeras(Number(values.rounds));
  if (wants('edits')) {
    const resnet = readFileSync(join(site, 'torchvision/models/resnet.py'), 'utf8');
    await editing('a model', `${folder}/long_model.py`, longModel(1000), Number(values.edits));
    await editing("torchvision's resnet.py", `${folder}/torchvision/models/resnet.py`, resnet, Number(values.edits));
  }
  if (wants('formats')) {
    const edits = Number(values.edits);
    await editing('a table in YAML', `${folder}/long.yaml`, longTable(2000), edits, /^( {2}- \[-1, 1, Conv, \[)/);
    await editing('Keras as JSON', `${folder}/model.json`, longKerasJson(2000), edits, /^( *"filters": )/);
    await editing('TensorFlow.js', `${folder}/long.js`, longProgram(2000), edits, /^(.*tf\.layers\.conv2d\(\{)/);
  }
  if (wants('evaluations')) await evaluations();
  if (wants('memory')) await memory();
  if (wants('hostile')) await hostile();
  const missed = figures.filter(({ holds }) => holds === false).length;
  console.log(missed === 0 ? 'All requirements hold.' : `${String(missed)} requirements are missed.`);
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main();
