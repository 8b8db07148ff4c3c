// Which tests `npm run mutation` holds a folder to.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: (process.env['MORPHNET_MUTATION_TESTS'] ?? '').split(' '),
    testTimeout: 60_000,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
