// `npm run check:ultralytics`: every model table of the installed Ultralytics package, at every scale, against the models that the
// package builds of them: parameters and multiply-adds.
//
//   npm run check:ultralytics [-- --truth LINES.jsonl]
//
// MORPHNET_PYTHON names a Python with PyTorch and the package; --truth reads what it printed before. Status 77 where there is none.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { chooseDevice } from '../server/src/analysis/latency-device.ts';
import type { Count } from '../server/src/common/count.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { ultralyticsFrontend } from '../server/src/frontends/ultralytics/ultralytics-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';
import { root } from './bundles.ts';
import { findPython } from './python-with-pytorch.ts';

const { values } = parseArgs({ options: { truth: { type: 'string' } } });
const lineSchema = v.object({
  path: v.string(),
  scale: v.string(),
  params: v.optional(v.number()),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
});

function truthText(): string {
  if (values.truth !== undefined) return readFileSync(values.truth, 'utf8');
  const python = findPython();
  const imports = 'import torch, importlib.util as u; assert u.find_spec("ultralytics")';
  if (spawnSync(python, ['-c', imports]).status !== 0) {
    console.log('skipped: no Python with PyTorch and ultralytics; MORPHNET_PYTHON can name one');
    process.exit(77);
  }
  return execFileSync(python, [join(root, 'scripts/corpus/ultralytics_models.py')], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

const text = (count: Count): string =>
  count.kind === 'exact' ? String(count.value) : count.kind === 'at-least' ? `>=${String(count.value)}` : '?';

let [exact, bounds, wrong, unbuilt] = [0, 0, 0, 0];
for (const line of truthText().split('\n')) {
  if (!line.startsWith('{"path"')) {
    if (line.startsWith('{')) console.log(`Ultralytics ${line}`);
    continue;
  }
  const truth = v.parse(lineSchema, JSON.parse(line));
  const name = `${basename(truth.path)} ${truth.scale}`.trim();
  if (truth.params === undefined || truth.macs === undefined) {
    unbuilt++;
    console.log(`${name}: not built: ${truth.failure ?? ''}`);
    continue;
  }
  const folder = pathToFileURL(dirname(truth.path)).toString();
  const session = new AnalysisSession({
    frontends: [ultralyticsFrontend],
    disk: new DiskReader({ workspace: [folder], libraries: [] }),
    workspaceRoots: [folder],
  });
  const document = pathToFileURL(truth.path).toString();
  session.requestEntry(document, { entry: truth.scale, from: 'request' });
  const { models, problems } = session.analyze(document);
  const graph = models[0]?.graph;
  const total = graph && reportCosts(graph, chooseDevice(defaultSettings).device).total;
  const [params, macs] = total === undefined ? ['none', 'none'] : [text(total.params), text(total.macs)];
  if (params === String(truth.params) && macs === String(truth.macs)) {
    exact++;
    continue;
  }
  const isBound = [params, macs].every((ours, i) => {
    const theirs = i === 0 ? truth.params : truth.macs;
    return ours === '?' || (ours.startsWith('>=') && Number(ours.slice(2)) <= (theirs ?? 0));
  });
  if (isBound) bounds++;
  else wrong++;
  const [first] = problems.filter(({ severity }) => severity !== 'information');
  console.log(
    `${name}: ${isBound ? 'at least' : 'WRONG'}, ${params} params (${String(truth.params)}), ${macs} MACs (${String(truth.macs)})${first === undefined ? '' : `; ${first.message}`}`,
  );
}
console.log(
  `${String(exact + bounds + wrong)} models: ${String(exact)} exact, ${String(bounds)} at least, ${String(wrong)} wrong; ${String(unbuilt)} not built by the package`,
);
process.exitCode = wrong > 0 ? 1 : 0;
