// In which order a network takes the numbers of an image.

import { opOf, valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { ImageLayout } from '../data/image-layout.ts';

/** In which order a network takes an image. */
export function imageLayoutOf(graph: NetworkGraph): ImageLayout {
  const [input] = graph.inputs;
  if (input === undefined) return 'chw';
  const { attributes } = opOf(graph, valueOf(graph, input).producer);
  return attributes.kind === 'input' && attributes.channelAxis === -1 ? 'hwc' : 'chw';
}
