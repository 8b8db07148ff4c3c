// A run's settings as far as they are known before anyone is asked: from `morphnet.json`, the editor's settings, defaults.

import { fileURLToPath } from 'node:url';
import { chooseDevice, writtenDevice } from '../analysis/latency-device.ts';
import { readOnlyReason } from '../analysis/read-only-models.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { fileName } from '../common/file-name.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Refusal, RunDraft } from '../protocol/lsp-extensions.ts';
import type { DataSetReference } from '../protocol/run-config.ts';
import { defaultsUnder, runDefaults } from '../protocol/run-defaults.ts';
import type { Settings } from '../protocol/settings.ts';
import type { AnalysisContext } from './analysis-context.ts';
import type { AnalysisQuestions } from './analysis-questions.ts';
import { resolveBeside, type FoundProject } from './project-files.ts';
import { refuse } from './refusal.ts';

export function draftRun(
  context: AnalysisContext,
  { uri, entry }: { readonly uri: string; readonly entry?: string },
  cancellation: Cancellation,
): RunDraft | Refusal {
  const found = context.projects.of(uri);
  if (found?.problem !== undefined) return refuse(`${found.problem} Mend it, then run again.`);
  const model = context.session.model(uri, entry, cancellation);
  if (model === undefined) return refuse(noModel(context, uri, entry));
  if (model.stale)
    return refuse(`${fileName(uri)} has an error, so its model is not what it says. Mend it, then run again.`);
  const readOnly = readOnlyReason(model.graph);
  if (readOnly !== undefined) return refuse(readOnly);
  return draftOf(model, context.settings, found, context.roots);
}

export function runNetwork(
  context: AnalysisContext,
  { document, entry, input }: AnalysisQuestions['run-network']['params'],
  cancellation: Cancellation,
): { readonly network: NetworkGraph } | Refusal {
  const model = context.session.model(document, entry, cancellation);
  if (model === undefined) return refuse(noModel(context, document, entry));
  if (model.stale) return refuse(`${fileName(document)} has an error. Mend it, then run again.`);
  if (input !== undefined && JSON.stringify(model.entry.input.shapes) !== JSON.stringify(input)) {
    return refuse(
      `${fileName(document)} now has another input shape than the run was drafted for. Run MorphNet again.`,
    );
  }
  return { network: model.graph };
}

function noModel({ session }: AnalysisContext, uri: string, entry: string | undefined): string {
  if (session.textOf(uri) === undefined) {
    return `${fileName(uri)} can't be read. Open a file below the workspace folder.`;
  }
  if (/\.ipynb$/i.test(uri) && !session.accepts(uri))
    return `${fileName(uri)} is read while it is open as a notebook. Open it, then try again.`;
  const what = entry === undefined || entry === '' ? 'No model' : `No model ${entry}`;
  return `${what} was found in ${fileName(uri)}. Name one in morphnet.json or by a line such as "# morphnet: entry=LeNet() input=1x28x28".`;
}

/** `roots` are the workspace's folders: a data set that `morphnet.json` names must lie below one of them. */
function draftOf(
  model: AnalyzedModel,
  settings: Settings,
  found: FoundProject | undefined,
  roots: readonly string[],
): RunDraft {
  const project = found?.project;
  const { device } = chooseDevice(settings);
  const { engine, threads } = settings.training;
  const data = found === undefined ? undefined : projectData(found, roots);
  return {
    config: {
      version: 1,
      model: {
        document: model.entry.document,
        entry: model.entry.name,
        input: model.entry.input.shapes.map((shape) => [...shape]),
      },
      ...defaultsUnder(project ?? {}, { ...runDefaults, engine, threads }),
      ...(data !== undefined && { data }),
      device: writtenDevice(device),
    },
    missing: data === undefined ? ['data'] : [],
    ...(project !== undefined && found !== undefined && { configFile: fileURLToPath(found.uri) }),
  };
}

function projectData({ uri, project }: FoundProject, roots: readonly string[]): DataSetReference | undefined {
  if (project?.data === undefined) return undefined;
  const folder = resolveBeside(uri, project.data.path);
  if (!roots.some((root) => folder === root || folder.startsWith(`${root}/`))) return undefined;
  return { ...project.data, path: fileURLToPath(folder) };
}
