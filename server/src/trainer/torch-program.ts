// What the engine `torch` is given by the trainer: which Python, which program, and the network of a run as text. The text is made
// anew of what the run's folder and the source say, so that nothing of a run's folder is executed as it lies there.

import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { pythonOf, pythonVariable } from '../protocol/engine-report.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { EngineOptions } from '../training/engines/choose-engine.ts';
import type { ImportedModel, NetworkText } from '../training/engines/torch/torch-session.ts';

/** Known to the composition root. */
export interface TorchProgram {
  /** The file of torch_engine.py. */
  readonly script: string;
  /** A network as a module; see frontends/python/libraries/torch/trainable-module.ts. */
  readonly write: (graph: NetworkGraph, sourceOf: (op: Op) => string) => Result<NetworkText>;
}

/** The options of the engine; `workspace`: the folder below which the sources of a run lie, undefined where there are none. */
export function torchOptions(
  { script, write }: TorchProgram,
  config: RunConfig['torch'],
  workspace: string | undefined,
  own?: ImportedModel,
): NonNullable<EngineOptions['torch']> {
  const named = process.env[pythonVariable];
  const isNamed = named !== undefined && named !== '';
  return {
    python: pythonOf(process.env),
    isNamed,
    script,
    processes: config?.processes ?? 1,
    ...(config?.nodes !== undefined &&
      config.nodes > 1 &&
      config.rendezvous !== undefined && {
        machines: { nodes: config.nodes, node: 0, rendezvous: config.rendezvous },
      }),
    ...(config?.import === true && own && { imported: own }),
    precision: config?.precision ?? 'float32',
    writeNetwork: (graph) => {
      const texts = workspace === undefined ? undefined : new SourceTexts(workspace);
      const documents = graph.ops.flatMap(({ site }) => (site === undefined ? [] : [site.span.document]));
      const unread = texts && documents.find((document) => texts.of(document) === undefined);
      if (unread !== undefined)
        return {
          ok: false,
          error: `The source ${unread} can not be read, from which the engine torch writes the network. Put it back, or choose another engine`,
        };
      return write(graph, ({ site }) =>
        site === undefined ? '' : (texts?.of(site.span.document)?.slice(site.span.start, site.span.end) ?? ''),
      );
    },
  };
}

/** The sources of a run, read once. */
class SourceTexts {
  readonly #workspace: string;
  readonly #texts = new Map<string, string | undefined>();

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** Of a document as `network.json` names it: below the workspace, or the URI of a library. */
  of(document: string): string | undefined {
    if (!this.#texts.has(document)) this.#texts.set(document, this.#read(document));
    return this.#texts.get(document);
  }

  #read(document: string): string | undefined {
    const path = document.startsWith('file:') ? fileURLToPath(document) : join(this.#workspace, document);
    const way = relative(this.#workspace, resolve(path));
    // Libraries lie elsewhere; only the texts of their calls are looked at.
    if (!document.startsWith('file:') && (way.startsWith('..') || isAbsolute(way))) return undefined;
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}
