// What is bundled and how: one description for the build and for the test of bundle contents.

import { build, type BuildOptions, type BuildResult, type Plugin } from 'esbuild';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));
/** Where bundles go. */
export const dist = join(root, 'dist');

/** These libraries carry native code: the trainer and its decoding threads find them beside itself or in `node_modules`. */
const nativeLibraries = ['onnxruntime-node', 'sharp'];

const shared = {
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  logLevel: 'warning',
  // Packages offer an ES build and a CommonJS one; only the ES build can be shaken.
  mainFields: ['module', 'main'],
} satisfies BuildOptions;

/** Bundles that another one loads when it needs them, by the module that a dynamic import names. */
const lazyBundles: Plugin = {
  name: 'lazy-bundles',
  setup(bundle) {
    for (const name of ['language-client', 'command-line'])
      bundle.onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: `./${name}.cjs`, external: true } : undefined,
      );
  },
};

const forNode = {
  ...shared,
  plugins: [lazyBundles],
  // `require` for dynamic imports: the editor's extension host answers it for every module.
  supported: { 'dynamic-import': false },
  // Its ES build declares a `require` of its own, which shadows the bundle's.
  alias: { 'web-tree-sitter': join(root, 'node_modules/web-tree-sitter/web-tree-sitter.cjs') },
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode', ...nativeLibraries],
  // The sources are ES modules; in a CommonJS bundle the file's own URL has to be put back.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
} satisfies BuildOptions;

/** For pages: also what their tests build. */
export const forPages = {
  ...shared,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  jsx: 'automatic',
  jsxImportSource: 'preact',
} satisfies BuildOptions;

/** Names of the bundles that run in Node, with their composition roots. */
const nodeEntries = {
  client: 'client/src/extension.ts',
  'language-client': 'client/src/language-client.ts',
  lsp: 'server/src/main/lsp.ts',
  'language-server': 'server/src/main/language-server.ts',
  'analysis-worker': 'server/src/main/analysis-worker.ts',
  analysis: 'server/src/main/analysis.ts',
  'layout-worker': 'server/src/main/layout-worker.ts',
  trainer: 'server/src/main/trainer.ts',
  'image-decoder': 'server/src/main/image-decoder.ts',
  cli: 'server/src/main/cli.ts',
  'command-line': 'server/src/main/command-line.ts',
} as const;

/** Builds one of them somewhere else, as tests want it; the command line with the program that it starts. */
export async function buildNodeBundle(
  name: keyof typeof nodeEntries,
  outfile: string,
  { minify }: Pick<BundleMode, 'minify'> = { minify: false },
): Promise<void> {
  await build({ ...forNode, minify, entryPoints: [nodeEntries[name]], outfile });
  if (name === 'cli') await buildNodeBundle('command-line', join(dirname(outfile), 'command-line.cjs'), { minify });
}

/** Builds the language server with all that it starts and loads into a folder; the path of what to start. */
export async function buildLanguageServer(
  folder: string,
  mode: Pick<BundleMode, 'minify'> = { minify: false },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const require = createRequire(import.meta.url);
  for (const wasm of [
    'web-tree-sitter/web-tree-sitter.wasm',
    'tree-sitter-python/tree-sitter-python.wasm',
    'tree-sitter-typescript/tree-sitter-tsx.wasm',
  ])
    await copyFile(require.resolve(wasm), join(folder, wasm.slice(wasm.indexOf('/') + 1)));
  for (const name of ['language-server', 'analysis-worker', 'analysis', 'layout-worker'] as const)
    await buildNodeBundle(name, join(folder, `${name}.cjs`), mode);
  const server = join(folder, 'lsp.cjs');
  await buildNodeBundle('lsp', server, mode);
  return server;
}

/** How a build differs: for users (small, no source maps) or for us; written or only looked at. */
export interface BundleMode {
  readonly minify: boolean;
  readonly write: boolean;
}

/** Builds every bundle; the result is keyed by its path under dist/. */
export async function buildBundles({
  minify,
  write,
}: BundleMode): Promise<ReadonlyMap<string, BuildResult<{ metafile: true }>>> {
  const mode = { minify, write, sourcemap: minify ? false : 'linked' } satisfies BuildOptions;
  const pages = (await readdir(join(root, 'webview/src/pages'))).filter((file) => file.endsWith('.tsx'));
  const wanted: [string, BuildOptions & { metafile: true }][] = [
    ...Object.entries(nodeEntries).map(([name, entry]): [string, BuildOptions & { metafile: true }] => [
      `${name}.cjs`,
      { ...forNode, ...mode, entryPoints: [entry] },
    ]),
    ...pages.map((page): [string, BuildOptions & { metafile: true }] => [
      `webview/${page.replace(/\.tsx$/, '.js')}`,
      { ...forPages, ...mode, entryPoints: [`webview/src/pages/${page}`] },
    ]),
  ];
  const results = await Promise.all(
    wanted.map(async ([name, options]) => [name, await build({ ...options, outfile: join(dist, name) })] as const),
  );
  return new Map(results);
}
