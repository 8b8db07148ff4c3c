// `npm run check:keras-packages`: models of published Keras packages, read from the packages' sources without running them,
// held against TensorFlow, which really builds them: trained parameters and multiply-adds.
//
//   npm run check:keras-packages [-- ConvNeXt]      Python with tensorflow-cpu 2.15: $MORPHNET_TENSORFLOW_PYTHON
//
// The packages are installed into .cache/keras-packages, and what TensorFlow says is kept there.
// Exit status: 0 no figure is wrong, 1 one is, 77 there is no such Python.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../server/src/costs/device-profile.ts';
import { defaultLimits, type SourceReader } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { root } from './bundles.ts';
import { packageModels, packages, type PackageModel } from './keras-package-models.ts';

const python = process.env['MORPHNET_TENSORFLOW_PYTHON'];
/** As scripts/test.ts understands it. */
const skipped = 77;
const cache = join(root, '.cache/keras-packages');
const folder = join(cache, 'installed');
const kept = join(cache, 'truth.jsonl');

const truthSchema = v.object({
  expression: v.string(),
  params: v.optional(v.number()),
  macs: v.optional(v.number()),
  error: v.optional(v.string()),
});
type Truth = v.InferOutput<typeof truthSchema>;

function install(interpreter: string): boolean {
  if (existsSync(folder)) return true;
  mkdirSync(cache, { recursive: true });
  const given = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, ...packages];
  return spawnSync(interpreter, given, { stdio: 'inherit' }).status === 0;
}

function keptTruths(): ReadonlyMap<string, Truth> {
  const lines = existsSync(kept) ? readFileSync(kept, 'utf8').trim().split('\n') : [];
  return new Map(lines.map((line) => v.parse(truthSchema, JSON.parse(line))).map((truth) => [truth.expression, truth]));
}

/** Has TensorFlow build what is not kept yet, a few models at a time. */
function completeTruths(interpreter: string, models: readonly PackageModel[]): ReadonlyMap<string, Truth> {
  const script = fileURLToPath(new URL('keras_packages.py', import.meta.url));
  const missing = models.filter(({ expression }) => !keptTruths().has(expression));
  for (let at = 0; at < missing.length; at += 8) {
    const input = JSON.stringify(missing.slice(at, at + 8));
    // As it is told, so that nothing is lost where this is stopped.
    const out = openSync(kept, 'a');
    spawnSync(interpreter, [script, folder], { input, stdio: ['pipe', out, 'ignore'] });
    closeSync(out);
  }
  return keptTruths();
}

async function main(): Promise<number> {
  if (python === undefined || spawnSync(python, ['-c', 'import tensorflow']).status !== 0) {
    console.log('Skipped: $MORPHNET_TENSORFLOW_PYTHON names no Python with tensorflow.');
    return skipped;
  }
  if (!install(python)) return 1;
  const [wanted = ''] = process.argv.slice(2);
  const models = packageModels.filter(({ expression }) => expression.includes(wanted));
  const truths = completeTruths(python, models);
  const frontend = (await createFrontends()).find(({ languageId }) => languageId === 'python');
  const device = findDevice(defaultDeviceName);
  if (frontend === undefined || !device.ok) throw new Error('There is no frontend or no device');
  const disk = new DiskReader({ workspace: [], libraries: [pathToFileURL(folder).href] });
  const document = 'file:///package_model.py';
  const counts = { exact: 0, marked: 0, wrong: 0, refused: 0 };
  for (const { package: name, imports, expression } of models) {
    const truth = truths.get(expression);
    const text = `${imports}\n\nmodel = ${expression}\n`;
    const reader: SourceReader = {
      roots: disk.roots,
      read: (wantedDocument) => (wantedDocument === document ? text : disk.read(wantedDocument)),
    };
    const [entry] = frontend.entries(document, reader, { entry: 'model', from: 'request' }).entries;
    const graph = entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
    const total = graph && reportCosts(graph, device.value).total;
    const isRead = total?.params.kind === 'exact' && total.macs.kind === 'exact';
    const isRight = isRead && total.params.value === truth?.params && total.macs.value === truth.macs;
    const outcome = truth?.params === undefined ? 'refused' : isRight ? 'exact' : isRead ? 'wrong' : 'marked';
    counts[outcome]++;
    const said =
      outcome === 'refused' ? (truth?.error ?? 'TensorFlow did not end') : (graph?.unknowns[0]?.reason ?? '');
    const figures =
      outcome === 'wrong'
        ? ` ${JSON.stringify([total?.params, total?.macs])}, TensorFlow ${String(truth?.params)}, ${String(truth?.macs)}`
        : ` ${String(truth?.params ?? '')} params, ${String(truth?.macs ?? '')} MACs`;
    console.log(
      `${outcome.padEnd(7)} ${name}: ${expression}${outcome === 'refused' ? '' : figures}${outcome === 'exact' ? '' : `. ${said}`}`,
    );
  }
  console.log(
    `${String(counts.exact)} exact, ${String(counts.marked)} marked or unread, ${String(counts.wrong)} wrong; ${String(counts.refused)} refused by TensorFlow`,
  );
  return counts.wrong > 0 ? 1 : 0;
}

process.exitCode = await main();
