// Builds the installable extension for one platform: `npm run package [-- --target linux-x64]`.
// The native runtime of the target platform travels beside the trainer; nothing else of node_modules does.

import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: { target: { type: 'string', default: `${process.platform}-${process.arch}` }, out: { type: 'string' } },
});
const target = values.target;
const [platform, architecture] = target.split('-');
if (platform === undefined || architecture === undefined) {
  throw new Error(`--target must look like linux-x64, not ${target}`);
}

/** The folder of an installed package, whichever entry it exports. */
function packageFolder(name: string, from: NodeJS.Require): string {
  const entry = from.resolve(name);
  return entry.slice(0, entry.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
}

/** Copies the parts of onnxruntime-node that run on the target into dist/node_modules, where the trainer looks first. */
async function stageRuntime(): Promise<void> {
  const modules = join(root, 'dist/node_modules');
  await rm(modules, { recursive: true, force: true });
  const runtime = packageFolder('onnxruntime-node', require);
  const binaries = join('bin', 'napi-v6', platform ?? '', architecture ?? '');
  for (const part of ['package.json', 'dist', binaries]) {
    await mkdir(dirname(join(modules, 'onnxruntime-node', part)), { recursive: true });
    await cp(join(runtime, part), join(modules, 'onnxruntime-node', part), { recursive: true });
  }
  const common = packageFolder('onnxruntime-common', createRequire(join(runtime, 'package.json')));
  await mkdir(join(modules, 'onnxruntime-common'), { recursive: true });
  for (const part of ['package.json', 'dist/cjs']) {
    await cp(join(common, part), join(modules, 'onnxruntime-common', part), { recursive: true });
  }
}

execFileSync(process.execPath, ['--import', 'tsx', join(root, 'scripts/build.ts'), '--minify'], {
  cwd: root,
  stdio: 'inherit',
});
await stageRuntime();
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
