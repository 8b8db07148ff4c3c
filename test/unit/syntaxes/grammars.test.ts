// The grammars against their annotated fixtures, run by vscode-tmgrammar-test with VS Code's own tokenizer.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const runner = createRequire(import.meta.url).resolve('vscode-tmgrammar-test/dist/unit.js');

function check(grammar: string, fixture: string): { readonly status: number | null; readonly output: string } {
  const run = spawnSync(
    process.execPath,
    [runner, '-g', `syntaxes/${grammar}.tmLanguage.json`, `test/fixtures/grammar/${fixture}`],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return { status: run.status, output: run.stdout + run.stderr };
}

test.for([
  ['darknet', 'darknet.cfg.test'],
  ['prototxt', 'prototxt.prototxt.test'],
] as const)('%s: every token of the fixture has its scope', ([grammar, fixture]) => {
  const { status, output } = check(grammar, fixture);
  expect(output).toContain(`✓ test/fixtures/grammar/${fixture}`);
  expect(status).toBe(0);
});

test('a wrong expectation would be noticed', () => {
  const { status, output } = check('darknet', 'wrong-scope.cfg.test');
  expect(status).not.toBe(0);
  expect(output).toContain('missing required scopes');
});
