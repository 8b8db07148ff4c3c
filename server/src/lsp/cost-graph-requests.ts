// The picture of a model's network: its boxes from the analysis thread, their places from a thread of their own.

import type { CancellationToken } from 'vscode-languageserver/node';
import type { Drawing, LaidOut } from '../analysis/layered-layout.ts';
import type { CostGraphPicture } from '../protocol/cost-graph.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import type { CostGraphBoxes } from './cost-graph.ts';
import { refuse } from './refusal.ts';
import { askAbout, type ServerContext } from './server-context.ts';

/** What is drawn in a box: three lines of text, of which long ones are cut. */
const box = { height: 60, least: 120, most: 250, perCharacter: 6.6, padding: 26 };

export async function costGraphPicture(
  context: ServerContext,
  params: ServerRequests['morphnet/costGraph']['params'],
  token: CancellationToken,
): Promise<ServerRequests['morphnet/costGraph']['result']> {
  const found = await askAbout(context, params.uri, 'cost-graph', params, token);
  if ('refused' in found) return found;
  const ended = new AbortController();
  const cancelled = token.onCancellationRequested(() => {
    ended.abort();
  });
  try {
    const drawing = { boxes: found.boxes.map(sizeOf), links: found.links };
    const laidOut = await context.layOut(drawing, ended.signal);
    return laidOut === undefined ? refuse('The graph is not laid out.') : picture(found, drawing, laidOut);
  } finally {
    cancelled.dispose();
  }
}

function sizeOf({ name, label, shape }: CostGraphBoxes['boxes'][number]): Drawing['boxes'][number] {
  // The figures behind the shape are about as long as it.
  const longest = Math.max(name.length, label.length, shape.length + 22);
  const width = Math.min(box.most, Math.max(box.least, Math.ceil(longest * box.perCharacter) + box.padding));
  return { width, height: box.height };
}

function picture({ entry, boxes, links }: CostGraphBoxes, drawing: Drawing, laidOut: LaidOut): CostGraphPicture {
  return {
    entry,
    width: laidOut.width,
    height: laidOut.height,
    boxes: boxes.flatMap((one, index) => {
      const [corner, size] = [laidOut.boxes[index], drawing.boxes[index]];
      return corner === undefined || size === undefined ? [] : [{ ...one, ...corner, ...size }];
    }),
    links: links.flatMap((link, index) => {
      const route = laidOut.links[index];
      return route === undefined ? [] : [{ ...link, points: [...route.points], isAside: route.isAside }];
    }),
  };
}
