// The Darknet grammar against its annotated fixture, run by vscode-tmgrammar-test with VS Code's own tokenizer.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const runner = createRequire(import.meta.url).resolve('vscode-tmgrammar-test/dist/unit.js');

function check(fixture: string): { readonly status: number | null; readonly output: string } {
  const run = spawnSync(
    process.execPath,
    [runner, '-g', 'syntaxes/darknet.tmLanguage.json', `test/fixtures/grammar/${fixture}`],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return { status: run.status, output: run.stdout + run.stderr };
}

test('every token of the fixture has its scope', () => {
  const { status, output } = check('darknet.cfg.test');
  expect(output).toContain('✓ test/fixtures/grammar/darknet.cfg.test');
  expect(status).toBe(0);
});

test('a wrong expectation would be noticed', () => {
  const { status, output } = check('wrong-scope.cfg.test');
  expect(status).not.toBe(0);
  expect(output).toContain('missing required scopes');
});
