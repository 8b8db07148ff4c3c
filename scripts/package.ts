// Builds the installable extension for one platform: `npm run package [-- --target linux-x64]`.
// The native runtime of the target platform travels beside the trainer; nothing else of node_modules does.

import { execFileSync } from 'node:child_process';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundles.ts';
import { stageImageDecoder, stageTensorRuntime } from './stage-runtime.ts';
import { noticesFile, stagedPackages, thirdPartyNotices } from './third-party-notices.ts';

const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: { target: { type: 'string', default: `${process.platform}-${process.arch}` }, out: { type: 'string' } },
});
const target = values.target;
const [platform, architecture] = target.split('-');
if (platform === undefined || architecture === undefined) {
  throw new Error(`--target must look like linux-x64, not ${target}`);
}

execFileSync(process.execPath, ['--import', 'tsx', join(root, 'scripts/build.ts'), '--minify'], {
  cwd: root,
  stdio: 'inherit',
});
const modules = join(root, 'dist/node_modules');
await rm(modules, { recursive: true, force: true });
await stageTensorRuntime(modules, { platform, architecture });
await stageImageDecoder(modules, { platform, architecture });
await appendFile(noticesFile, `\n\n${await thirdPartyNotices(await stagedPackages(modules))}`);
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
const out = values.out ?? join(root, 'dist', `morphnet-${target}-${version}.vsix`);
execFileSync(
  process.execPath,
  [
    require.resolve('@vscode/vsce/vsce'),
    'package',
    '--no-dependencies',
    '--no-rewrite-relative-links',
    '--target',
    target,
    '--out',
    out,
  ],
  { cwd: root, stdio: 'inherit' },
);
