// What a device's time is made of: multiply-adds by kind and shape, bytes by purpose, and kernels started. A device is a rate
// for each; a layer's time is the sum of its amounts times the rates, so layers add up to the network.

/** What binds a layer. */
export type Binding = 'compute' | 'memory' | 'start-up';

interface TermMeaning {
  readonly binding: Binding;
  /** The rate where nothing is known: a multiple of the device's peak, bandwidth or start-up. */
  readonly prior: number;
  /** The same on a CPU, where it is another. */
  readonly priorOnCpu?: number;
}

const compute = (prior: number, priorOnCpu?: number): TermMeaning => ({
  binding: 'compute',
  prior,
  ...(priorOnCpu !== undefined && { priorOnCpu }),
});
const memory = (prior: number, priorOnCpu?: number): TermMeaning => ({
  binding: 'memory',
  prior,
  ...(priorOnCpu !== undefined && { priorOnCpu }),
});
const start = (prior: number, priorOnCpu?: number): TermMeaning => ({
  binding: 'start-up',
  prior,
  ...(priorOnCpu !== undefined && { priorOnCpu }),
});

/**
 * The terms. `… over input channels` is multiply-adds divided by a sixteenth of the channels that one output reads: thin
 * layers fill a vector unit or a tile of a tensor core less. Work on single elements takes a sixteenth of the peak.
 */
export const termMeanings = {
  convolution: compute(1),
  'convolution over input channels': compute(0.4),
  'convolution over output channels': compute(0.4),
  'convolution over places': compute(0.4),
  pointwise: compute(1),
  'pointwise over input channels': compute(0.4),
  'pointwise over output channels': compute(0.4),
  'pointwise over places': compute(0.4),
  grouped: compute(2),
  'grouped over input channels': compute(0.4),
  'grouped over output channels': compute(0.4),
  'grouped over places': compute(0.4),
  dense: compute(1),
  'dense over input channels': compute(0.4),
  'dense over output channels': compute(0.4),
  'dense over places': compute(0.4),
  product: compute(2),
  'product over input channels': compute(0.4),
  'product over output channels': compute(0.4),
  'product over places': compute(0.3),
  depthwise: compute(4),
  'depthwise, large kernel': compute(4),
  'depthwise, huge kernel': compute(6),
  'depthwise, channels last': compute(4),
  'depthwise, large kernel, channels last': compute(4),
  'depthwise, huge kernel, channels last': compute(40),
  attention: compute(1.5),
  'attention scores': compute(0.3),
  'element work': compute(16, 5),
  'activation work': compute(16),
  'norm work': compute(16),
  'softmax work': compute(16),
  'copy work': compute(16),
  'reduction work': compute(16),
  'pool work': compute(256, 32),
  'gather work': compute(16),
  'convolution input bytes': memory(1),
  'convolution output bytes': memory(1),
  'dense input bytes': memory(1),
  'dense output bytes': memory(1),
  'convolution weight bytes': memory(2, 8),
  'pointwise weight bytes': memory(1, 3),
  'grouped weight bytes': memory(2, 4),
  'dense weight bytes': memory(1, 1.5),
  'depthwise bytes': memory(1),
  'depthwise bytes, channels last': memory(1),
  'product bytes': memory(1),
  'attention bytes': memory(1),
  'copied bytes': memory(1),
  'cast bytes': memory(1),
  'fused bytes': memory(1),
  'fused norm bytes': memory(0.3),
  'fused reduction bytes': memory(0.3),
  'relu bytes': memory(1),
  'activation bytes': memory(1),
  'element bytes': memory(1),
  'batch norm bytes': memory(1),
  'layer norm bytes': memory(1),
  'group norm bytes': memory(1),
  'softmax bytes': memory(1),
  'pool bytes': memory(1),
  'reduction bytes': memory(1),
  'concat bytes': memory(1),
  'gather bytes': memory(1),
  'weight work bytes': memory(1),
  'products started': start(1, 6),
  'depthwise started': start(1, 6),
  'attentions started': start(1),
  'fused kernels started': start(1, 2),
  'other ops started': start(1),
  'weight work started': start(1),
} as const satisfies Readonly<Record<string, TermMeaning>>;

export type Term = keyof typeof termMeanings;

const isTerm = (name: string): name is Term => Object.hasOwn(termMeanings, name);

export const termNames: readonly Term[] = Object.keys(termMeanings).filter(isTerm);

/** The expected multiple of a device's peak, bandwidth or start-up. */
export function priorOf(term: Term, processor: 'cpu' | 'gpu'): number {
  const meaning: TermMeaning = termMeanings[term];
  return processor === 'cpu' ? (meaning.priorOnCpu ?? meaning.prior) : meaning.prior;
}
