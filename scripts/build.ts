// Bundles the extension into dist/: the client, the language server, the trainer, the command line and one script a page.
// `--minify` builds what users get.

import { copyFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildBundles, dist, root } from './bundles.ts';
import { torchModule } from './torch-module.ts';
import { bundledPackages, noticesFile, thirdPartyNotices } from './third-party-notices.ts';

const require = createRequire(import.meta.url);

await rm(dist, { recursive: true, force: true });
const bundles = await buildBundles({ minify: process.argv.includes('--minify'), write: true });
for (const wasm of [
  'web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-python/tree-sitter-python.wasm',
  'tree-sitter-typescript/tree-sitter-tsx.wasm',
]) {
  await copyFile(require.resolve(wasm), join(dist, wasm.slice(wasm.indexOf('/') + 1)));
}
await writeFile(join(dist, 'morphnet_torch.py'), torchModule());
for (const script of ['torch_engine.py', 'torch_timing.py'])
  await copyFile(join(root, 'python', script), join(dist, script));
const carried = bundledPackages([...bundles.values()].map(({ metafile }) => metafile));
const parsers = [
  'node_modules/web-tree-sitter',
  'node_modules/tree-sitter-python',
  'node_modules/tree-sitter-typescript',
];
await writeFile(noticesFile, await thirdPartyNotices([...new Set([...carried, ...parsers])]));
