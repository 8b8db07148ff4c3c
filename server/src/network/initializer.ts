// The values that training starts parameters from, as rules: a narrower copy of a layer starts by the same rule, with other
// numbers. What a framework does of itself is `usualInitializer`; what a source or another framework says stands in the graph.

import type { Initializer, Op, Parameter } from './op.ts';
import { elementCount } from './shape.ts';

const perFanIn: Initializer = { kind: 'variance-scaling', scale: 1 / 3, fan: 'in', distribution: 'uniform' };

/** Standard deviation of the noise on batch-norm scales. */
const scaleNoise = 0.01;
/** Standard deviation of free parameters (tokens, position tables), as vision transformers start them. */
const freeDeviation = 0.02;
const preluSlope = 0.25;

/**
 * How a parameter starts that says nothing else: as PyTorch does it, except that batch-norm scales start at 1 with a little
 * noise. Equal scales would move in lock-step under Adam, and no channel would fall behind another (spec 7.4).
 */
export function usualInitializer({ attributes }: Op, { role }: Parameter): Initializer {
  switch (role) {
    case 'weight':
    case 'bias':
      return attributes.kind === 'embedding' ? { kind: 'normal', mean: 0, deviation: 1 } : perFanIn;
    case 'scale':
      return attributes.kind === 'batch-norm'
        ? { kind: 'normal', mean: 1, deviation: scaleNoise }
        : { kind: 'constant', value: 1 };
    case 'running-variance':
      return { kind: 'constant', value: 1 };
    case 'slope':
      return { kind: 'constant', value: preluSlope };
    case 'shift':
    case 'running-mean':
      return { kind: 'constant', value: 0 };
    case 'other':
      return { kind: 'normal', mean: 0, deviation: freeDeviation };
  }
}

/**
 * The fans of a layer's weight: [out, in, …kernel] is summed over all axes but the first, and feeds all but the second.
 * A transposed weight [in, out, …kernel] is counted alike, as PyTorch does. 1 without a weight of known shape.
 */
export function fansOf({ parameters }: Pick<Op, 'parameters'>): { readonly in: number; readonly out: number } {
  const shape = parameters.find(({ role }) => role === 'weight')?.shape ?? [];
  const [first = 1, second = 1, ...kernel] = shape;
  return { in: elementCount([second, ...kernel]) ?? 1, out: elementCount([first, ...kernel]) ?? 1 };
}
