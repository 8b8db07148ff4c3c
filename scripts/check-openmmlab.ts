// `npm run check:openmmlab`: the configurations of the installed MMPretrain, each read as a file of its own, against the classifiers
// that the library builds of them: multiply-adds, and every parameter by its name.
//
//   npm run check:openmmlab [-- --truth LINES.jsonl --only REGEXP --tables]
//
// MORPHNET_PYTHON names a Python with PyTorch and MMPretrain; --truth reads what it printed before; --tables leaves the library's
// source out, so that what is known of its backbones without it is held against it. Status 77 where there is none.

import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { AnalysisSession } from '../server/src/analysis/analysis-session.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { figuresOf, folderOfLibrary, linesOfLibrary, outcomeOf } from './corpus/library-models.ts';

const { values } = parseArgs({
  options: {
    truth: { type: 'string' },
    only: { type: 'string', default: '' },
    tables: { type: 'boolean', default: false },
  },
});
const lineSchema = v.object({
  path: v.string(),
  image: v.optional(v.array(v.number()), []),
  params: v.optional(v.record(v.string(), v.number())),
  macs: v.optional(v.number()),
  failure: v.optional(v.string()),
});

/** The first layer whose parameters are not as many as in the library. */
function difference(graph: NetworkGraph, params: Readonly<Record<string, number>>): string | undefined {
  const ours = new Map<string, number>();
  const add = (name: string, count: number): void => void ours.set(name, (ours.get(name) ?? 0) + count);
  for (const { name, parameters } of [...graph.ops, ...graph.idle])
    for (const { role, shape } of parameters)
      if (role !== 'running-mean' && role !== 'running-variance')
        add(
          name,
          shape.reduce<number>((product, size) => product * Number(size), 1),
        );
  const theirs = new Map<string, number>();
  for (const [name, count] of Object.entries(params)) {
    const layer = ours.has(name) ? name : name.replace(/\.\w+$/, '');
    theirs.set(layer, (theirs.get(layer) ?? 0) + count);
  }
  for (const [name, count] of theirs)
    if (ours.get(name) !== count) return `${name} has ${String(count)} numbers, not ${String(ours.get(name))}`;
  return undefined;
}

const counts = { exact: 0, 'at least': 0, wrong: 0 };
let unbuilt = 0;
const frontends = await createFrontends();
const folder = pathToFileURL(folderOfLibrary('mmpretrain')).href;
for (const line of linesOfLibrary({ library: 'mmpretrain', script: 'openmmlab_models.py', kept: values.truth })) {
  if (!line.startsWith('{"path"')) {
    console.log(`MMPretrain ${line}`);
    continue;
  }
  const { path, image, params, macs, failure } = v.parse(lineSchema, JSON.parse(line));
  if (!new RegExp(values.only).test(path)) continue;
  if (params === undefined || macs === undefined) {
    unbuilt++;
    console.log(`${basename(path)}: not built: ${failure ?? ''}`);
    continue;
  }
  const document = pathToFileURL(path).href;
  const configurations = document.replace(/\/configs\/.*/, '/configs');
  const session = new AnalysisSession({
    frontends,
    disk: new DiskReader({ workspace: [configurations], libraries: values.tables ? [] : [folder] }),
    workspaceRoots: [configurations],
  });
  session.requestEntry(document, { input: [image], from: 'request' });
  const { models, problems } = session.analyze(document);
  const graph = models[0]?.graph;
  const said = figuresOf(graph);
  const all = Object.values(params).reduce((sum, count) => sum + count, 0);
  const unlike = graph && difference(graph, params);
  const figures = outcomeOf(said, [all, macs]);
  const outcome = figures === 'exact' && unlike !== undefined ? 'wrong' : graph === undefined ? 'at least' : figures;
  counts[outcome]++;
  if (outcome === 'exact') continue;
  const [first] = problems.filter(({ severity }) => severity !== 'information');
  console.log(
    `${basename(path)}: ${outcome}, ${said[0]} params (${String(all)}), ${said[1]} MACs (${String(macs)}); ${unlike ?? ''} ${graph?.unknowns[0]?.reason ?? first?.message ?? problems[0]?.message ?? ''}`,
  );
}
console.log(
  `${String(counts.exact + counts['at least'] + counts.wrong)} models: ${String(counts.exact)} exact, ${String(counts['at least'])} at least or not read, ${String(counts.wrong)} wrong; ${String(unbuilt)} not built by the library`,
);
process.exitCode = counts.wrong > 0 ? 1 : 0;
