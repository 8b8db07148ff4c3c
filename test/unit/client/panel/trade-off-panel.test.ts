// The trade-off panel asks for its own sweep, and an answer that comes late changes nothing.

import { expect, test, vi } from 'vitest';
import type { ServerConnection } from '../../../../client/src/server-connection.ts';
import { TradeOffPanel } from '../../../../client/src/panel/trade-off-panel.ts';
import { sampleSweep } from '../../../webview/sample-sweep.ts';

const executed: unknown[] = [];

vi.mock('vscode', () => ({
  commands: { executeCommand: (...words: unknown[]) => Promise.resolve(void executed.push(words)) },
  Uri: { parse: (path: string) => ({ path }), joinPath: () => ({ toString: () => 'folder/file' }) },
  window: { showErrorMessage: () => Promise.resolve(undefined) },
}));

test('it asks for one sweep, and shows the latest answer', async () => {
  const requests: { readonly params: unknown; readonly answer: (sweep: unknown) => void }[] = [];
  const server = {
    request: (name: string, params: unknown) => {
      expect(name).toBe('morphnet/sweep');
      return new Promise((answer) => requests.push({ params, answer }));
    },
  };
  const posted: { sweep: { steps: number } }[] = [];
  let say: (message: unknown) => void = () => undefined;
  let changed: () => void = () => undefined;
  const host = {
    webview: {
      cspSource: '',
      asWebviewUri: (uri: unknown) => uri,
      onDidReceiveMessage: (listener: (message: unknown) => void) => {
        say = listener;
        return { dispose: () => undefined };
      },
      postMessage: (message: { sweep: { steps: number } }) => Promise.resolve(posted.push(message)),
    },
    visible: true,
    title: '',
    onDidChangeViewState: (listener: () => void) => {
      changed = listener;
      return { dispose: () => undefined };
    },
    reveal: () => undefined,
  };
  const asked: string[] = [];
  const training = {
    isTrained: (id: string) => id === 'sweep-1',
    stop: (id: string) => Promise.resolve(void asked.push(`stop ${id}`)),
    resume: (id: string) => Promise.resolve(void asked.push(`go on ${id}`)),
  };
  const connection = server as unknown as ServerConnection;
  const panel = new TradeOffPanel(host as never, 'folder' as never, connection, training, 'sweep-1');
  say({ kind: 'ready' });
  host.visible = false;
  changed();
  host.visible = true;
  changed();
  expect(requests.map(({ params }) => params)).toEqual([{ id: 'sweep-1' }, { id: 'sweep-1' }]);
  requests[1]?.answer({ ...sampleSweep(), steps: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  requests[0]?.answer({ ...sampleSweep(), steps: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(posted.map(({ sweep }) => sweep.steps)).toEqual([2]);
  expect(posted).toMatchObject([{ isTrained: true }]);
  for (const message of [
    { kind: 'stop' },
    { kind: 'resume' },
    { kind: 'point', run: 'points/2', act: 'apply' },
    { kind: 'point', run: '../../elsewhere', act: 'open' },
  ])
    say(message);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual(['stop sweep-1', 'go on sweep-1']);
  expect(executed).toEqual([['morphnet.applyProposal', 'sweep-1/points/2']]);
  panel.dispose();
});
