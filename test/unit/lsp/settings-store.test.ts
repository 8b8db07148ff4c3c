// Settings are asked of the client once, kept until they change, and never kept when the client failed to give them.

import { expect, test } from 'vitest';
import { defaultSettings } from '../../../server/src/protocol/settings.ts';
import { ServerLog } from '../../../server/src/lsp/server-log.ts';
import { SettingsStore } from '../../../server/src/lsp/settings-store.ts';

const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined };

test('settings are asked for once a document, and anew when they were forgotten', async () => {
  const asked: (string | undefined)[] = [];
  const store = new SettingsStore(new ServerLog(quiet), (scope) => {
    asked.push(scope);
    return Promise.resolve({ convention: 'flops' });
  });
  expect((await store.of('a')).convention).toBe('flops');
  await store.of('a');
  await store.of();
  expect(asked).toEqual(['a', undefined]);
  store.forget('a');
  await store.of('a');
  expect(asked).toEqual(['a', undefined, 'a']);
});

test('an answer that failed gives the defaults, is logged, and is not kept', async () => {
  const errors: string[] = [];
  const log = new ServerLog({ ...quiet, error: (message) => void errors.push(message) });
  let fails = true;
  const store = new SettingsStore(log, () =>
    fails ? Promise.reject(new Error('the client is busy')) : Promise.resolve({ convention: 'flops' }),
  );
  expect(await store.of('a')).toEqual(defaultSettings);
  expect(errors.join()).toContain('the client is busy');
  fails = false;
  expect((await store.of('a')).convention).toBe('flops');
});
