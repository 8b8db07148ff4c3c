// Runs seen from the editor: drafts, starting, news, and proposals that become hints and quick-fixes.

import { readFileSync } from 'node:fs';
import { FileChangeType, type CodeAction, type TextDocumentEdit } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { expect, test } from 'vitest';
import type { RebuildNetwork } from '../../server/src/analysis/proposal-plans.ts';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { runDefaults } from '../../server/src/protocol/run-defaults.ts';
import type { RunProposal, RunSnapshot } from '../../server/src/protocol/run-files.ts';
import { darknetGraph } from '../support/darknet.ts';
import { pythonFrontend } from '../support/python-frontend.ts';
import { GivenRuns, openEditor, TestWorkspace, type Editor } from './server-session.ts';
import { firstLayerLine, smallNetwork } from './small-network.ts';

const firstLayer = darknetGraph(smallNetwork).ops.find(({ attributes }) => attributes.kind === 'convolution')!.name;

/** Three of four channels in the first layer. The costs are not looked at here. */
function proposal(step: number, after = 3): RunProposal {
  const none = { before: 0, after: 0 };
  const layer = { name: firstLayer, label: 'convolutional', group: firstLayer, width: { before: 4, after } };
  return {
    version: 1,
    step,
    layers: [{ ...layer, macs: none, params: none, latencyMs: none }],
    totals: { macs: none, params: none, latencyMs: none },
    removed: [],
    device: 'V100',
  };
}

function run(workspace: TestWorkspace, id: string, after?: number): RunSnapshot {
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
    ...(after !== undefined && { proposal: proposal(1000, after) }),
  };
}

/** An editor in a workspace where a run has proposed a width. */
async function afterRun(): Promise<Editor> {
  const workspace = new TestWorkspace();
  const runs = new GivenRuns([run(workspace, 'run-1', 2), run(workspace, 'run-2', 3)]);
  const editor = await openEditor({ workspace, runs });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => found.some(({ code }) => code === 'proposed-width'));
  return editor;
}

/** The document's text after an action. */
function applied(action: CodeAction, uri: string, text: string): string {
  const [change] = action.edit?.documentChanges ?? [];
  const { textDocument, edits } = change as TextDocumentEdit;
  expect(textDocument).toEqual({ uri, version: 1 });
  return TextDocument.applyEdits(TextDocument.create(uri, 'darknet', 1, text), edits as never);
}

test('the latest run’s proposal is a hint with a quick-fix that is one edit', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  const hints = await editor.diagnostics(uri);
  expect(hints.map(({ message, severity, range }) => [message, severity, range.start.line])).toEqual([
    ['MorphNet proposes 3 of 4 channels', 4, firstLayerLine],
  ]);
  const actions = (await editor.actions(uri, firstLayerLine, hints)) as readonly CodeAction[];
  const fixes = actions.filter(({ kind }) => kind === 'quickfix');
  expect(fixes.map(({ title, kind, isPreferred }) => [title, kind, isPreferred])).toEqual([
    ['Set width to 3', 'quickfix', true],
    ['Apply the proposed width', 'quickfix', false],
  ]);
  expect(actions[0]?.diagnostics).toEqual(hints);
  expect(applied(actions[0]!, uri, smallNetwork)).toBe(smallNetwork.replace('filters=4', 'filters=3'));
});

const shared = `import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3)
        self.second = nn.Conv2d(width, width, 3)
        self.last = nn.Linear(width, 10)

    def forward(self, x):
        return self.last(self.second(self.first(x)).mean((2, 3)))


def net():
    return Net(8)


def wide():
    return Net(16)
`;

/** An editor where a run proposes 5 of 8 channels for the first of two layers that share a number. */
async function afterSharedRun(): Promise<Editor> {
  const workspace = new TestWorkspace();
  const given = run(workspace, 'run-1', 3);
  const none = { before: 0, after: 0 };
  const layer = { name: 'first', label: 'Conv2d', group: 'first', width: { before: 8, after: 5 } };
  const model = { document: workspace.uriOf('net.py'), entry: 'net()', input: [[3, 32, 32]] };
  const runs = new GivenRuns([
    {
      ...given,
      config: { ...given.config, model },
      proposal: { ...proposal(1000), layers: [{ ...layer, macs: none, params: none, latencyMs: none }] },
    },
  ]);
  return openEditor({ workspace, runs, analysis: { frontends: [pythonFrontend] }, resolvesActions: true });
}

/** The code with a width for the first layer, and its number at the builder. */
const ownFirstWidth = shared
  .replace('(self, width):', '(self, width, first_width=None):')
  .replace(
    '        self.first = nn.Conv2d(3, width, 3)',
    '        first_width = first_width or width\n        self.first = nn.Conv2d(3, first_width, 3)',
  )
  .replace('nn.Conv2d(width, width, 3)', 'nn.Conv2d(first_width, width, 3)')
  .replace('Net(8)', 'Net(8, first_width=5)');

test.for([{}, { layer: 'first' }])(
  'the dashboard’s Apply %j rewrites code that layers share, and says so',
  async (asked) => {
    await using editor = await afterSharedRun();
    const uri = await editor.open('net.py', shared);
    const edits = await editor.request('morphnet/proposalEdits', { id: 'run-1', ...asked });
    if ('refused' in edits) throw new Error(edits.message);
    const [document] = edits.documents;
    const before = TextDocument.create(uri, 'python', 1, shared);
    expect(TextDocument.applyEdits(before, [...(document?.edits ?? [])])).toBe(ownFirstWidth);
    expect(edits).toMatchObject({
      title: 'Apply the proposed width, rewriting code that layers share',
      isExact: true,
      sentences: [
        'First numbers that several layers share become parameters, which changes no model; then they get their widths.',
      ],
    });
  },
);

test('a layer that shares its number gets one of its own when the action is chosen, proven then', async () => {
  await using editor = await afterSharedRun();
  const uri = await editor.open('net.py', shared);
  await editor.diagnostics(uri, (found) => found.some(({ code }) => code === 'proposed-width'));
  const line = shared.split('\n').findIndex((text) => text.includes('self.first ='));
  const actions = (await editor.actions(uri, line)) as readonly CodeAction[];
  const chosen = actions.find(({ title }) => title.startsWith('Give first a width of its own: 5'));
  expect(chosen?.edit).toBeUndefined();
  const resolved = await editor.resolveAction(chosen!);
  expect(applied(resolved, uri, shared)).toBe(ownFirstWidth);
});

/** What is offered on the first layer that mends something. */
const quickFixes = async (editor: Editor, uri: string) =>
  (await editor.actions(uri, firstLayerLine)).filter((action) => 'kind' in action && action.kind === 'quickfix');

test('the hint goes once the width is as proposed, and comes back on undo', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  await editor.change(uri, smallNetwork.replace('filters=4', 'filters=3'));
  await editor.diagnostics(uri, (found) => found.length === 0);
  expect(await quickFixes(editor, uri)).toEqual([]);
  await editor.change(uri, smallNetwork);
  await editor.diagnostics(uri, (found) => found.length === 1);
});

test('a width that can’t be read gets no quick-fix', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  await editor.change(uri, smallNetwork.replace('filters=4', 'filters=four'));
  expect(await quickFixes(editor, uri)).toEqual([]);
});

test('an edit that can’t be proven is not offered', async () => {
  const workspace = new TestWorkspace();
  const runs = new GivenRuns([run(workspace, 'run-1', 3)]);
  // Structure wants what no width can give: another stride behind the layer.
  const contrary: RebuildNetwork = (_grouping, widths) =>
    darknetGraph(
      smallNetwork
        .replace('filters=4', `filters=${String([...widths.values()][0] ?? 4)}`)
        .replace('size=1\nstride=1', 'size=1\nstride=2'),
    );
  await using editor = await openEditor({
    workspace,
    runs,
    analysis: { frontends: [darknetFrontend], rebuild: contrary },
  });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => found.length > 0);
  expect(await quickFixes(editor, uri)).toEqual([]);
  expect(await editor.request('morphnet/proposalEdits', { id: 'run-1' })).toMatchObject({ refused: true });
});

test('proposal edits come with the version that they fit', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  await editor.change(uri, `# a line more\n${smallNetwork}`);
  const edits = await editor.request('morphnet/proposalEdits', { id: 'run-2', layer: firstLayer });
  expect(edits).toEqual({
    title: 'Set width to 3',
    documents: [
      {
        uri,
        version: 2,
        edits: [
          { range: { start: { line: 7, character: 8 }, end: { line: 7, character: 9 } }, oldText: '4', newText: '3' },
        ],
      },
    ],
    isExact: true,
    sentences: [],
  });
  // An older run's proposal is still its own.
  expect(await editor.request('morphnet/proposalEdits', { id: 'run-1' })).toMatchObject({
    documents: [{ edits: [{ newText: '2' }] }],
  });
});

test('edits of an expanded proposal are asked for apart, and refused where there is none', async () => {
  const workspace = new TestWorkspace();
  const costs = { resource: 'flops', seedCost: 1, budget: 1, cost: 1, factor: 2, multipleOf: 1 } as const;
  const expanded = { ...proposal(1000, 6), expansion: costs };
  const runs = new GivenRuns([run(workspace, 'run-1', 2), { ...run(workspace, 'run-2', 3), expanded }]);
  await using editor = await openEditor({ workspace, runs });
  const uri = await editor.open('small.cfg', smallNetwork);
  await editor.diagnostics(uri, (found) => found.length > 0);
  const edits = await editor.request('morphnet/proposalEdits', { id: 'run-2', expanded: true });
  expect(edits).toMatchObject({ documents: [{ uri, edits: [{ newText: '6' }] }] });
  expect(await editor.request('morphnet/proposalEdits', { id: 'run-2' })).toMatchObject({
    documents: [{ edits: [{ newText: '3' }] }],
  });
  expect(await editor.request('morphnet/proposalEdits', { id: 'run-1', expanded: true })).toMatchObject({
    refused: true,
    message: expect.stringContaining('not expanded yet') as string,
  });
});

test('a document that is not open is edited as it stands on disk', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  await editor.close(uri);
  expect(await editor.request('morphnet/proposalEdits', { id: 'run-2' })).toMatchObject({
    documents: [{ uri, version: null }],
  });
  expect(readFileSync(editor.workspace.pathOf('small.cfg'), 'utf8')).toBe(smallNetwork);
});

test('a layer of a run is found where it stands now', async () => {
  await using editor = await afterRun();
  const uri = editor.workspace.uriOf('small.cfg');
  await editor.change(uri, `\n\n${smallNetwork}`);
  expect(await editor.request('morphnet/layerLocation', { id: 'run-2', layer: firstLayer })).toMatchObject({
    uri,
    range: { start: { line: firstLayerLine + 2 } },
  });
  expect(await editor.request('morphnet/layerLocation', { id: 'run-2', layer: 'no such' })).toMatchObject({
    refused: true,
  });
});

test('runs are listed newest first', async () => {
  await using editor = await afterRun();
  const runs = await editor.request('morphnet/runs', {});
  expect(runs.map(({ id, step, totalSteps }) => [id, step, totalSteps])).toEqual([
    ['run-2', 1000, runDefaults.steps],
    ['run-1', 1000, runDefaults.steps],
  ]);
});

test('a draft takes morphnet.json, then settings, then defaults', async () => {
  const workspace = new TestWorkspace();
  workspace.write(
    'morphnet.json',
    '{ "data": { "kind": "cifar10", "path": "data" }, "target": "params:0.25", "steps": 7 }',
  );
  await using editor = await openEditor({
    workspace,
    settings: { device: 'T4', training: { engine: 'onnx', threads: 2 } },
  });
  const uri = await editor.open('nets/small.cfg', smallNetwork);
  const draft = await editor.request('morphnet/draftRun', { uri });
  expect(draft).toMatchObject({
    missing: [],
    configFile: workspace.pathOf('morphnet.json'),
    config: {
      model: { document: uri, entry: '', input: [[3, 8, 8]] },
      data: { kind: 'cifar10', path: workspace.pathOf('data') },
      target: { resource: 'params', fraction: 0.25 },
      steps: 7,
      engine: 'onnx',
      threads: 2,
      batchSize: runDefaults.batchSize,
      device: { name: 'T4', peakGflopsPerSecond: 8100, memoryGigabytesPerSecond: 300 },
    },
  });
});

test('a data set outside the workspace has to be chosen by hand', async () => {
  const workspace = new TestWorkspace();
  workspace.write('morphnet.json', '{ "data": { "kind": "idx", "path": "../elsewhere" } }');
  await using editor = await openEditor({ workspace });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.request('morphnet/draftRun', { uri })).toMatchObject({ missing: ['data'] });
});

test('a wrong morphnet.json is refused with line and remedy', async () => {
  const workspace = new TestWorkspace();
  workspace.write('morphnet.json', '{\n  "steps": 0\n}');
  await using editor = await openEditor({ workspace });
  const uri = await editor.open('small.cfg', smallNetwork);
  expect(await editor.request('morphnet/draftRun', { uri })).toEqual({
    refused: true,
    message: 'morphnet.json, line 2: steps must be at least 1, not 0. Mend it, then run again.',
  });
});

test('a run starts with the network as it stands in the editor, and its news are passed on', async () => {
  const workspace = new TestWorkspace();
  workspace.write('morphnet.json', '{ "data": { "kind": "idx", "path": "data" } }');
  const runs = new GivenRuns();
  await using editor = await openEditor({ workspace, runs });
  const uri = await editor.open('small.cfg', smallNetwork.replace('filters=6', 'filters=60'));
  await editor.change(uri, smallNetwork);
  const draft = await editor.request('morphnet/draftRun', { uri });
  if ('refused' in draft) throw new Error(draft.message);
  const { data } = draft.config;
  const started = await editor.request('morphnet/startRun', { config: { ...draft.config, data: data! } });
  expect(started).toMatchObject({ id: 'started-1', status: 'queued', uri, totalSteps: runDefaults.steps });
  expect(runs.started[0]?.folder).toBe(workspace.folder);
  expect(runs.started[0]?.network.values.at(-1)?.shape).toEqual([1, 6, 8, 8]);
  const news = editor.nextGrowth();
  runs.grow({ id: 'started-1', status: 'running', events: [], proposal: proposal(20) });
  expect(await news).toMatchObject({ id: 'started-1', status: 'running' });
  await editor.diagnostics(uri, (found) => found.some(({ code }) => code === 'proposed-width'));
  expect(await editor.request('morphnet/stopRun', { id: 'started-1' })).toEqual({ alreadyStopping: false });
  expect(await editor.request('morphnet/stopRun', { id: 'started-1' })).toEqual({ alreadyStopping: true });
  expect(runs.stopped).toEqual(['started-1']);
  expect(await editor.request('morphnet/pauseRun', { id: 'started-1' })).toEqual({ alreadyStopping: false });
  expect(runs.paused).toEqual(['started-1']);
});

test('a run is not started for another shape than its draft’s', async () => {
  const workspace = new TestWorkspace();
  const runs = new GivenRuns();
  await using editor = await openEditor({ workspace, runs });
  await editor.open('small.cfg', smallNetwork);
  const { config } = run(workspace, 'any');
  const other = { ...config, model: { ...config.model, input: [[3, 16, 16]] } };
  expect(await editor.request('morphnet/startRun', { config: other })).toMatchObject({ refused: true });
  expect(runs.started).toEqual([]);
});

test('a proposal that the command line wrote is noticed, and a deleted run is forgotten', async () => {
  const workspace = new TestWorkspace();
  const runs = new GivenRuns();
  await using editor = await openEditor({ workspace, runs });
  const uri = await editor.open('small.cfg', smallNetwork);
  const file = workspace.uriOf('.morphnet/runs/run-9/proposal.json');
  const news = (type: FileChangeType): Promise<void> =>
    editor.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: file, type }] });
  runs.replace([run(workspace, 'run-9', 3)]);
  await news(FileChangeType.Created);
  await editor.diagnostics(uri, (found) => found.some(({ code }) => code === 'proposed-width'));
  runs.replace([]);
  await news(FileChangeType.Deleted);
  await editor.diagnostics(uri, (found) => found.length === 0);
});

test('folders in the settings are handed to what starts processes, also when they change', async () => {
  const runs = new GivenRuns();
  const settings = {
    training: { tfjsPath: '/home/me/tfjs', python: '/home/me/python' },
    python: { sitePackages: '/home/me/venv' },
  };
  await using editor = await openEditor({ runs, settings });
  await expect
    .poll(() => runs.paths)
    .toEqual({ tfjsPath: '/home/me/tfjs', python: '/home/me/python', sitePackages: '/home/me/venv' });
  await editor.changeSettings({ training: { engine: 'onnx' } });
  await expect.poll(() => runs.paths).toEqual({ tfjsPath: '', python: '', sitePackages: '' });
});

test('what a run that is trained here has proposed stays, whatever is found on disk meanwhile', async () => {
  const workspace = new TestWorkspace();
  workspace.write('morphnet.json', '{ "data": { "kind": "idx", "path": "data" } }');
  const runs = new GivenRuns();
  await using editor = await openEditor({ workspace, runs });
  const uri = await editor.open('small.cfg', smallNetwork);
  const { config } = run(workspace, 'any');
  const started = await editor.request('morphnet/startRun', { config });
  if ('refused' in started) throw new Error(started.message);
  runs.grow({ id: started.id, status: 'running', events: [], proposal: proposal(20, 2) });
  await editor.diagnostics(uri, (found) =>
    found.some(({ message }) => JSON.stringify(message).includes('proposes 2 of 4')),
  );
  // A run of the command line, which sorts before it.
  runs.replace([run(workspace, 'zzz', 3)]);
  const file = workspace.uriOf('.morphnet/runs/zzz/proposal.json');
  await editor.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: file, type: FileChangeType.Created }] });
  await editor.request('morphnet/runs', {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  const found = await editor.diagnostics(uri);
  expect(found.map(({ message }) => message)).toEqual(['MorphNet proposes 2 of 4 channels']);
});
