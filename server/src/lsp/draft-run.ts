// A run's settings as far as they are known before anyone is asked: from `morphnet.json`, the editor's settings, defaults.

import { fileURLToPath } from 'node:url';
import { chooseDevice } from '../analysis/latency-device.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import type { RunDraft } from '../protocol/lsp-extensions.ts';
import type { DataSetReference } from '../protocol/run-config.ts';
import { defaultsUnder, runDefaults } from '../protocol/run-defaults.ts';
import type { Settings } from '../protocol/settings.ts';
import { resolveBeside, type FoundProject } from './project-files.ts';

/** `roots` are the workspace's folders: a data set that `morphnet.json` names must lie below one of them. */
export function draftRun(
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
      device: {
        name: device.name,
        peakGflopsPerSecond: device.peakGflopsPerSecond,
        memoryGigabytesPerSecond: device.memoryGigabytesPerSecond,
      },
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
