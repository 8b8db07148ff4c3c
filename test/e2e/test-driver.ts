// Packages the small extension that runs the desktop's suite inside this server's extension host.

import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../scripts/bundles.ts';

const manifest = {
  name: 'morphnet-tests',
  displayName: 'MorphNet Tests',
  publisher: 'morphnet',
  version: '0.0.0',
  engines: { vscode: '^1.100.0' },
  main: './driver.js',
  files: ['driver.js', 'README.md', 'LICENSE'],
  contributes: { commands: [{ command: 'morphnetTests.run', title: 'MorphNet Tests: Run' }] },
};

/** Gives the path of the packaged extension. */
export async function packageTestDriver(home: string): Promise<string> {
  const folder = join(home, 'test-driver');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'LICENSE'), 'For tests alone.');
  await writeFile(join(folder, 'README.md'), 'Runs the tests that use the API of the editor.');
  await build({
    entryPoints: [join(root, 'test/desktop/driver.ts')],
    outfile: join(folder, 'driver.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  const packed = join(home, 'test-driver.vsix');
  const vsce = createRequire(import.meta.url).resolve('@vscode/vsce/vsce');
  const options = ['package', '--no-dependencies', '--allow-missing-repository', '--out', packed];
  execFileSync(process.execPath, [vsce, ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return packed;
}
