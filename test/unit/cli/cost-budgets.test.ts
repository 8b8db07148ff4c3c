// Budgets that hold, and changes against a git revision, as a user and a CI meet them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AnalysisSession } from '../../../server/src/analysis/analysis-session.ts';
import { compareCosts } from '../../../server/src/cli/compare-costs.ts';
import { parseAmount } from '../../../server/src/costs/budget.ts';
import { darknetFrontend } from '../../../server/src/frontends/darknet/darknet-frontend.ts';
import { DiskReader } from '../../../server/src/main/disk-reader.ts';
import { readerAt } from '../../../server/src/main/git-revision.ts';
import { standardSettings } from '../../support/analysis-session.ts';
import { morphnetIn } from '../../support/command-line.ts';

/** 3·filters·9·64 MACs, 27·filters + filters params. */
const network = (filters: number): string => `[net]
width=8
height=8
channels=3
[convolutional]
filters=${String(filters)}
size=3
pad=1
activation=linear
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'morphnet-budgets-'));
  writeFileSync(join(folder, 'net.cfg'), network(10));
});
afterEach(() => rmSync(folder, { recursive: true }));

const withBudgets = (budgets: object): void =>
  writeFileSync(join(folder, 'morphnet.json'), JSON.stringify({ budgets }));
const check = () => morphnetIn(folder, ['cost', 'net.cfg', '--check']);

describe('--check', () => {
  test('a kept budget is said and passes', async () => {
    withBudgets({ params: 280, macs: '20k', latencyMs: { V100: 1 }, peakMemory: '10kB' });
    const { status, notes } = await check();
    expect(status).toBe(0);
    expect(notes).toContain('within budget: params: 280 of 280, 0.0 % left');
    // 3 and 10 channels of 8×8 numbers of 4 bytes.
    expect(notes).toContain(`within budget: peak memory of activations: 3.33 kB of 10.0 kB`);
  });

  test('a broken one fails with what takes most of it', async () => {
    withBudgets({ macs: '10k' });
    const { status, notes } = await check();
    expect(status).toBe(1);
    expect(notes).toMatch(
      /over its budget of macs: 17\.3 kMACs of 10\.0 kMACs, 73 % over\.\n {2}convolutional_0 takes 100 % of it/,
    );
  });

  test('budgets of the model are in place of those of the file', async () => {
    const models = [{ file: 'net.cfg', budgets: { params: 300 } }];
    writeFileSync(join(folder, 'morphnet.json'), JSON.stringify({ budgets: { params: 1 }, models }));
    expect(await check()).toMatchObject({ status: 0 });
  });

  test.for<[string, object, RegExp]>([
    ['no budget at all', {}, /^$/],
    ['a device that nobody knows', { latencyMs: { abacus: 1 } }, /There is no device abacus/],
  ])('%s', async ([, budgets, message]) => {
    withBudgets(budgets);
    expect((await check()).notes).toMatch(message);
  });

  test('a budget that is no amount is an error with its place', async () => {
    withBudgets({ params: 'many' });
    expect(await check()).toMatchObject({
      status: 1,
      notes: expect.stringMatching(/morphnet\.json:1:\d+: .*must be an amount such as 5M/) as string,
    });
  });
});

test.for<[number | string, number | undefined]>([
  [5, 5],
  ['5M', 5e6],
  ['1.5 G', 1.5e9],
  ['80MB', 80e6],
  ['0', undefined],
  ['M', undefined],
  ['5 cups', undefined],
  [-1, undefined],
])('the amount %s', ([text, amount]) => {
  expect(parseAmount(text)).toBe(amount);
});

describe('formats', () => {
  test('CSV has a line a layer, with plain numbers', async () => {
    const { output } = await morphnetIn(folder, ['cost', 'net.cfg', '--format', 'csv', '--device', 'V100']);
    const [head, first] = output.split('\r\n');
    expect(head).toBe('layer,op,output,macs,params,latency_ms,file,line');
    expect(first).toMatch(/^convolutional_0,convolutional,10x8x8,17280,280,[\d.e-]+,net\.cfg,5$/);
  });

  test('Markdown ends with the totals', async () => {
    const { output } = await morphnetIn(folder, ['cost', 'net.cfg', '--format', 'markdown', '--device', 'V100']);
    expect(output).toMatch(/^\| Layer \| Op \| Output \| MACs \| Params \| Latency on V100 \|\n/);
    expect(output).toMatch(/\n\| \*\*total\*\* \| {2}\| {2}\| 17\.3 k \| 280 \|/);
  });

  test('another is refused', async () => {
    expect(await morphnetIn(folder, ['cost', 'net.cfg', '--format', 'pdf'])).toMatchObject({ status: 2 });
  });
});

describe('--compare', () => {
  const git = (...words: string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'user.name=Somebody', '-c', 'user.email=some@body', ...words], {
      stdio: 'ignore',
    });
  };

  async function compared(): Promise<string> {
    const folders = [pathToFileURL(folder).href];
    const disk = new DiskReader({ workspace: folders, libraries: [] });
    const reader = readerAt(folder, 'HEAD', disk);
    if (!reader.ok) throw new Error(reader.error);
    const open = (read: typeof disk | typeof reader.value): AnalysisSession =>
      new AnalysisSession({ frontends: [darknetFrontend], disk: read, workspaceRoots: folders });
    const document = `${folders[0] ?? ''}/net.cfg`;
    return Promise.resolve(compareCosts(open(reader.value), open(disk), document, standardSettings, 'HEAD'));
  }

  test('the change is told in numbers and percent, and nothing where there is none', async () => {
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'First');
    expect(await compared()).toBe('No model costs anything else than at HEAD.\n');
    writeFileSync(join(folder, 'net.cfg'), network(15));
    expect(await compared()).toContain('| `model` | 17.3 k → 25.9 k (+50.0 %) | 280 → 420 (+50.0 %) |');
  });

  test('no share is told of what is known in part', async () => {
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'First');
    writeFileSync(join(folder, 'net.cfg'), `${network(15)}\n[nothing_known]\n`);
    expect(await compared()).toContain('| `model` | 17.3 k → ≥ 25.9 k | 280 → ≥ 420 |');
  });

  test('what is no repository or no revision is said', () => {
    const disk = new DiskReader({ workspace: [], libraries: [] });
    expect(readerAt(folder, 'HEAD', disk)).toMatchObject({
      ok: false,
      error: expect.stringContaining('no git repository') as string,
    });
    git('init', '--quiet');
    expect(readerAt(folder, '--all', disk)).toMatchObject({
      ok: false,
      error: expect.stringContaining('no revision --all') as string,
    });
  });
});
