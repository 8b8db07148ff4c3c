// Reads a Caffe net as the product does, and writes nets for tests: each layer follows the one before it, unless it says otherwise.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import type { Problem } from '../../server/src/common/problem.ts';
import { caffeFrontend } from '../../server/src/frontends/caffe/caffe-frontend.ts';
import { defaultLimits, type EntryRequest, type SourceReader } from '../../server/src/frontends/shared/frontend.ts';
import type { ModelEntry, NetworkGraph } from '../../server/src/network/network-graph.ts';

export interface CaffeReading {
  readonly entries: readonly ModelEntry[];
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly Problem[];
}

const caffeDocument = 'file:///nets/net.prototxt';

/** Entries, then the first one evaluated; problems of both. */
export function readCaffe(text: string, request?: EntryRequest): CaffeReading {
  const reader: SourceReader = { roots: [], read: (document) => (document === caffeDocument ? text : undefined) };
  const { entries, problems } = caffeFrontend.entries(caffeDocument, reader, request);
  const [entry] = entries;
  if (entry === undefined) return { entries, graph: undefined, problems };
  const { graph, problems: found } = caffeFrontend.evaluate(entry, reader, defaultLimits, neverCancelled);
  return { entries, graph, problems: [...problems, ...found] };
}

/** The graph of a text that must be without problems. */
export function caffeGraph(text: string): NetworkGraph {
  const { graph, problems } = readCaffe(text);
  if (graph === undefined || problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  return graph;
}

export interface ConvolutionSettings {
  readonly from?: string;
  readonly stride?: number;
  readonly pad?: number;
  readonly group?: number;
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly norm?: boolean;
}

/** Writes a net layer by layer. */
export class CaffeNet {
  #text: string;
  /** The blob that the layer before wrote. */
  last = 'data';

  constructor(channels: number, height: number, width = height) {
    const dims = [1, channels, height, width].map((size) => `dim: ${String(size)}`).join(' ');
    this.#text = `name: "Net"\nlayer { name: "data" type: "Input" top: "data" input_param { shape { ${dims} } } }\n`;
  }

  get text(): string {
    return this.#text;
  }

  /** A layer that writes a blob of its own name. */
  layer(name: string, type: string, settings = '', from: readonly string[] = [this.last]): this {
    const bottoms = from.map((blob) => `bottom: "${blob}"`).join(' ');
    this.#text += `layer {\n  name: "${name}" type: "${type}" ${bottoms} top: "${name}"\n  ${settings}\n}\n`;
    this.last = name;
    return this;
  }

  /** A layer that writes over what it reads. */
  inPlace(name: string, type: string, settings = ''): this {
    this.#text += `layer { name: "${name}" type: "${type}" bottom: "${this.last}" top: "${this.last}" ${settings} }\n`;
    return this;
  }

  convolution(name: string, out: number, kernel: number, settings: ConvolutionSettings = {}): this {
    const { from = this.last, stride = 1, pad = 0, group = 1, bias = true, relu = true, norm = false } = settings;
    this.layer(
      name,
      'Convolution',
      `convolution_param { num_output: ${String(out)} kernel_size: ${String(kernel)} stride: ${String(stride)} pad: ${String(pad)} group: ${String(group)} bias_term: ${String(bias)} }`,
      [from],
    );
    if (norm)
      this.inPlace(`${name}/bn`, 'BatchNorm').inPlace(`${name}/scale`, 'Scale', 'scale_param { bias_term: true }');
    return relu ? this.inPlace(`${name}/relu`, 'ReLU') : this;
  }

  pool(name: string, kernel: number, stride: number, pad = 0, method = 'MAX', from = this.last): this {
    return this.layer(
      name,
      'Pooling',
      `pooling_param { pool: ${method} kernel_size: ${String(kernel)} stride: ${String(stride)} pad: ${String(pad)} }`,
      [from],
    );
  }

  globalPool(name: string): this {
    return this.layer(name, 'Pooling', 'pooling_param { pool: AVE global_pooling: true }');
  }

  inner(name: string, out: number): this {
    return this.layer(name, 'InnerProduct', `inner_product_param { num_output: ${String(out)} }`);
  }

  concat(name: string, from: readonly string[]): this {
    return this.layer(name, 'Concat', '', from);
  }

  sum(name: string, from: readonly string[]): this {
    return this.layer(name, 'Eltwise', '', from);
  }
}
