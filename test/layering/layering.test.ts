// A rule that has never failed is not known to work: every dependency rule is broken once in test/fixtures/layering.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface CruiseReport {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = 'test/fixtures/layering/';

function cruise(): CruiseReport {
  const binary = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const options = ['--config', '.dependency-cruiser.js', '--output-type', 'json'];
  const folders = ['server', 'client', 'webview'].map((folder) => `${fixtures}${folder}`);
  const environment = { ...process.env, MORPHNET_LAYERING_ROOT: fixtures };
  const { stdout: text } = spawnSync(process.execPath, [binary, ...options, ...folders], {
    cwd: root,
    encoding: 'utf8',
    env: environment,
    maxBuffer: 1 << 26,
  });
  // The report is the tool's own JSON; only the fields above are used.
  return JSON.parse(text) as CruiseReport;
}

test('every dependency rule reports its planted violation', () => {
  const { violations, ruleSetUsed } = cruise().summary;
  const reported = new Set(violations.map((violation) => violation.rule.name));
  expect([...reported].sort()).toEqual(ruleSetUsed.forbidden.map((rule) => rule.name).sort());
});

test('a clean file is not reported', () => {
  expect(cruise().summary.violations.filter((violation) => violation.from.endsWith('target.ts'))).toEqual([]);
});
