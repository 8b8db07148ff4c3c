// The `morphnet.json` that applies to a model file: beside it or above, up to the working folder.

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LineIndex } from '../common/line-index.ts';
import { inputShapes, parseProjectFile, type ProjectFile, type ProjectModel } from '../protocol/project-file.ts';
import { workFailed } from './cli-failure.ts';
import { isFile, shownPath } from './model-argument.ts';

const fileName = 'morphnet.json';

export interface FoundProject {
  readonly path: string;
  readonly project: ProjectFile;
}

/** The nearest project file, or undefined. A wrong one ends the command with file, line and remedy. */
export function findProject(modelPath: string, folder: string): FoundProject | undefined {
  const top = isBelow(modelPath, folder) ? folder : dirname(modelPath);
  for (let here = dirname(modelPath); isBelow(here, top); here = dirname(here)) {
    const path = join(here, fileName);
    if (isFile(path)) return readProject(path, folder);
    if (here === dirname(here)) break;
  }
  return undefined;
}

/** Reads one project file; see `findProject`. */
export function readProject(path: string, folder: string): FoundProject {
  const text = readFileSync(path, 'utf8');
  const { value, problems } = parseProjectFile(text);
  const lines = new LineIndex(text);
  if (value !== undefined && problems.length === 0) return { path, project: value };
  const found = problems.map(({ message, start }) => {
    const { line, column } = lines.positionAt(start);
    return `${shownPath(path, folder)}:${String(line + 1)}:${String(column + 1)}: ${message}`;
  });
  throw workFailed(found.join('\n'));
}

/** What a project says of a model file. */
export function projectModel({ path, project }: FoundProject, modelPath: string): ProjectModel | undefined {
  return project.models?.find(({ file }) => resolve(dirname(path), file) === modelPath);
}

/** The input shapes that a project gives a model file. */
export function projectInput(found: FoundProject, modelPath: string): readonly (readonly number[])[] | undefined {
  const model = projectModel(found, modelPath);
  return model && inputShapes(model);
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') || folder.endsWith('\\') ? folder : join(folder, '/'));
}
