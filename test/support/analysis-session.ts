// An analysis session over texts in memory.

import { AnalysisSession } from '../../server/src/analysis/analysis-session.ts';
import type { AnalysisSettings } from '../../server/src/analysis/analysis-settings.ts';
import type { Pack } from '../../server/src/analysis/evaluation-memory.ts';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { kerasJsonFrontend } from '../../server/src/frontends/keras-json/keras-json-frontend.ts';
import { pythonFrontend } from './python-frontend.ts';
import type { Frontend } from '../../server/src/frontends/shared/frontend.ts';

const workspace = 'file:///project';

/** What the extension's own settings are by default. */
export const standardSettings: AnalysisSettings = {
  hints: { enabled: true, quantities: ['operations', 'params'], dataFlow: false },
  convention: 'macs',
  problems: 'all',
  device: 'V100',
  devices: {},
};

/** A frontend that counts its evaluations. */
export function counting(frontend: Frontend): Frontend & { readonly evaluations: readonly string[] } {
  const evaluations: string[] = [];
  return {
    languageId: frontend.languageId,
    numbers: frontend.numbers,
    evaluations,
    accepts: (document, text) => frontend.accepts(document, text),
    entries: (document, reader, request) => frontend.entries(document, reader, request),
    evaluate: (entry, reader, limits, cancellation) => {
      evaluations.push(entry.document);
      return frontend.evaluate(entry, reader, limits, cancellation);
    },
  };
}

/** A session in which these documents (name in the workspace to text) stand on disk; the map may change later. */
export function sessionOver(
  files: ReadonlyMap<string, string>,
  frontends: readonly Frontend[] = [pythonFrontend, darknetFrontend, kerasJsonFrontend],
  pack?: Pack,
  sourceFiles?: () => readonly string[],
): AnalysisSession {
  return new AnalysisSession({
    frontends,
    disk: {
      roots: [workspace],
      read: (document) =>
        document.startsWith(`${workspace}/`) ? files.get(document.slice(workspace.length + 1)) : undefined,
    },
    workspaceRoots: [workspace],
    ...(pack && { pack }),
    ...(sourceFiles && { sourceFiles }),
  });
}

/** The URI of a file of the workspace. */
export function uriOf(name: string): string {
  return `${workspace}/${name}`;
}
