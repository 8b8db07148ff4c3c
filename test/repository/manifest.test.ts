// The manifest says what the declarations say: settings, commands and the like are written once.

import { expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generate-manifest.ts';

test('generated files are up to date (npm run generate)', async () => {
  for (const { path, current, wanted } of await generatedFiles()) {
    expect(current, path).toBe(wanted);
  }
});
