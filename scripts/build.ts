// Bundles the extension into dist/: the client, the language server, the trainer, the command line and one script a page.
// `--metafile` writes what each bundle contains, for the test of bundle contents and size.

import { build, type BuildOptions } from 'esbuild';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);

/** Tensor libraries carry native code: the trainer finds them beside itself or in `node_modules`. */
const nativeLibraries = ['onnxruntime-node', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'];

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: process.argv.includes('--minify'),
  sourcemap: process.argv.includes('--minify') ? false : 'linked',
  metafile: true,
  logLevel: 'warning',
  // Packages offer an ES build and a CommonJS one; the ES build is the one that can be shaken.
  mainFields: ['module', 'main'],
};

const node: BuildOptions = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode', ...nativeLibraries],
  // The sources are ES modules; in a CommonJS bundle the file's own URL has to be put back.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** Entry points by the name of the bundle that they become. */
const nodeBundles: Readonly<Record<string, string>> = {
  client: 'client/src/extension.ts',
  lsp: 'server/src/main/lsp.ts',
  trainer: 'server/src/main/trainer.ts',
  cli: 'server/src/main/cli.ts',
};

async function buildAll(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(join(dist, 'webview'), { recursive: true });
  const metafiles: Record<string, unknown> = {};
  await Promise.all(
    Object.entries(nodeBundles).map(async ([name, entry]) => {
      const result = await build({ ...node, entryPoints: [entry], outfile: join(dist, `${name}.cjs`) });
      metafiles[name] = result.metafile;
    }),
  );
  const pages = (await readdir(join(root, 'webview/src/pages'))).filter((file) => file.endsWith('.tsx'));
  for (const page of pages) {
    const result = await build({
      ...shared,
      platform: 'browser',
      target: 'es2022',
      format: 'iife',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      entryPoints: [join('webview/src/pages', page)],
      outfile: join(dist, 'webview', page.replace(/\.tsx$/, '.js')),
    });
    metafiles[`webview/${page}`] = result.metafile;
  }
  await copyFile(require.resolve('web-tree-sitter/web-tree-sitter.wasm'), join(dist, 'web-tree-sitter.wasm'));
  await copyFile(require.resolve('tree-sitter-python/tree-sitter-python.wasm'), join(dist, 'tree-sitter-python.wasm'));
  await writeFile(join(dist, 'metafile.json'), JSON.stringify(metafiles));
}

await buildAll();
