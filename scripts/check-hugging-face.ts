// `npm run check:hugging-face`: configurations of image backbones against the models that the installed transformers builds of
// them: multiply-adds, every parameter by its name, and the shape that each module with parameters gives.
//
//   npm run check:hugging-face [-- --truth LINES.jsonl]
//
// MORPHNET_PYTHON names a Python with PyTorch and transformers; --truth reads what it printed before. Status 77 where there is none.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { huggingFaceFrontend } from '../server/src/frontends/hugging-face/hugging-face-frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { figuresOf, linesOfLibrary } from './corpus/library-models.ts';

const { values } = parseArgs({ options: { truth: { type: 'string' } } });
const lineSchema = v.object({
  name: v.string(),
  config: v.string(),
  image: v.array(v.number()),
  params: v.optional(v.record(v.string(), v.number())),
  shapes: v.optional(v.record(v.string(), v.array(v.number()))),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
});

const sizes = (shape: readonly unknown[]): string => shape.map(String).join('×');

/** Parameters as PyTorch names them, with how many numbers each has. */
function parametersOf(graph: NetworkGraph): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { name, parameters } of graph.ops) {
    for (const { role, shape } of parameters) {
      if (role === 'running-mean' || role === 'running-variance') continue;
      const own = role === 'other' ? '' : role === 'weight' || role === 'scale' ? '.weight' : '.bias';
      found.set(
        `${name}${own}`,
        shape.reduce<number>((product, size) => product * Number(size), 1),
      );
    }
  }
  return found;
}

/** What differs first between a graph and what the library says of its model. */
function difference(graph: NetworkGraph, truth: v.InferOutput<typeof lineSchema>): string | undefined {
  const ours = parametersOf(graph);
  const theirs = new Map(Object.entries(truth.params ?? {}));
  for (const [name, count] of theirs)
    if (ours.get(name) !== count) return `${name} has ${String(count)} numbers, not ${String(ours.get(name))}`;
  for (const name of ours.keys()) if (!theirs.has(name)) return `there is no parameter ${name}`;
  const shapes = new Map(Object.entries(truth.shapes ?? {}));
  for (const op of graph.ops) {
    const expected = shapes.get(op.name);
    const shape = graph.values.find(({ id }) => id === op.outputs[0])?.shape ?? [];
    // Norms of images with channels first turn them inside.
    const turned = [0, 2, 3, 1].map((axis) => expected?.[axis]);
    if (expected && op.parameters.length > 0 && ![sizes(expected), sizes(turned)].includes(sizes(shape)))
      return `${op.name} gives ${sizes(expected)}, not ${sizes(shape)}`;
  }
  return undefined;
}

let [exact, bounds, wrong, refused, unbuilt] = [0, 0, 0, 0, 0];
const folder = mkdtempSync(join(tmpdir(), 'morphnet-hugging-face-'));
const uri = pathToFileURL(folder).toString();
const document = `${uri}/config.json`;
try {
  for (const line of linesOfLibrary({
    library: 'transformers',
    script: 'hugging_face_models.py',
    kept: values.truth,
  })) {
    if (!line.startsWith('{"name"')) {
      console.log(`transformers ${line}`);
      continue;
    }
    const truth = v.parse(lineSchema, JSON.parse(line));
    writeFileSync(join(folder, 'config.json'), truth.config);
    const session = new AnalysisSession({
      frontends: [huggingFaceFrontend],
      disk: new DiskReader({ workspace: [uri], libraries: [] }),
      workspaceRoots: [uri],
    });
    const { models, problems } = session.analyze(document);
    const graph = models[0]?.graph;
    const [params, macs] = figuresOf(graph);
    const [first] = problems.filter(({ severity }) => severity !== 'information');
    if (truth.failure !== undefined) {
      unbuilt++;
      if (first !== undefined) refused++;
      console.log(`${truth.name}: not built: ${truth.failure}; here: ${first?.message ?? 'nothing is said'}`);
      continue;
    }
    const all = Object.values(truth.params ?? {}).reduce((sum, count) => sum + count, 0);
    const unlike = graph && difference(graph, truth);
    if (params === String(all) && macs === String(truth.macs) && unlike === undefined) {
      exact++;
      continue;
    }
    const isBound = first !== undefined && params.startsWith('>=') && macs.startsWith('>=');
    if (isBound) bounds++;
    else wrong++;
    console.log(
      `${truth.name}: ${isBound ? 'at least' : 'WRONG'}, ${params} params (${String(all)}), ${macs} MACs (${String(truth.macs)}); ${unlike ?? ''} ${first?.message ?? ''}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  `${String(exact + bounds + wrong)} models: ${String(exact)} exact, ${String(bounds)} at least, ${String(wrong)} wrong; ${String(unbuilt)} not built by the library, of which ${String(refused)} have a problem here`,
);
process.exitCode = wrong > 0 ? 1 : 0;
