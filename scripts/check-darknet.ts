// `npm run check:darknet -- FOLDER…`: every .cfg of checkouts of Darknet against the program that was built in them: each layer's
// shape and operations as it prints them, all operations, and the numbers in the weights file that it writes.
//
//   git clone https://github.com/pjreddie/darknet && make -C darknet && npm run check:darknet -- darknet
//
// --only PATTERN takes the files whose path matches. A file at which Darknet stops is named, with what we say of it. Status 77 where no folder holds a built Darknet.

import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { chooseDevice } from '../server/src/analysis/latency-device.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { darknetFrontend } from '../server/src/frontends/darknet/darknet-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { elementCount } from '../server/src/network/shape.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';

/** What Darknet says of one file. */
interface Truth {
  /** By layer index: width×height×channels as printed, and operations in billions where they are printed for a product. */
  readonly layers: ReadonlyMap<number, { readonly shape?: string; readonly billions?: string }>;
  readonly operations?: number;
  /** Weights, biases and running statistics. */
  readonly numbers?: number;
}

const weightsHeader = 20;
const temporary = mkdtempSync(join(tmpdir(), 'morphnet-darknet-'));
const noWeights = join(temporary, 'none.weights');
const header = Buffer.alloc(weightsHeader);
header.writeInt32LE(2, 4);
writeFileSync(noWeights, header);

function run(
  folder: string,
  args: readonly string[],
): { readonly ended: boolean; readonly text: string; readonly last: string } {
  const { status, stdout, stderr } = spawnSync(join(folder, 'darknet'), args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  return { ended: status === 0, text: `${stderr}\n${stdout}`, last: stderr.trim().split('\n').at(-1)?.trim() ?? '' };
}

/** Undefined where Darknet stops at the file. */
function truthOf(folder: string, file: string): Truth | { readonly stopped: string } {
  const { ended, text, last } = run(folder, ['ops', file]);
  if (!ended) return { stopped: last };
  const layers = new Map<number, { shape?: string; billions?: string }>();
  for (const line of text.split('\n')) {
    const index = /^\s*(\d+)\s+\S/.exec(line)?.[1];
    if (index === undefined) continue;
    const shape = /(?:->|outputs:)\s*(\d+)(?:\s*x\s*(\d+)\s*x\s*(\d+))?(?!.*->)/.exec(line);
    const billions = /\b(?:conv|dconv)\S*\s.* (\d+\.\d+) BF/.exec(line)?.[1];
    layers.set(Number(index), {
      ...(shape !== null && { shape: shape[3] === undefined ? shape[1] : shape.slice(1, 4).join('×') }),
      ...(billions !== undefined && !line.includes('X') && { billions }),
    });
  }
  // The version that prints a sum of all layers takes no notice of groups in the other one.
  const operations = text.includes('Total BFLOPS') ? undefined : /Operations: (\d+)$/m.exec(text)?.[1];
  const written = join(temporary, 'written.weights');
  rmSync(written, { force: true });
  run(folder, ['partial', file, noWeights, written, '100000']);
  return {
    layers,
    ...(operations !== undefined && { operations: Number(operations) }),
    ...(existsSync(written) && { numbers: (statSync(written).size - weightsHeader) / 4 }),
  };
}

/** What differs, a line each. */
function differences(graph: NetworkGraph, truth: Truth): readonly string[] {
  const report = reportCosts(graph, chooseDevice(defaultSettings).device);
  const found: string[] = [];
  for (const [index, { shape, billions }] of truth.layers) {
    const ops = graph.ops.filter(({ name }) => new RegExp(`^[^.]*_${String(index)}(?:\\.|$)`).test(name));
    const last = ops.at(-1);
    if (last === undefined) continue;
    const [channels, height = 1, width = 1] = graph.values[last.outputs[0] ?? 0]?.shape.slice(1) ?? [];
    const ours = [width, height, channels].map((size) => (typeof size === 'number' ? size : '?'));
    if (shape !== undefined && shape !== (shape.includes('×') ? ours.join('×') : String(product(ours))))
      found.push(`${last.name}: ${ours.join('×')}, Darknet ${shape}`);
    if (billions === undefined) continue;
    const macs = ops.reduce((sum, { id }) => sum + exact(report.ops[id]?.macs), 0);
    if (
      ((2 * macs) / 1e9).toFixed(3) !== Number(billions).toFixed(3) &&
      Math.abs((2 * macs) / 1e9 - Number(billions)) > 5e-4
    )
      found.push(`${last.name}: ${((2 * macs) / 1e9).toFixed(3)} billion operations, Darknet ${billions}`);
  }
  const macs = exact(report.total.macs);
  // Darknet leaves these kinds of layers out of its sum.
  const left = graph.ops
    .filter(({ name }) => /^(?:local|deconv\w*)_/.test(name))
    .reduce((sum, { id }) => sum + exact(report.ops[id]?.macs), 0);
  if (truth.operations !== undefined && 2 * (macs - left) !== truth.operations)
    found.push(`${String(2 * (macs - left))} operations, Darknet ${String(truth.operations)}`);
  const tensors = new Map(graph.ops.flatMap(({ parameters }) => parameters.map((each) => [each.id, each.shape])));
  const numbers = [...tensors.values()].reduce((sum, shape) => sum + (elementCount(shape) ?? Number.NaN), 0);
  if (truth.numbers !== undefined && numbers !== truth.numbers)
    found.push(`${String(numbers)} numbers of weights, Darknet ${String(truth.numbers)}`);
  return found;
}

const product = (sizes: readonly (number | string)[]): number =>
  sizes.reduce<number>((all, size) => all * Number(size), 1);
const exact = (count: { readonly kind: string; readonly value?: number } | undefined): number =>
  count?.kind === 'exact' ? (count.value ?? Number.NaN) : Number.NaN;

/** The network of a file and what is reported of it, as in the product. */
function ourReading(path: string): { readonly graph: NetworkGraph | undefined; readonly warnings: readonly string[] } {
  const folder = pathToFileURL(dirname(path)).toString();
  const session = new AnalysisSession({
    frontends: [darknetFrontend],
    disk: new DiskReader({ workspace: [folder], libraries: [] }),
    workspaceRoots: [folder],
  });
  const { models, problems } = session.analyze(pathToFileURL(path).toString());
  return {
    graph: models[0]?.graph,
    warnings: problems.filter(({ severity }) => severity !== 'information').map(({ message }) => message),
  };
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' } },
});
const only = new RegExp(values.only);
const folders = positionals.map((folder) => resolve(folder)).filter((folder) => existsSync(join(folder, 'darknet')));
if (folders.length === 0) {
  console.log('skipped: name folders that hold a built Darknet: npm run check:darknet -- FOLDER');
  process.exit(77);
}
const count = { exact: 0, atLeast: 0, wrong: 0, warned: 0, stopped: 0 };
for (const folder of folders) {
  const seen = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cfg') && only.test(name))
    .sort()) {
    const text = readFileSync(join(folder, file));
    const digest = createHash('sha1').update(text).digest('hex');
    if (seen.has(digest) || !/^\s*\[net(?:work)?\]/im.test(text.toString('utf8'))) continue;
    seen.add(digest);
    const { graph, warnings } = ourReading(join(folder, file));
    const truth = truthOf(folder, file);
    if ('stopped' in truth) {
      count.stopped++;
      console.log(`${file}: Darknet stops (${truth.stopped}); ${warnings[0] ?? 'nothing is reported'}`);
      continue;
    }
    if (graph === undefined) {
      count.wrong++;
      console.log(`${file}: WRONG, not read; ${warnings[0] ?? ''}`);
      continue;
    }
    const isWhole = reportCosts(graph, chooseDevice(defaultSettings).device).total.macs.kind === 'exact';
    const found = isWhole ? differences(graph, truth) : [];
    if (found.length > 0) count.wrong++;
    else if (isWhole) count.exact++;
    else count.atLeast++;
    if (warnings.length > 0) count.warned++;
    if (found.length > 0)
      console.log(
        `${file}: WRONG, ${found.slice(0, 4).join('; ')}${found.length > 4 ? `; ${String(found.length)} in all` : ''}`,
      );
    if (warnings.length > 0) console.log(`${file}: ${isWhole ? '' : 'at least; '}${warnings.slice(0, 2).join('; ')}`);
  }
}
rmSync(temporary, { recursive: true });
console.log(
  `${String(count.exact + count.atLeast + count.wrong)} files that Darknet reads: ${String(count.exact)} exact, ${String(count.atLeast)} at least, ${String(count.wrong)} wrong, ${String(count.warned)} with a warning; at ${String(count.stopped)} Darknet itself stops`,
);
process.exitCode = count.wrong > 0 ? 1 : 0;
