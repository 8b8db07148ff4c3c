// The edit of `morphnet.json` that says which model of a document is meant and at which input; nothing else of the file changes.

import { modify } from 'jsonc-parser';
import { fileName } from '../common/file-name.ts';
import { LineIndex } from '../common/line-index.ts';
import { parseInputShapes } from '../network/shape.ts';
import type { Refusal, ServerRequests, WirePosition } from '../protocol/lsp-extensions.ts';
import type { AnalysisContext } from './analysis-context.ts';
import { resolveBeside } from './project-files.ts';
import { refuse } from './refusal.ts';

export function projectEdit(
  { session, projects, roots }: AnalysisContext,
  { uri, entry, input: inputText }: ServerRequests['morphnet/projectEdit']['params'],
): ServerRequests['morphnet/projectEdit']['result'] {
  const input = inputText === undefined ? undefined : parseInputShapes(inputText);
  if (inputText !== undefined && input === undefined)
    return refuse(`${inputText} is no shape. Write it without the batch: 3x32x32; several inputs as 3x32x32,10`);
  const found = projects.of(uri);
  if (found !== undefined && found.project === undefined) return refuse(found.problem ?? 'morphnet.json is wrong.');
  const target = found?.uri ?? newProjectFile(uri, roots);
  if (typeof target !== 'string') return target;
  const text = found === undefined ? '{}\n' : (session.textOf(target) ?? '{}\n');
  const models = found?.project?.models ?? [];
  const index = models.findIndex(({ file }) => resolveBeside(target, file) === uri);
  const known = models[index];
  const wanted = {
    file: known?.file ?? decodeURIComponent(uri.slice(target.lastIndexOf('/') + 1)),
    ...(entry !== '' && { entry }),
    ...(input === undefined
      ? known?.input !== undefined && known.entry === entry && { input: known.input }
      : { input: input.length === 1 ? input[0] : input }),
  };
  const place = index === -1 ? models.length : index;
  const lines = new LineIndex(text);
  const position = (offset: number): WirePosition => {
    const { line, column } = lines.positionAt(offset);
    return { line, character: column };
  };
  const edits = modify(text, ['models', place], wanted, {
    isArrayInsertion: index === -1,
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: text.includes('\r\n') ? '\r\n' : '\n' },
  }).map(({ offset, length, content }) => ({
    range: { start: position(offset), end: position(offset + length) },
    newText: content,
    oldText: text.slice(offset, offset + length),
  }));
  return { uri: target, startsAs: found === undefined ? text : null, edits };
}

/** Where a project file is made: in the workspace folder that the document lies in. */
function newProjectFile(uri: string, folders: readonly string[]): string | Refusal {
  const [root] = folders.filter((folder) => uri.startsWith(`${folder}/`)).toSorted((a, b) => b.length - a.length);
  if (root !== undefined) return `${root}/morphnet.json`;
  return refuse(
    `${fileName(uri)} is in no folder of the workspace. Open its folder, or write a comment into it: # morphnet: entry=Model() input=3x32x32`,
  );
}
