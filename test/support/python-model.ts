// Reads Python texts as the product does, for tests.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import type { Problem } from '../../server/src/common/problem.ts';
import type { SourceSpan } from '../../server/src/common/source-span.ts';
import {
  defaultLimits,
  type EntryRequest,
  type EvaluationLimits,
  type SourceReader,
} from '../../server/src/frontends/shared/frontend.ts';
import type { ModelEntry, NetworkGraph } from '../../server/src/network/network-graph.ts';
import { pythonFrontend } from './python-frontend.ts';

const folder = 'file:///project';

export interface PythonReading {
  readonly entry: ModelEntry | undefined;
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly Problem[];
  readonly dependencies: readonly string[];
  /** The text of a place, with its file in front where it is not the main one. */
  readonly textAt: (span: SourceSpan | undefined) => string;
}

export interface PythonProject {
  /** Text by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The file that is read; `main.py` where it is not told. */
  readonly main?: string;
  readonly request?: EntryRequest;
  readonly limits?: Partial<EvaluationLimits>;
}

export const mainDocument = `${folder}/main.py`;

/** The first entry of a project, evaluated; problems of finding and of evaluating it. */
export function readProject({ files, main = 'main.py', request, limits }: PythonProject): PythonReading {
  const document = `${folder}/${main}`;
  const texts = new Map(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
  const reader: SourceReader = { roots: [folder], read: (document) => texts.get(document) };
  const textAt = (span: SourceSpan | undefined): string => {
    if (span === undefined) return '';
    const text = texts.get(span.document)?.slice(span.start, span.end) ?? '';
    return span.document === document ? text : `${span.document.slice(folder.length + 1)}: ${text}`;
  };
  const list = pythonFrontend.entries(document, reader, request);
  const [entry] = list.entries;
  if (entry === undefined) return { entry, graph: undefined, problems: list.problems, dependencies: [], textAt };
  const all = { ...defaultLimits, ...limits };
  const { graph, problems, dependencies } = pythonFrontend.evaluate(entry, reader, all, neverCancelled);
  return { entry, graph, problems: [...list.problems, ...problems], dependencies, textAt };
}

/** A project of one file. */
export function readPython(text: string, limits?: Partial<EvaluationLimits>): PythonReading {
  return readProject({ files: { 'main.py': text }, ...(limits && { limits }) });
}
