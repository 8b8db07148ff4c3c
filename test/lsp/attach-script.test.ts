// "Add to My Training Script" as the editor asks for it: what is to be written, planned for the text that is open, nothing written.

import { TextDocument } from 'vscode-languageserver-textdocument';
import { expect, test } from 'vitest';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';
import { pythonFrontend } from '../support/python-frontend.ts';
import { openEditor, type Editor } from './server-session.ts';

const script = `import torch
from torch import nn, optim

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3))
optimizer = optim.SGD(model.parameters(), 0.1)
for x, y in loader:
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
`;

async function planned(editor: Editor, text: string) {
  const uri = await editor.open('train.py', text);
  const draft = await editor.request('morphnet/draftRun', { uri, entry: 'model' });
  if ('refused' in draft) throw new Error(draft.message);
  const config: RunConfig = { ...draft.config, data: { kind: 'own', path: editor.workspace.folder } };
  const found = await editor.request('morphnet/attachScript', { config, script: uri, withPackage: true });
  if ('refused' in found) throw new Error(found.message);
  return { uri, ...found };
}

test('the files beside the script and the lines in it are planned for the text that is open', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const { uri, files, documents, byHand } = await planned(editor, script);
  expect(byHand).toBeNull();
  expect(files.map((file) => [file.uri, file.isThere])).toEqual([
    [editor.workspace.uriOf('structure.json'), false],
    [editor.workspace.uriOf('morphnet_torch.py'), false],
  ]);
  expect(JSON.parse(files[0]?.text ?? '')).toMatchObject({
    command: 'morphnet attach "train.py::model" --target flops:0.5 --steps 600 --algorithm auto',
    model: { file: 'train.py', entry: 'model' },
    runs: '.morphnet/runs',
  });
  expect(editor.workspace.files()).toEqual(['train.py']);
  const [edited] = documents;
  expect(edited).toMatchObject({ uri, version: 1 });
  const document = TextDocument.create(uri, 'python', 1, script);
  const after = TextDocument.applyEdits(document, [...(edited?.edits ?? [])]);
  expect(after).toContain('model = nn.Sequential(');
  expect(after).toContain('\nmorphnet = MorphNet.attach(model, "structure.json")\noptimizer = ');
  expect(after).toContain(
    '    (loss + morphnet.loss()).backward()\n    optimizer.step()\n    morphnet.step(loss=loss)\n',
  );
});

test('lines that can not be placed are given to be copied, with the reason', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  const { documents, byHand } = await planned(editor, script.replace('    loss.backward()', '    engine.run(loss)'));
  expect(documents).toEqual([]);
  expect(byHand?.reason).toBe('train.py: no call of backward() was found');
  expect(byHand?.lines).toContain('morphnet = MorphNet.attach(model, "structure.json")');
});

test('somebody else’s structure.json is left alone', async () => {
  await using editor = await openEditor({ analysis: { frontends: [pythonFrontend] } });
  editor.workspace.write('structure.json', '{}');
  await expect(planned(editor, script)).rejects.toThrow('structure.json is there already');
});
