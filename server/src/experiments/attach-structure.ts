// What a training loop of the user's own gets: the analysis of a run's settings as a document, with all that its run's folder
// starts from, so that the loop writes the same folder as every run.

import { relative, sep } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { portableConfig, portableNetwork } from '../runs/portable-config.ts';
import { runsFolder } from '../runs/run-store.ts';
import { analyzeStructure } from '../structure/analyze-structure.ts';
import { attachedStructure } from '../structure/attached-structure.ts';
import { structureOptionsOf } from '../training/loop/structure-options.ts';

export interface AttachRequest {
  readonly config: RunConfig;
  readonly network: NetworkGraph;
  /** The folder that keeps the runs, and the one that the document is written into. */
  readonly workspace: string;
  readonly folder: string;
  /** The command that writes this document. */
  readonly command: string;
}

/** The document as text. The failure is a sentence for the user. */
export function attachDocument({ config, network, workspace, folder, command }: AttachRequest): Result<string> {
  if (network.framework !== 'pytorch') {
    return { ok: false, error: 'A training loop of one’s own is attached to PyTorch models; this is none' };
  }
  const analysis = analyzeStructure(network, structureOptionsOf(config));
  if (!analysis.ok) return analysis;
  const stored = portableConfig(config, workspace);
  if (!stored.ok) return stored;
  const { model, target, strength, steps, aliveEvery, decorator } = stored.value;
  const document = {
    command,
    model: { file: model.document, entry: model.entry, input: model.input },
    target,
    ...(strength !== undefined && { strength }),
    ...(decorator !== undefined && { decorator }),
    steps,
    aliveEvery,
    runs: relative(folder, runsFolder(workspace)).split(sep).join('/'),
    ...attachedStructure(analysis.value, config.device),
    config: stored.value,
    network: JSON.parse(portableNetwork(network, workspace)) as unknown,
  };
  return { ok: true, value: `${JSON.stringify(document)}\n` };
}
