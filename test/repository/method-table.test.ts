// docs/method.md names, for each feature of the reference, a module, a way to reach it, and a test: all three are there, and
// what reaches it is called.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../../scripts/bundles.ts';
import type { TrainingService } from '../../server/src/experiments/run-service.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import { parseProjectFile } from '../../server/src/protocol/project-file.ts';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import { analyzeStructure } from '../../server/src/structure/analyze-structure.ts';
import { structureOptionsOf } from '../../server/src/training/loop/structure-options.ts';
import { morphnetIn, noTraining, type CommandLineRun } from '../support/command-line.ts';

const rows = readFileSync(join(root, 'docs', 'method.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, feature = '', here = '', reached = '', named = '']) => ({ feature, here, reached, named }));

const layer = '[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=relu\n\n';
const model = `[net]\nwidth=8\nheight=8\nchannels=1\n\n${layer.repeat(3)}[avgpool]\n\n[connected]\noutput=3\nactivation=linear\n`;

const folder = mkdtempSync(join(tmpdir(), 'morphnet-method-'));
writeFileSync(join(folder, 'net.cfg'), model);
afterAll(() => rmSync(folder, { recursive: true }));

test('the table has the rows of the reference', () => {
  expect(rows.length).toBeGreaterThan(40);
});

test.for(rows)('$feature', ({ here, named }) => {
  for (const [, path = ''] of here.matchAll(/`([\w/.-]+(?:\.ts|\/\w+))`/g)) {
    expect(existsSync(join(root, path.includes('server/') ? path : `server/src/structure/${path}`)), path).toBe(true);
  }
  const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
  const text = readFileSync(join(root, file.includes('/') ? file : `test/unit/structure/${file}`), 'utf8');
  expect(text).toContain(name);
});

/** Runs `morphnet run` up to the training, which is given the settings and the network. */
async function settingsOf(project: string, words: readonly string[]): Promise<[RunConfig, NetworkGraph]> {
  writeFileSync(join(folder, 'morphnet.json'), project);
  let asked: [RunConfig, NetworkGraph] | undefined;
  const service: TrainingService = {
    ...noTraining,
    start: (_, config, network) => {
      asked = [config, network];
      return Promise.resolve({ ok: false, error: 'far enough' });
    },
  };
  const ran = await morphnetIn(folder, ['run', 'net.cfg', '--data', 'idx:.', ...words], service);
  if (asked === undefined) throw new Error(ran.notes);
  return asked;
}

/** The settings are those of a run whose analysis they reach: it succeeds. */
function expectAnalysis([config, network]: [RunConfig, NetworkGraph]): void {
  const analysis = analyzeStructure(network, structureOptionsOf(config));
  expect(analysis.ok ? '' : analysis.error).toBe('');
}

const ways = rows.flatMap(({ feature, reached }) =>
  [...reached.matchAll(/`([^`]+)`/g)].map(([, way = '']) => ({ feature, way })),
);

test('every feature is reached by something', () => {
  for (const { feature, reached } of rows) expect(reached, feature).toMatch(/`|^every run/);
});

test.for(ways.filter(({ way }) => way.startsWith('"')))('$feature: morphnet.json with $way', async ({ way }) => {
  const project = `{ ${way} }`;
  expect(parseProjectFile(project).problems).toEqual([]);
  const asked = await settingsOf(project, []);
  const plain = await settingsOf('{}', []);
  // The field gets to the run, unless it says what is so anyway.
  if (!way.includes('"target": "flops:0.5"')) expect(asked[0]).not.toEqual(plain[0]);
  expectAnalysis(asked);
});

test.for(ways.filter(({ way }) => way.startsWith('--')))('$feature: morphnet run with $way', async ({ way }) => {
  const asked = await settingsOf('{}', way.split(' '));
  const plain = await settingsOf('{}', []);
  if (way !== '--target flops:0.5') expect(asked[0]).not.toEqual(plain[0]);
  expectAnalysis(asked);
});

test.for(ways.filter(({ way }) => way.startsWith('morphnet ')))('$feature: $way', async ({ way }) => {
  const [, command = '', ...words] = way.split(' ');
  const help: CommandLineRun = await morphnetIn(folder, [command, '--help'], noTraining);
  expect(help.status).toBe(0);
  for (const option of words.filter((word) => word.startsWith('--'))) expect(help.output).toContain(option);
});
