// Everything but the end-to-end tests, which need a browser and a code server: see test/e2e.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,lsp,trainer,webview,layering,repository}/**/*.test.{ts,tsx}'],
    // Two cores: training tests and the analyser would starve each other with more.
    maxWorkers: 2,
    // A hang is what these are for: on two cores beside other work, trainings of a few seconds take a minute.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is waited for comes when it comes: on a busy machine a page takes longer than the second that is usual.
    expect: { poll: { timeout: 60_000 } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
