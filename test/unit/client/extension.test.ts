// The extension as the editor runs it: activated whole, its commands called by their ids, its answers from the real server.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { URI } from 'vscode-uri';
import type { ExtensionContext } from 'vscode';
import { activate, deactivate } from '../../../client/src/extension.ts';
import { runDefaults } from '../../../server/src/protocol/run-defaults.ts';
import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import { commandDeclarations } from '../../../server/src/protocol/commands.ts';
import { GivenRuns, openEditor, TestWorkspace, type Editor } from '../../lsp/server-session.ts';
import { smallNetwork } from '../../lsp/small-network.ts';
import { darknetGraph } from '../../support/darknet.ts';
import { link } from '../../support/language-client.ts';
import { stage, type OpenDocument } from '../../support/vscode.ts';

vi.mock('vscode', () => import('../../support/vscode.ts'));
// The server of a test is in this process.
vi.mock('../../../client/src/server-process.ts', () => ({ startServerProcess: () => undefined }));
vi.mock('../../../client/src/language-client.ts', () => import('../../support/language-client.ts'));

const [firstLayer = ''] = darknetGraph(smallNetwork).ops.flatMap(({ name, attributes }) =>
  attributes.kind === 'convolution' ? [name] : [],
);

/** A run of the small network that has proposed three of four channels. */
function finishedRun(workspace: TestWorkspace, id: string): RunSnapshot {
  const none = { before: 0, after: 0 };
  const width = { before: 4, after: 3 };
  const layer = { name: firstLayer, label: 'convolutional', group: firstLayer, width };
  return {
    id,
    folder: workspace.pathOf(`.morphnet/runs/${id}`),
    status: 'finished',
    config: {
      version: 1,
      model: { document: workspace.uriOf('small.cfg'), entry: '', input: [[3, 8, 8]] },
      data: { kind: 'idx', path: workspace.pathOf('data') },
      ...runDefaults,
      device: { name: 'V100', peakGflopsPerSecond: 125_000, memoryGigabytesPerSecond: 900 },
    },
    events: [{ version: 1, time: 0, kind: 'finished', step: 1000, summary: 'Half the cost.' }],
    proposal: {
      version: 1,
      step: 1000,
      layers: [{ ...layer, macs: none, params: none, latencyMs: none }],
      totals: { macs: none, params: none, latencyMs: none },
      removed: [],
      device: 'V100',
    },
  };
}

/** What the extension keeps with the editor. */
function memento(): unknown {
  const kept = new Map<string, unknown>();
  return {
    get: (key: string, otherwise?: unknown) => kept.get(key) ?? otherwise,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  };
}

let editor: Editor;
let runs: GivenRuns;
let model: OpenDocument;
let subscriptions: { dispose(): unknown }[];

beforeEach(async () => {
  stage.clear();
  const workspace = new TestWorkspace();
  runs = new GivenRuns([finishedRun(workspace, 'run-1')]);
  editor = await openEditor({ workspace, runs });
  link.editor = editor;
  stage.folders = [{ uri: URI.parse(workspace.uri), name: 'test', index: 0 }];
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => found.some(({ code }) => code === 'proposed-width'));
  subscriptions = [];
  const context = {
    subscriptions,
    extensionUri: URI.file('/extension'),
    globalStorageUri: URI.file('/storage'),
    asAbsolutePath: (path: string) => path,
    workspaceState: memento(),
    globalState: memento(),
  };
  model = stage.open(URI.parse(uri), 'darknet', smallNetwork);
  // The parts of a context that the extension looks at.
  activate(context as unknown as ExtensionContext);
});

afterEach(async () => {
  await deactivate();
  for (const subscription of subscriptions) subscription.dispose();
  await editor[Symbol.asyncDispose]();
});

const run = async (id: string, ...rest: readonly unknown[]): Promise<void> => {
  await stage.commands.get(id)?.(...rest);
};

test('every command that the manifest offers is there', () => {
  expect([...stage.commands.keys()].sort()).toEqual(commandDeclarations.map(({ command }) => command).sort());
});

test('a `.cfg` of another program goes back to its own language, a model of Darknet stays one', () => {
  const other = stage.open(URI.file('/project/setup.cfg'), 'darknet', '[metadata]\nname = tool\n');
  expect(other.languageId).toBe('properties');
  expect(model.languageId).toBe('darknet');
});

test('Apply edits the source to what the run proposes', async () => {
  await run('morphnet.applyProposal', 'run-1');
  expect(model.getText()).toBe(smallNetwork.replace('filters=4', 'filters=3'));
  expect(stage.messages).toEqual([]);
});

test('Apply edits nothing where the text is not the one any more that was proven', async () => {
  // The same numbers at the same places, in a text of which the server has not heard yet.
  model.write(`${smallNetwork}\n# mine\n`);
  const before = model.getText();
  await run('morphnet.applyProposal', 'run-1');
  expect(model.getText()).toBe(before);
  expect(stage.messages.map(({ message }) => message)).toEqual([
    'MorphNet: small.cfg was changed meanwhile. Nothing was edited; try again.',
  ]);
});

test('a refusal is told and edits nothing', async () => {
  await run('morphnet.applyProposal', 'no-such-run');
  expect(model.getText()).toBe(smallNetwork);
  expect(stage.messages).toHaveLength(1);
});

test('a broken answer of the server is told once, with where to look', async () => {
  vi.spyOn(editor, 'rawRequest').mockRejectedValue(new Error('Connection is closed.'));
  await run('morphnet.applyProposal', 'run-1');
  expect(stage.messages).toEqual([
    {
      kind: 'error',
      message: 'MorphNet: Applying the widths failed: Connection is closed. The output channel "MorphNet" says more.',
      choices: [],
    },
  ]);
});

test('a run is resumed, shown while it trains, and at its end asks what to do', async () => {
  await run('morphnet.resumeRun', 'run-1');
  const item = stage.statusBar.get('morphnet.run');
  await expect.poll(() => item?.isShown).toBe(true);
  stage.answer = (_, choices) => (choices.includes('Apply') ? 'Apply' : undefined);
  runs.grow({
    id: 'run-1',
    status: 'finished',
    events: [{ version: 1, time: 1, kind: 'finished', step: 1000, summary: 'Half the cost.' }],
  });
  await expect.poll(() => model.getText()).toContain('filters=3');
  expect(stage.messages.map(({ message }) => message)).toContain('MorphNet: small.cfg: Half the cost.');
});

test('at the end of a run whose dashboard is seen there is no message; where it is behind others, none that applies', async () => {
  const finish = (): void => {
    runs.grow({
      id: 'run-1',
      status: 'finished',
      events: [{ version: 1, time: 1, kind: 'finished', step: 1000, summary: 'Half the cost.' }],
    });
  };
  const item = () => stage.statusBar.get('morphnet.run');
  await run('morphnet.openDashboard', 'run-1');
  await run('morphnet.resumeRun', 'run-1');
  await expect.poll(() => item()?.isShown).toBe(true);
  finish();
  await expect.poll(() => item()?.isShown).toBe(false);
  expect(stage.messages).toEqual([]);
  stage.panels[0]!.visible = false;
  await run('morphnet.resumeRun', 'run-1');
  await expect.poll(() => item()?.isShown).toBe(true);
  finish();
  await expect.poll(() => stage.messages).toHaveLength(1);
  expect(stage.messages[0]).toMatchObject({
    message: 'MorphNet: small.cfg: Half the cost.',
    choices: ['Open Dashboard'],
  });
});

test('in Restricted Mode nothing trains, and it is said why', async () => {
  stage.isTrusted = false;
  await run('morphnet.resumeRun', 'run-1');
  expect(stage.messages.map(({ message }) => message)).toEqual([
    'MorphNet does not train in Restricted Mode. Costs are still shown. Trust this workspace to run MorphNet.',
  ]);
  expect(stage.statusBar.get('morphnet.run')?.isShown).not.toBe(true);
});

test('the dashboard is one panel a run: its page gets the run as it stands, then what it becomes', async () => {
  await run('morphnet.openDashboard', 'run-1');
  await run('morphnet.openDashboard', 'run-1');
  const [panel, ...others] = stage.panels;
  expect(others).toEqual([]);
  expect(panel?.revealed).toBe(1);
  panel?.say({ kind: 'ready' });
  await expect.poll(() => panel?.posted.map(({ kind }) => kind)).toEqual(['snapshot']);
  runs.grow({ id: 'run-1', status: 'running', events: [] });
  await expect.poll(() => panel?.posted.map(({ kind }) => kind)).toEqual(['snapshot', 'grew']);
  // Another run's news are nothing to this page.
  runs.grow({ id: 'run-2', status: 'running', events: [] });
  panel?.dispose();
  await run('morphnet.openDashboard', 'run-1');
  expect(stage.panels).toHaveLength(2);
  expect(panel?.posted).toHaveLength(2);
});

test('a width is asked for by layer, and set once it is accepted', async () => {
  stage.answer = (asked, choices) => (asked.includes('Width of') ? '2' : choices[0]);
  await run('morphnet.setWidth', model.uri.toString(), '');
  expect(model.getText()).toBe(smallNetwork.replace('filters=4', 'filters=2'));
});

test('another device is asked for figure by figure, and is the one of latencies then', async () => {
  const answers: Readonly<Record<string, string>> = {
    'The device that latency is estimated for': '$(add) Another Device…',
    'Another Device (1/3)': 'edge box',
    'Another Device (2/3)': '500',
    'Another Device (3/3)': '25',
  };
  stage.answer = (asked) => answers[asked];
  await run('morphnet.selectDevice');
  expect(stage.configuration).toMatchObject({
    device: 'edge box',
    devices: { 'edge box': { peakGflopsPerSecond: 500, memoryGigabytesPerSecond: 25 } },
  });
});

test.for([
  ['Another Device (1/3)', 'V100', 'There is a device V100.'],
  ['Another Device (2/3)', '1e12', 'Write a number between 0.001 and 100,000,000.'],
])('%s does not take %s', async ([box, text, refusal]) => {
  const answers: Readonly<Record<string, string>> = {
    'The device that latency is estimated for': '$(add) Another Device…',
    'Another Device (1/3)': 'edge box',
    [box!]: text!,
  };
  stage.answer = (asked) => answers[asked];
  await run('morphnet.selectDevice');
  expect(stage.refusals).toEqual([refusal]);
  expect(stage.configuration).toEqual({});
});

test('this machine is measured with what the user names: ONNX Runtime, or PyTorch in a number format', async () => {
  const asked = vi.spyOn(editor, 'rawRequest');
  for (const means of ['ONNX Runtime', 'PyTorch, amp']) {
    stage.answer = () => means;
    await run('morphnet.measureMachine');
  }
  const measuring = asked.mock.calls.filter(([name]) => name === 'morphnet/measureMachine');
  expect(measuring.map(([, params]) => params)).toEqual([{}, { precision: 'amp' }]);
});
