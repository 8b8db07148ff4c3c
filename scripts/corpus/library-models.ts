// What checks of configurations against the library that builds networks of them have in common: the lines that a Python script prints
// of the library's models, and figures as they are compared.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Count } from '../../server/src/common/count.ts';
import { chooseDevice } from '../../server/src/analysis/latency-device.ts';
import { reportCosts } from '../../server/src/costs/cost-report.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import { defaultSettings } from '../../server/src/protocol/settings.ts';
import { root } from '../bundles.ts';
import { findPython } from '../python-with-pytorch.ts';

export interface LibraryModels {
  /** The module that the script needs beside PyTorch. */
  readonly library: string;
  /** Its name in `scripts/corpus`. */
  readonly script: string;
  /** A file with what the script printed before. */
  readonly kept: string | undefined;
}

/** The lines of JSON that the script prints; without such a Python the process ends with status 77. */
export function linesOfLibrary({ library, script, kept }: LibraryModels): readonly string[] {
  return textOfLibrary(library, script, kept)
    .split('\n')
    .filter((line) => line.startsWith('{'));
}

function textOfLibrary(library: string, script: string, kept: string | undefined): string {
  if (kept !== undefined) return readFileSync(kept, 'utf8');
  const python = findPython();
  const imports = `import torch, importlib.util as u; assert u.find_spec("${library}")`;
  if (spawnSync(python, ['-c', imports]).status !== 0) {
    console.log(`skipped: no Python with PyTorch and ${library}; MORPHNET_PYTHON can name one`);
    process.exit(77);
  }
  return execFileSync(python, [join(root, 'scripts/corpus', script)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** The folder that Python imports a library from. */
export function folderOfLibrary(library: string): string {
  const code = `import importlib.util as u, os; print(os.path.dirname(os.path.dirname(u.find_spec("${library}").origin)))`;
  return execFileSync(findPython(), ['-c', code], { encoding: 'utf8' }).trim();
}

/** Parameters and multiply-adds of a network as they are said: `12`, `>=12`, `?`; `none` where there is no network. */
export function figuresOf(graph: NetworkGraph | undefined): readonly [params: string, macs: string] {
  if (graph === undefined) return ['none', 'none'];
  const { params, macs } = reportCosts(graph, chooseDevice(defaultSettings).device).total;
  return [textOf(params), textOf(macs)];
}

const textOf = (count: Count): string =>
  count.kind === 'exact' ? String(count.value) : count.kind === 'at-least' ? `>=${String(count.value)}` : '?';

/** How figures stand to the truth: a lower bound says that it is one, and is none above it. */
export function outcomeOf(
  said: readonly string[],
  truth: readonly (number | undefined)[],
): 'exact' | 'at least' | 'wrong' {
  if (said.every((figure, i) => figure === String(truth[i]))) return 'exact';
  const isBound = said.every(
    (figure, i) => figure === '?' || (figure.startsWith('>=') && Number(figure.slice(2)) <= (truth[i] ?? 0)),
  );
  return isBound ? 'at least' : 'wrong';
}
