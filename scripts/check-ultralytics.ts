// `npm run check:ultralytics`: every model table of the installed Ultralytics package, at every scale, against the models that the
// package builds of them: parameters and multiply-adds.
//
//   npm run check:ultralytics [-- --truth LINES.jsonl]
//
// MORPHNET_PYTHON names a Python with PyTorch and the package; --truth reads what it printed before. Status 77 where there is none.

import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { ultralyticsFrontend } from '../server/src/frontends/ultralytics/ultralytics-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { figuresOf, linesOfLibrary, outcomeOf } from './corpus/library-models.ts';

const { values } = parseArgs({ options: { truth: { type: 'string' } } });
const lineSchema = v.object({
  path: v.string(),
  scale: v.string(),
  params: v.optional(v.number()),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
});

let [exact, bounds, wrong, unbuilt] = [0, 0, 0, 0];
for (const line of linesOfLibrary({ library: 'ultralytics', script: 'ultralytics_models.py', kept: values.truth })) {
  if (!line.startsWith('{"path"')) {
    console.log(`Ultralytics ${line}`);
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
  const [params, macs] = figuresOf(models[0]?.graph);
  const outcome = outcomeOf([params, macs], [truth.params, truth.macs]);
  if (outcome === 'exact') {
    exact++;
    continue;
  }
  if (outcome === 'at least') bounds++;
  else wrong++;
  const [first] = problems.filter(({ severity }) => severity !== 'information');
  console.log(
    `${name}: ${outcome}, ${params} params (${String(truth.params)}), ${macs} MACs (${String(truth.macs)})${first === undefined ? '' : `; ${first.message}`}`,
  );
}
console.log(
  `${String(exact + bounds + wrong)} models: ${String(exact)} exact, ${String(bounds)} at least, ${String(wrong)} wrong; ${String(unbuilt)} not built by the package`,
);
process.exitCode = wrong > 0 ? 1 : 0;
