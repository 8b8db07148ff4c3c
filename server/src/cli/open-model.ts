// From a file argument to an evaluated model, with every finding told; or the reasons why there is none.

import { dirname } from 'node:path';
import { URI } from 'vscode-uri';
import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { SourcePlaces } from '../analysis/source-places.ts';
import type { Problem } from '../common/problem.ts';
import { workFailed } from './cli-failure.ts';
import { shownDocument, type ModelFile } from './model-argument.ts';
import { findProject, projectInput, projectModel } from './project-settings.ts';
import type { Terminal } from './terminal.ts';

/** Opens sessions; main/ knows frontends, disks and installed packages. Folders are URIs without a trailing slash, read and edited below. */
export type OpenSession = (folders: readonly string[]) => Promise<AnalysisSession>;

export interface OpenedModel {
  readonly session: AnalysisSession;
  readonly model: AnalyzedModel;
  /** What was found of it; told already. */
  readonly problems: readonly Problem[];
}

/**
 * The model that the arguments mean; what they leave open comes from the nearest `morphnet.json`. Findings go to the
 * terminal. Where no model comes out, the command fails with them.
 */
export async function openModel(
  terminal: Terminal,
  openSession: OpenSession,
  file: ModelFile,
  input: readonly (readonly number[])[] | undefined,
): Promise<OpenedModel> {
  const folders = [...new Set([terminal.folder, dirname(file.path)])].map((path) => URI.file(path).toString());
  const session = await openSession(folders);
  const project = findProject(file.path, terminal.folder);
  const entry = file.entry ?? (project && projectModel(project, file.path)?.entry);
  const shapes = input ?? (project && projectInput(project, file.path));
  if (entry !== undefined || shapes !== undefined) {
    const from = file.entry === undefined && input === undefined ? 'config' : 'request';
    session.requestEntry(file.document, { entry, input: shapes, from });
  }
  const { models, problems } = session.analyzeChosen(file.document);
  const reason = problems.find(({ code }) => code === 'no-entry');
  const told = problems
    .filter((problem) => problem !== reason)
    .map((problem) => problemLine(problem, session, terminal.folder));
  const model = models.find((candidate) => !candidate.stale);
  if (model === undefined) throw workFailed([...told, missingModel(session, file, terminal.folder, reason)].join('\n'));
  if (told.length > 0) terminal.note(`${told.join('\n')}\n`);
  return { session, model, problems };
}

function missingModel(session: AnalysisSession, file: ModelFile, folder: string, reason: Problem | undefined): string {
  const shown = shownDocument(file.document, folder);
  if (!session.accepts(file.document)) {
    return `${shown} holds no model that can be read: a PyTorch module or Keras model in a .py file, a Darknet .cfg that begins with [net], a Caffe .prototxt with layers, a model table of Ultralytics in YAML, an .onnx file, a Keras or TensorFlow.js model as .json or .keras, a config.json of a backbone of transformers, or a program that builds one with TensorFlow.js.`;
  }
  session.requestEntry(file.document, undefined);
  const names = session
    .analyze(file.document)
    .models.map(({ entry }) => entry.name)
    .filter((name) => name !== '');
  const wanted =
    file.entry === undefined
      ? `No model of ${shown} can be evaluated.`
      : `There is no entry ${file.entry} in ${shown}.`;
  if (names.length === 0 && reason !== undefined) return `${wanted} ${reason.message}`;
  return names.length === 0
    ? wanted
    : `${wanted} Its entries are ${names.join(', ')}; choose one with ${shown}::${names[0] ?? ''}`;
}

/** `examples/net.cfg:12:9: error: … [code]`, which editors and terminals make clickable. */
function problemLine(problem: Problem, session: AnalysisSession, folder: string): string {
  const { span, severity, message, code } = problem;
  if (span === undefined) return `${severity}: ${message} [${code}]`;
  const { line, column } = new SourcePlaces(session).position(span.document, span.start);
  return `${shownDocument(span.document, folder)}:${String(line + 1)}:${String(column + 1)}: ${severity}: ${message} [${code}]`;
}
