// The `morphnet.json` that applies to a document: the nearest one in its folder or above, inside the workspace.

import { URI, Utils } from 'vscode-uri';
import type { Budgets } from '../analysis/budget-report.ts';
import { LineIndex } from '../common/line-index.ts';
import { inputShapes, parseProjectFile, type ProjectFile, type ProjectFileProblem } from '../protocol/project-file.ts';

export const projectFileName = 'morphnet.json';

/** A project file, with its problems in words that name file and line. */
export interface FoundProject {
  readonly uri: string;
  /** Undefined when the file is wrong: then nothing of it counts. */
  readonly project: ProjectFile | undefined;
  readonly problem?: string;
  readonly problems: readonly ProjectFileProblem[];
}

export class ProjectFiles {
  readonly #read: (uri: string) => string | undefined;
  readonly #roots: () => readonly string[];
  readonly #nearest = new Map<string, FoundProject | undefined>();

  /** `roots` are URIs without a trailing slash. */
  constructor(read: (uri: string) => string | undefined, roots: () => readonly string[]) {
    this.#read = read;
    this.#roots = roots;
  }

  /** The project of a document; undefined when none is found on the way up to the workspace folder. */
  of(document: string): FoundProject | undefined {
    const folder = parentOf(document);
    if (!this.#nearest.has(folder)) this.#nearest.set(folder, this.#find(folder));
    return this.#nearest.get(folder);
  }

  /** What the project says about a document's entry and input shapes. */
  entryOf(document: string): { readonly entry?: string; readonly input?: readonly (readonly number[])[] } | undefined {
    const found = this.of(document);
    const model = found?.project?.models?.find(({ file }) => resolveBeside(found.uri, file) === document);
    if (model === undefined) return undefined;
    const input = inputShapes(model);
    return { ...(model.entry !== undefined && { entry: model.entry }), ...(input !== undefined && { input }) };
  }

  /** What the project lets a document's models cost. */
  budgetsOf(document: string): Budgets | undefined {
    const found = this.of(document);
    const model = found?.project?.models?.find(({ file }) => resolveBeside(found.uri, file) === document);
    return model?.budgets ?? found?.project?.budgets;
  }

  /** A project file came, went or changed. */
  forget(): void {
    this.#nearest.clear();
  }

  /** Whether news of a path may be news of a project file: of one itself, or of a folder that may hold one. */
  static mayConcern(uri: string): boolean {
    const name = uri.slice(uri.lastIndexOf('/') + 1);
    return name === projectFileName || !/\.\w+$/.test(name);
  }

  #find(start: string): FoundProject | undefined {
    // Of workspace folders in one another the innermost counts.
    const [root] = this.#roots()
      .filter((folder) => start === folder || start.startsWith(`${folder}/`))
      .toSorted((one, other) => other.length - one.length);
    if (root === undefined) return undefined;
    for (let folder = start; folder.length >= root.length; folder = parentOf(folder)) {
      const uri = `${folder}/${projectFileName}`;
      const text = this.#read(uri);
      if (text !== undefined) return readProject(uri, text);
    }
    return undefined;
  }
}

function readProject(uri: string, text: string): FoundProject {
  const { value, problems } = parseProjectFile(text);
  const [first] = problems;
  if (first === undefined) return { uri, project: value, problems };
  const { line } = new LineIndex(text).positionAt(first.start);
  return {
    uri,
    project: value,
    problem: `${projectFileName}, line ${String(line + 1)}: ${first.message.replace(/[.]?$/, '.')}`,
    problems,
  };
}

/** The URI of a path that a file names, relative to that file; written as the editor writes URIs. */
export function resolveBeside(file: string, path: string): string {
  return Utils.resolvePath(Utils.dirname(URI.parse(file)), path).toString();
}

function parentOf(uri: string): string {
  return uri.slice(0, Math.max(0, uri.lastIndexOf('/')));
}
