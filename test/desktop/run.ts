// `npm run test:desktop`: the suite in the desktop editor, which is taken from VSCODE_PATH or downloaded.
// Exits with 77 and the reason where this machine has and gets none.

import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dist, root } from '../../scripts/bundles.ts';
import { skipped } from '../e2e/skipped.ts';
import { makeWorkspace, trainDigits } from '../e2e/workspace.ts';

async function findEditor(): Promise<string | { readonly missing: string }> {
  const chosen = process.env['VSCODE_PATH'];
  if (chosen !== undefined && chosen !== '') {
    return existsSync(chosen) ? chosen : { missing: `VSCODE_PATH names ${chosen}, which is not there` };
  }
  if (process.platform === 'linux' && process.env['DISPLAY'] === undefined) {
    return { missing: 'there is no display; run it under xvfb-run, or use npm run test:e2e, which needs none' };
  }
  try {
    return await downloadAndUnzipVSCode({ cachePath: join(root, '.cache/vscode-test') });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { missing: `no desktop VS Code could be downloaded (${reason}); set VSCODE_PATH to an installed one` };
  }
}

async function main(): Promise<number> {
  const editor = await findEditor();
  if (typeof editor !== 'string') {
    console.log(`Desktop tests are SKIPPED: ${editor.missing}.`);
    return skipped;
  }
  if (!existsSync(join(dist, 'client.cjs'))) {
    console.log('The extension is not built. Run npm run build first.');
    return 1;
  }
  const suite = join(root, '.cache/desktop/suite.cjs');
  await build({
    entryPoints: [join(root, 'test/desktop/entry.ts')],
    outfile: suite,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  const home = await mkdtemp(join(tmpdir(), 'morphnet-desktop-'));
  try {
    const workspace = await makeWorkspace(home, 'examples');
    trainDigits(workspace);
    return await runTests({
      vscodeExecutablePath: editor,
      extensionDevelopmentPath: root,
      extensionTestsPath: suite,
      launchArgs: [
        workspace,
        '--disable-extensions',
        '--disable-workspace-trust',
        '--user-data-dir',
        join(home, 'data'),
      ],
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

process.exitCode = await main();
