// Networks of timm as the product itself reads them, at given image sizes. Reading takes minutes, so what comes out is kept
// in .cache/latency, one file a network, and made anew when the file is missing.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { neverCancelled } from '../../server/src/common/cancellation.ts';
import { defaultLimits, type SourceReader } from '../../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../../server/src/main/disk-reader.ts';
import { createFrontends } from '../../server/src/main/frontends.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import { root } from '../bundles.ts';
import { fetchText, site } from '../corpus/packages.ts';

/** A builder of timm by its name, and the side of its square image. */
export interface TimmNetwork {
  readonly model: string;
  readonly imageSize: number;
}

/** A network, or why the product has none. */
export type ReadNetwork = TimmNetwork & ({ readonly graph: NetworkGraph } | { readonly reason: string });

/** Reads each of the networks that is not in the cache, and gives all of them. */
export async function* readTimmNetworks(wanted: readonly TimmNetwork[]): AsyncGenerator<ReadNetwork> {
  const version = fetchText('timm');
  const cache = join(root, `.cache/latency/timm-${version}`);
  mkdirSync(cache, { recursive: true });
  const [frontend] = await createFrontends();
  if (frontend === undefined) throw new Error('There is no frontend');
  const reader = siteReader();
  const files = filesOfBuilders();
  for (const { model, imageSize } of wanted) {
    const kept = join(cache, `${model}-${String(imageSize)}.json`);
    if (!existsSync(kept)) {
      const file = files.get(model);
      if (file === undefined) {
        yield { model, imageSize, reason: `timm ${version} has no ${model}` };
        continue;
      }
      const request = { entry: `${model}()`, input: [[3, imageSize, imageSize]], from: 'request' } as const;
      const [entry] = frontend.entries(pathToFileURL(file).href, reader, request).entries;
      const graph = entry && frontend.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
      writeFileSync(kept, JSON.stringify(graph === undefined ? null : withoutTrails(graph)));
    }
    const graph = JSON.parse(readFileSync(kept, 'utf8')) as NetworkGraph | null; // Written above.
    if (graph === null) yield { model, imageSize, reason: 'no network comes of it' };
    else yield { model, imageSize, graph };
  }
}

/** Trails of widths and calls are most of a graph, and costs look at neither. */
function withoutTrails(graph: NetworkGraph): NetworkGraph {
  return {
    ...graph,
    ops: graph.ops.map(({ id, name, label, attributes, inputs, outputs, parameters, site: made }) => {
      const { start = 0, end = 0 } = made?.span ?? {};
      const site = { span: { document: '', start, end }, callChain: [] };
      return { id, name, label, attributes, inputs, outputs, parameters, site };
    }),
  };
}

/** The file under timm/models that defines each builder. */
function filesOfBuilders(): ReadonlyMap<string, string> {
  const folder = join(site, 'timm/models');
  const files = new Map<string, string>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.py')))
    for (const [, builder] of readFileSync(join(folder, name), 'utf8').matchAll(/^def (\w+)\(/gm))
      if (builder !== undefined) files.set(builder, join(folder, name));
  return files;
}

/** Reads each file from disk once: the packages do not change meanwhile. */
function siteReader(): SourceReader {
  const disk = new DiskReader({ workspace: [pathToFileURL(site).href], libraries: [] });
  const texts = new Map<string, string | undefined>();
  return {
    roots: disk.roots,
    read: (document) => {
      if (!texts.has(document)) texts.set(document, disk.read(document));
      return texts.get(document);
    },
  };
}
