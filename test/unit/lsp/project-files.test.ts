// Which `morphnet.json` applies to a document, where workspace folders lie inside one another.

import { expect, test } from 'vitest';
import { ProjectFiles } from '../../../server/src/lsp/project-files.ts';

const texts = new Map([
  ['file:///outer/morphnet.json', '{ "models": [{ "file": "inner/net.cfg", "input": [3, 32, 32] }] }'],
  ['file:///outer/inner/deep/morphnet.json', '{ "models": [{ "file": "net.cfg", "input": [3, 16, 16] }] }'],
]);

test.for([[['file:///outer', 'file:///outer/inner']], [['file:///outer/inner', 'file:///outer']]])(
  'the innermost workspace folder is the one: %j',
  ([roots = []]) => {
    const projects = new ProjectFiles(
      (uri) => texts.get(uri),
      () => roots,
    );
    // The outer folder's file says something of it, but it lies in a workspace folder of its own.
    expect(projects.entryOf('file:///outer/inner/net.cfg')).toBeUndefined();
    expect(projects.entryOf('file:///outer/inner/deep/net.cfg')).toEqual({ input: [[3, 16, 16]] });
  },
);

test.for([
  ['file:///a/morphnet.json', true],
  ['file:///a/folder', true],
  ['file:///a/net.py', false],
  ['file:///a/my-morphnet.json', false],
] as const)('news of %s may be news of a project file: %s', ([uri, expected]) => {
  expect(ProjectFiles.mayConcern(uri)).toBe(expected);
});
