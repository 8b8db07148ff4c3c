// `npm run corpus`: every public builder of torchvision and timm, costed from its text alone with the default limits and held
// against PyTorch, which really builds and runs it. Packages, truth and table are kept in .cache/corpus.
//
//   npm run corpus [-- --only REGEXP] [--library torchvision|timm]      Python: $MORPHNET_PYTHON, what `pytorch:install` made, else python3
//
// Exit status: 0 no figure is wrong, 1 a figure is wrong and not marked unknown, 77 this machine has no PyTorch.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultDeviceName, findDevice } from '../server/src/costs/device-profile.ts';
import type { SourceReader } from '../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../server/src/main/disk-reader.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import { compare, readBuilder, type Row } from './corpus/compare.ts';
import { cache, fetchedLibraries, fetchPackages, site } from './corpus/packages.ts';
import { rowText, summaryText, tableText } from './corpus/table.ts';
import { listBuilders, makeTruths, readTruth, type Builder, type Truth } from './corpus/truth.ts';
import { findPython } from './python-with-pytorch.ts';

/** As scripts/test.ts understands it. */
const skipped = 77;

const convolutional =
  'timm convolutional: when it runs, windows of a convolution overlap (kernel larger than stride) and no two computed ' +
  'tensors are multiplied as matrices (no attention); timm other: all others.';

/** Reads each file from disk once: the corpus does not change meanwhile. */
function siteReader(): SourceReader {
  const disk = new DiskReader({ workspace: [pathToFileURL(site).href], libraries: [] });
  const texts = new Map<string, string | undefined>();
  return {
    roots: disk.roots,
    read: (document) => {
      if (!texts.has(document)) texts.set(document, disk.read(document));
      return texts.get(document);
    },
  };
}

function groupOf(builder: Builder, truth: Truth): string {
  if (builder.kind !== 'timm') return `torchvision ${builder.kind}`;
  return 'params' in truth && truth.convolutional ? 'timm convolutional' : 'timm other';
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, library: { type: 'string' } } });
  const python = findPython();
  const probe = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    console.log(`Skipped: ${python} cannot import torch. Run npm run pytorch:install, or set MORPHNET_PYTHON.`);
    return skipped;
  }
  const device = findDevice(defaultDeviceName);
  const [frontend] = await createFrontends();
  if (!device.ok || frontend === undefined) throw new Error('There is no device or no frontend');
  fetchPackages();
  const wanted = new RegExp(values.only ?? '');
  const builders = listBuilders().filter(
    ({ name }) => wanted.test(name) && name.startsWith(values.library === undefined ? '' : `${values.library}.`),
  );
  await makeTruths(builders);

  const reader = siteReader();
  const rows = builders.map((builder): Row => {
    const truth = readTruth(builder);
    const reading = readBuilder(builder, frontend, reader, device.value);
    const measured = 'params' in truth ? truth : undefined;
    const row: Row = {
      name: builder.name,
      group: groupOf(builder, truth),
      outcome: 'no truth',
      params: reading.report?.total.params,
      trueParams: measured?.params,
      macs: reading.report?.total.macs,
      trueMacs: measured?.macs,
      layers: { count: 0, namesEqual: 0, linesEqual: 0, macsEqual: 0, difference: undefined },
      backbone: undefined,
      milliseconds: reading.milliseconds,
      reason: reading.reason,
      ...(measured && compare(reading, measured, reader)),
    };
    console.log(rowText(row));
    return row;
  });

  const table = join(cache, 'table.tsv');
  writeFileSync(table, tableText(rows));
  const versions = fetchedLibraries()
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ');
  const summary = `${versions}; PyTorch ${probe.stdout.trim()}; Node ${process.version}\n\n${summaryText(rows)}\n${convolutional}\n`;
  writeFileSync(join(cache, 'summary.md'), summary);
  console.log(`\n${summary}\nEvery builder: ${table}`);
  return rows.some(({ outcome }) => outcome === 'wrong') ? 1 : 0;
}

process.exitCode = await main();
