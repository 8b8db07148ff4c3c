// The panel's side of the conversation: snapshot before growth, hostile messages, refusals, a page that starts over.

import { beforeEach, expect, test, vi } from 'vitest';
import { TabInputText, TabInputWebview, Uri, ViewColumn } from 'vscode';
import type { RunSnapshot } from '../../../../server/src/protocol/run-files.ts';
import type { ServerNotifications } from '../../../../server/src/protocol/lsp-extensions.ts';
import type { ServerConnection } from '../../../../client/src/server-connection.ts';
import { DashboardPanel } from '../../../../client/src/panel/dashboard-panel.ts';
import { sampleRun } from '../../../webview/sample-run.ts';

type Growth = ServerNotifications['morphnet/runGrew'];

/** What the editor was asked to do. */
const editor = vi.hoisted((): { commands: unknown[][]; shown: unknown[][]; tabGroups: unknown } => ({
  commands: [],
  shown: [],
  tabGroups: undefined,
}));

vi.mock('vscode', () => ({
  Uri: {
    parse: (text: string) => ({ path: new URL(text).pathname, toString: () => text }),
    joinPath: (base: { toString(): string }, ...parts: string[]) => ({ toString: () => [base, ...parts].join('/') }),
  },
  Range: class {
    readonly numbers: readonly number[];
    constructor(...numbers: number[]) {
      this.numbers = numbers;
    }
  },
  TabInputText: function TabInputText() {},
  TabInputNotebook: function TabInputNotebook() {},
  TabInputWebview: function TabInputWebview() {},
  ViewColumn: { One: 1, Beside: -2 },
  commands: { executeCommand: (...call: unknown[]) => Promise.resolve(editor.commands.push(call)) },
  workspace: {
    getConfiguration: () => ({ get: () => 'flops' }),
    onDidChangeConfiguration: () => ({ dispose: () => undefined }),
  },
  window: {
    get tabGroups() {
      return editor.tabGroups;
    },
    showTextDocument: (...call: unknown[]) => Promise.resolve(editor.shown.push(call)),
    showErrorMessage: (...call: unknown[]) => Promise.resolve(editor.shown.push(call)),
  },
}));

/** A webview panel whose page is the test. */
class FakePage {
  html = '';
  options: unknown = {};
  readonly cspSource = 'https://editor.test';
  readonly posted: { kind: string }[] = [];
  #listener: (message: unknown) => void = () => undefined;

  onDidReceiveMessage(listener: (message: unknown) => void) {
    this.#listener = listener;
    return { dispose: () => undefined };
  }

  asWebviewUri(uri: { toString(): string }) {
    return uri;
  }

  postMessage(message: { kind: string }) {
    this.posted.push(message);
    return Promise.resolve(true);
  }

  say(message: unknown): void {
    this.#listener(message);
  }
}

/** A server that answers when the test lets it. */
class FakeServer {
  readonly requests: unknown[][] = [];
  grew: (growth: Growth) => void = () => undefined;
  #answers: ((answer: unknown) => void)[] = [];
  #failures: ((reason: unknown) => void)[] = [];

  request(...call: unknown[]) {
    this.requests.push(call);
    return new Promise((resolve, reject) => {
      this.#answers.push(resolve);
      this.#failures.push(reject);
    });
  }

  onNotification(_: string, listener: (growth: Growth) => void) {
    this.grew = listener;
    return { dispose: () => (this.grew = () => undefined) };
  }

  restarted: () => void = () => undefined;

  onRestart(listener: () => void) {
    this.restarted = listener;
    return { dispose: () => (this.restarted = () => undefined) };
  }

  /** Fails the oldest open request. */
  async fail(): Promise<void> {
    this.#failures.shift()?.(new Error('The server is gone.'));
    this.#answers.shift();
    await settled();
  }

  /** Answers the oldest open request, and lets the panel act on it. */
  async answer(value: unknown): Promise<void> {
    this.#failures.shift();
    this.#answers.shift()?.(value);
    await settled();
  }
}

/** All that is under way and waits for nobody has happened. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const snapshot: RunSnapshot = sampleRun({ layers: 2, step: 20, status: 'running' });
const growth = (id: string): Growth => ({ id, status: 'running', events: snapshot.events.slice(-1) });
let page: FakePage;
let server: FakeServer;
let panel: DashboardPanel;
let titled: { title: string };

beforeEach(() => {
  editor.commands.length = 0;
  editor.shown.length = 0;
  page = new FakePage();
  server = new FakeServer();
  const host = { webview: page, title: '', viewColumn: 1, reveal: () => undefined };
  titled = host;
  // The parts of the editor's types that the panel uses.
  panel = new DashboardPanel(host as never, 'folder' as never, server as unknown as ServerConnection, 'lenet-1');
});

const kinds = (): string[] => page.posted.map(({ kind }) => kind);

test('growth waits for the snapshot and follows it; other runs do not matter', async () => {
  page.say({ kind: 'ready' });
  server.grew(growth('lenet-1'));
  server.grew(growth('another-run'));
  expect(kinds()).toEqual([]);
  await server.answer(snapshot);
  expect(kinds()).toEqual(['snapshot', 'grew']);
  expect(page.posted[0]).toMatchObject({ convention: 'flops', snapshot: { id: 'lenet-1' } });
  expect(titled.title).toBe('MorphNet: LeNet()');
  server.grew(growth('lenet-1'));
  expect(kinds()).toEqual(['snapshot', 'grew', 'grew']);
});

test('a page that starts over is sent one snapshot, the later', async () => {
  page.say({ kind: 'ready' });
  page.say({ kind: 'ready' });
  await server.answer(snapshot);
  expect(kinds()).toEqual([]);
  await server.answer({ ...snapshot, status: 'finished' });
  expect(page.posted).toMatchObject([{ kind: 'snapshot', snapshot: { status: 'finished' } }]);
});

test('a run that cannot be read is refused on the page', async () => {
  page.say({ kind: 'ready' });
  await server.answer({ refused: true, message: 'config.json is no JSON.' });
  expect(page.posted).toEqual([{ kind: 'refused', message: 'config.json is no JSON.' }]);
});

test('buttons become commands with the run', async () => {
  page.say({ kind: 'stop' });
  page.say({ kind: 'pause' });
  page.say({ kind: 'resume' });
  page.say({ kind: 'apply' });
  page.say({ kind: 'apply', layer: 'conv1' });
  page.say({ kind: 'apply', layer: 'conv1', expanded: true });
  page.say({ kind: 'write-file' });
  page.say({ kind: 'write-file', expanded: true });
  page.say({ kind: 'expand' });
  await settled();
  expect(editor.commands).toEqual([
    ['morphnet.stopRun', 'lenet-1'],
    ['morphnet.pauseRun', 'lenet-1'],
    ['morphnet.resumeRun', 'lenet-1'],
    ['morphnet.applyProposal', 'lenet-1'],
    ['morphnet.applyProposal', 'lenet-1', 'conv1'],
    ['morphnet.applyExpanded', 'lenet-1', 'conv1'],
    ['morphnet.writeSlimModel', 'lenet-1'],
    ['morphnet.writeExpandedModel', 'lenet-1'],
    ['morphnet.expandRun', 'lenet-1'],
  ]);
});

test.for([
  undefined,
  'stop',
  { kind: 'run-anything' },
  { kind: 'apply', layer: 3 },
  { kind: 'show-in-code' },
  { kind: 'show-in-code', layer: 'x'.repeat(100_000) },
])('what our page cannot have said is dropped: %j', async (message) => {
  page.say(message);
  await settled();
  expect([server.requests, editor.commands, editor.shown]).toEqual([[], [], []]);
});

async function shownColumn(tabGroups: unknown): Promise<unknown> {
  editor.tabGroups = tabGroups;
  page.say({ kind: 'show-in-code', layer: 'conv1' });
  const range = { start: { line: 3, character: 4 }, end: { line: 3, character: 9 } };
  await server.answer({ uri: 'file:///models/lenet.py', range });
  const [[uri, options] = []] = editor.shown;
  expect(String(uri)).toBe('file:///models/lenet.py');
  expect(options).toMatchObject({ selection: { numbers: [3, 4, 3, 9] } });
  return (options as { viewColumn: unknown }).viewColumn;
}

test('a layer is shown in the column that has its file open', async () => {
  const input = Object.assign(new TabInputText(Uri.parse('file:///models/lenet.py')), {
    uri: Uri.parse('file:///models/lenet.py'),
  });
  expect(await shownColumn({ all: [{ viewColumn: 3, tabs: [{ input }] }], activeTabGroup: {} })).toBe(3);
});

test('a file that is not open is shown beside the dashboard, not over it', async () => {
  const activeTab = { input: new TabInputWebview('morphnet.dashboard') };
  expect(await shownColumn({ all: [], activeTabGroup: { viewColumn: 1, activeTab } })).toBe(ViewColumn.Beside);
  editor.shown.length = 0;
  expect(await shownColumn({ all: [], activeTabGroup: { viewColumn: 2, activeTab } })).toBe(ViewColumn.One);
});

test('a layer that is nowhere is said on the page', async () => {
  page.say({ kind: 'show-in-code', layer: 'conv9' });
  await server.answer({ refused: true, message: 'lenet.py has no layer conv9 any more.' });
  expect(page.posted).toEqual([{ kind: 'refused', message: 'lenet.py has no layer conv9 any more.' }]);
});

test('the page lets in its own script and style alone', () => {
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page.html)?.[1] ?? '';
  const nonce = /<script nonce="([^"]{32})"/.exec(page.html)?.[1] ?? 'missing';
  expect(policy).toBe(`default-src 'none'; script-src 'nonce-${nonce}'; style-src https://editor.test; img-src data:`);
  expect(page.options).toEqual({ enableScripts: true, localResourceRoots: ['folder'] });
});

test('nothing is sent once the panel is closed', async () => {
  page.say({ kind: 'ready' });
  await server.answer(snapshot);
  panel.dispose();
  server.grew(growth('lenet-1'));
  expect(kinds()).toEqual(['snapshot']);
});

test('a server that came back is asked how the run stands, since its trainers went with it', async () => {
  page.say({ kind: 'ready' });
  await server.answer(snapshot);
  server.restarted();
  await server.answer({ ...snapshot, status: 'interrupted' });
  expect(page.posted.at(-1)).toMatchObject({ kind: 'snapshot', snapshot: { status: 'interrupted' } });
});

test('nothing is kept while snapshots fail; the next news asks for one again', async () => {
  page.say({ kind: 'ready' });
  for (let number = 0; number < 50; number++) server.grew(growth('lenet-1'));
  await server.fail();
  expect(server.requests).toHaveLength(1);
  server.grew(growth('lenet-1'));
  expect(server.requests).toHaveLength(2);
  await server.answer(snapshot);
  // The snapshot and nothing of before: what was held is in it.
  expect(page.posted.map(({ kind }) => kind)).toEqual(['snapshot']);
});

test('a snapshot that takes for ever is asked for again rather than news kept without end', async () => {
  page.say({ kind: 'ready' });
  for (let number = 0; number < 1000; number++) server.grew(growth('lenet-1'));
  expect(server.requests.length).toBeGreaterThan(1);
  expect(server.requests.length).toBeLessThan(5);
  for (let number = server.requests.length; number > 0; number--) await server.answer(snapshot);
  expect(page.posted.filter(({ kind }) => kind === 'grew').length).toBeLessThanOrEqual(400);
});
