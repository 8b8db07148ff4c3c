// What a `morphnet.json` names, checked where it stands: files, entries, inputs and the data set. What its own form must be the
// editor checks by the schema.

import type { Diagnostic } from 'vscode-languageserver/node';
import type { Cancellation } from '../common/cancellation.ts';
import { fileName } from '../common/file-name.ts';
import { inputShapes, parseProjectFile, placeIn, type ProjectModel } from '../protocol/project-file.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import { diagnosticSource } from './diagnostic-source.ts';
import { projectFileName, resolveBeside } from './project-files.ts';

/** A part of the file by its keys, and what is wrong with it. */
interface Finding {
  readonly at: readonly (string | number)[];
  readonly code: 'missing-file' | 'no-model' | 'no-such-entry' | 'wrong-input' | 'missing-data';
  readonly message: string;
}

export function isProjectFile(uri: string): boolean {
  return uri.endsWith(`/${projectFileName}`);
}

export function projectFileDiagnostics(
  context: AnalysisContext,
  uri: string,
  cancellation: Cancellation,
): readonly Diagnostic[] {
  const { session } = context;
  const [text, positions] = [session.textOf(uri), positionsIn(session, uri)];
  const project = text === undefined ? undefined : parseProjectFile(text).value;
  if (text === undefined || positions === undefined || project === undefined) return [];
  const { models = [], data } = project;
  const findings = [
    ...models.flatMap((model, index) => modelFindings(context, uri, model, index, cancellation)),
    ...(data === undefined ? [] : dataFindings(context, uri, data.path)),
  ];
  return findings.flatMap(({ at, code, message }) => {
    const place = placeIn(text, at);
    if (place === undefined) return [];
    return [
      { range: positions.range(place.start, place.end), severity: 2, source: diagnosticSource, code, message } as const,
    ];
  });
}

function modelFindings(
  { session, projects }: AnalysisContext,
  uri: string,
  model: ProjectModel,
  index: number,
  cancellation: Cancellation,
): readonly Finding[] {
  const document = resolveBeside(uri, model.file);
  const part = (key: 'file' | 'entry' | 'input'): readonly (string | number)[] => ['models', index, key];
  if (session.textOf(document) === undefined) {
    const message = `There is no file ${model.file} in the folder of this file. Write its path from here, such as models/net.py.`;
    return [{ at: part('file'), code: 'missing-file', message }];
  }
  if (!session.accepts(document)) {
    const message = `${model.file} holds no model that can be read: no class or function of a framework that is known.`;
    return [{ at: part('file'), code: 'no-model', message }];
  }
  const input = inputShapes(model);
  if (session.versionOf(document) === undefined)
    session.requestEntry(document, { entry: model.entry, input, from: 'config' });
  // An open model is read as the file says on disk: what is typed here is looked at once it is saved.
  else if (projects.entryOf(document)?.entry !== model.entry) return [];
  const { models, problems } = session.analyze(document, cancellation);
  const own = models.find(({ entry }) => entry.name === model.entry);
  const failed = problems.find(({ severity }) => severity === 'error');
  if (model.entry !== undefined && own === undefined) {
    const names = models.map(({ entry }) => entry.name).filter((name) => name !== '');
    const others = names.length === 0 ? '' : ` Others are ${names.slice(0, 6).join(', ')}.`;
    const why = failed === undefined ? '' : ` ${failed.message.replace(/[.]?$/, '.')}`;
    const message = `${model.entry} makes no model of ${fileName(document)}.${why}${others}`;
    return [{ at: part('entry'), code: 'no-such-entry', message }];
  }
  const [lost] = own?.graph.unknowns ?? [];
  if (input === undefined || failed === undefined || lost === undefined) return [];
  const message = `At this input ${model.entry ?? fileName(document)} can't be run: ${failed.message}`;
  return [{ at: part('input'), code: 'wrong-input', message }];
}

function dataFindings({ roots, exists }: AnalysisContext, uri: string, path: string): readonly Finding[] {
  const at = ['data', 'path'];
  const place = resolveBeside(uri, path);
  if (!roots.some((root) => place === root || place.startsWith(`${root}/`))) {
    const message = `${path} lies outside the workspace, so it is not taken from here: the data set is asked for when a run starts. Put it, or a link to it, into the workspace.`;
    return [{ at, code: 'missing-data', message }];
  }
  if (exists(place)) return [];
  const message = `There is no ${path} in the folder of this file. Write the path of a data set's folder or file from here.`;
  return [{ at, code: 'missing-data', message }];
}
