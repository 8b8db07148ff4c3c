// What each bundle may contain and how large it may be: a stray import of a tensor library into the language server,
// or of the server into the client, shows here before a user waits for it.

import { beforeAll, expect, test } from 'vitest';
import { buildBundles } from '../../scripts/bundles.ts';

interface Bundle {
  readonly packages: ReadonlySet<string>;
  readonly kilobytes: number;
}

/** Packages that a bundle may contain, and its largest size minified. */
const allowed: Readonly<Record<string, { readonly packages: readonly RegExp[]; readonly kilobytes: number }>> = {
  // Compiled while the editor activates us: small.
  'client.cjs': { packages: [/^valibot$/], kilobytes: 120 },
  'language-client.cjs': {
    packages: [/^vscode-/, /^(minimatch|brace-expansion|balanced-match|semver)$/],
    kilobytes: 700,
  },
  // They start the programs below; small, since they are compiled each time.
  'lsp.cjs': { packages: [], kilobytes: 20 },
  'analysis-worker.cjs': { packages: [], kilobytes: 20 },
  // The thread that speaks the protocol has no parser.
  'language-server.cjs': { packages: [/^vscode-/, /^valibot$/, /^re2js$/], kilobytes: 700 },
  // The thread that reads models has nothing of the protocol but its types.
  'analysis.cjs': {
    packages: [/^vscode-uri$/, /^valibot$/, /^web-tree-sitter$/, /^jsonc-parser$/, /^re2js$/, /^(yaml|smol-toml)$/],
    kilobytes: 1900,
  },
  // Loaded when somebody looks at a graph, by a thread that ends with its layout.
  'layout-worker.cjs': { packages: [/^@dagrejs\//], kilobytes: 70 },
  'trainer.cjs': {
    packages: [
      /^re2js$/,
      /^vscode-uri$/,
      /^valibot$/,
      /^protobufjs$/,
      /^@protobufjs\//,
      /^long$/,
      /^(yauzl|pend)$/,
      /^csv-parse$/,
    ],
    kilobytes: 1200,
  },
  // The image decoder itself is native, and lies beside it.
  'image-decoder.cjs': { packages: [], kilobytes: 50 },
  // Starts the program; small, since it is compiled each time.
  'cli.cjs': { packages: [], kilobytes: 20 },
  'command-line.cjs': {
    packages: [
      /^valibot$/,
      /^web-tree-sitter$/,
      /^jsonc-parser$/,
      /^commander$/,
      /^diff$/,
      /^cli-progress$/,
      /^(string-width|strip-ansi|ansi-regex|emoji-regex|is-fullwidth-code-point)$/,
      /^vscode-uri$/,
      /^re2js$/,
      /^(yaml|smol-toml)$/,
      // Trained weights in NumPy's archives, which it cuts to slim files.
      /^(yauzl|pend)$/,
    ],
    kilobytes: 1900,
  },
  'webview/costs.js': { packages: [/^preact$/, /^@preact\//, /^valibot$/], kilobytes: 100 },
  'webview/dashboard.js': { packages: [/^preact$/, /^@preact\//, /^d3-/, /^internmap$/, /^valibot$/], kilobytes: 200 },
};

let bundles: ReadonlyMap<string, Bundle>;

beforeAll(async () => {
  const results = await buildBundles({ minify: true, write: false });
  bundles = new Map(
    [...results].map(([name, { metafile }]) => {
      const output = Object.values(metafile.outputs).find((candidate) => candidate.entryPoint !== undefined);
      const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      const packages = used.flatMap(([path]) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
      return [name, { packages: new Set(packages), kilobytes: (output?.bytes ?? 0) / 1024 }];
    }),
  );
}, 120_000);

test('every bundle is described here', () => {
  expect([...bundles.keys()].sort()).toEqual(Object.keys(allowed).sort());
});

test.for(Object.keys(allowed))('%s contains only what it may', (name) => {
  const foreign = [...bundles.get(name)!.packages].filter(
    (used) => !allowed[name]!.packages.some((rule) => rule.test(used)),
  );
  expect(foreign).toEqual([]);
});

test.for(Object.keys(allowed))('%s stays small', (name) => {
  expect(bundles.get(name)!.kilobytes).toBeLessThan(allowed[name]!.kilobytes);
});
