// Reads a Darknet text as the product does, for tests.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import type { Problem } from '../../server/src/common/problem.ts';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { defaultLimits, type EntryRequest, type SourceReader } from '../../server/src/frontends/shared/frontend.ts';
import type { ModelEntry, NetworkGraph } from '../../server/src/network/network-graph.ts';

export interface DarknetReading {
  readonly text: string;
  readonly entry: ModelEntry | undefined;
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly Problem[];
}

export const darknetDocument = 'file:///model.cfg';

/** Entries, then the first one evaluated; problems of both. */
export function readDarknet(text: string, request?: EntryRequest): DarknetReading {
  const reader: SourceReader = { roots: [], read: (document) => (document === darknetDocument ? text : undefined) };
  const list = darknetFrontend.entries(darknetDocument, reader, request);
  const [entry] = list.entries;
  if (entry === undefined) return { text, entry, graph: undefined, problems: list.problems };
  const { graph, problems } = darknetFrontend.evaluate(entry, reader, defaultLimits, neverCancelled);
  return { text, entry, graph, problems: [...list.problems, ...problems] };
}

/** The graph of a text that must be without problems. */
export function darknetGraph(text: string): NetworkGraph {
  const { graph, problems } = readDarknet(text);
  if (graph === undefined || problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  return graph;
}
