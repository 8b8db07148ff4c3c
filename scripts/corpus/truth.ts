// What PyTorch itself says of every builder: made once by truth.py, kept in the cache, gone on with where it was cut off.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { root } from '../bundles.ts';
import { findPython } from '../python-with-pytorch.ts';
import { cache, fetchedLibraries, requirements, site } from './packages.ts';

/** What was measured of one version says nothing of another. */
const versions = (): string =>
  fetchedLibraries()
    .map(({ name, version }) => `${name}-${version}`)
    .join('-');
const program = join(root, 'scripts/corpus/truth.py');

const builderSchema = v.object({
  name: v.string(),
  kind: v.picklist(['classification', 'segmentation', 'video', 'detection', 'optical flow', 'quantized', 'timm']),
  file: v.string(),
  entry: v.string(),
  input: v.array(v.array(v.number())),
});
/** A public function that makes a model, as its library lists it. `input` are shapes without the batch. */
export type Builder = v.InferOutput<typeof builderSchema>;

const measuredSchema = v.object({
  torch: v.string(),
  params: v.number(),
  macs: v.number(),
  convolutional: v.boolean(),
  modules: v.array(v.string()),
  layers: v.array(
    v.object({
      name: v.string(),
      type: v.string(),
      params: v.number(),
      calls: v.number(),
      /** Of all its calls; null where only the whole model's are known. */
      macs: v.nullable(v.number()),
      /** Where it was constructed; null where nobody's source did. */
      file: v.nullable(v.string()),
      line: v.nullable(v.number()),
    }),
  ),
});
const truthSchema = v.union([measuredSchema, v.object({ torch: v.string(), failures: v.array(v.string()) })]);
/** What came of building and running one builder: figures, or what PyTorch raised. */
export type Truth = v.InferOutput<typeof truthSchema>;
export type MeasuredTruth = v.InferOutput<typeof measuredSchema>;

/** Every public builder of the libraries. */
export function listBuilders(): readonly Builder[] {
  const file = join(cache, `builders-${versions()}.json`);
  if (!existsSync(file)) {
    const text = execFileSync(findPython(), [program, 'list', site, requirements], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    writeFileSync(file, text);
  }
  return v.parse(v.array(builderSchema), JSON.parse(readFileSync(file, 'utf8')));
}

const folderOfTruths = (): string => join(cache, `truth-${versions()}`);
const fileOf = ({ name }: Builder): string => join(folderOfTruths(), `${name}.json`);

/** Measures the builders that were not measured before, with as many processes as there are cores. */
export async function makeTruths(builders: readonly Builder[]): Promise<void> {
  mkdirSync(folderOfTruths(), { recursive: true });
  const missing = builders.filter((builder) => !existsSync(fileOf(builder)));
  if (missing.length === 0) return;
  console.log(`Building and running ${missing.length} models with PyTorch …`);
  const workers = Math.min(availableParallelism(), missing.length);
  const shares = Array.from({ length: workers }, (_, worker) =>
    missing.filter((_builder, index) => index % workers === worker),
  );
  await Promise.all(shares.map(measure));
}

function measure(share: readonly Builder[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(findPython(), [program, 'measure', site, requirements, folderOfTruths()], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Measuring with PyTorch ended with ${String(code)}; what it measured is kept`));
    });
    child.stdin.end(share.map(({ name }) => name).join('\n'));
  });
}

/** The truth of a builder that `makeTruths` was called with. */
export function readTruth(builder: Builder): Truth {
  return v.parse(truthSchema, JSON.parse(readFileSync(fileOf(builder), 'utf8')));
}
