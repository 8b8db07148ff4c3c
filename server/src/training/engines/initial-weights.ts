// The weights that training starts from, by seed: PyTorch's defaults, except that batch-norm scales start at 1 with a
// little noise. Equal scales would move in lock-step under Adam, and no channel would fall behind another.

import { assertUnreachable } from '../../common/assert.ts';
import type { Op, Parameter } from '../../network/op.ts';
import { randomStream } from './random.ts';

/** Standard deviation of the noise on batch-norm scales. */
const SCALE_NOISE = 0.01;
/** Standard deviation of free parameters (tokens, position tables), as vision transformers start them. */
const FREE_DEVIATION = 0.02;
const PRELU_SLOPE = 0.25;

function sizesOf(parameter: Parameter): readonly number[] {
  return parameter.shape.map((size) => {
    if (typeof size !== 'number') throw new Error(`The shape of ${parameter.id} is not known`);
    return size;
  });
}

/** The number of inputs that one output is summed from: all of a weight's axes but the first (PyTorch counts a transposed weight so too). */
function fanIn(op: Op): number {
  const weight = op.parameters.find((parameter) => parameter.role === 'weight');
  return weight === undefined
    ? 1
    : sizesOf(weight)
        .slice(1)
        .reduce((product, size) => product * size, 1);
}

/** The first values of a parameter of an op. */
export function initialValues(op: Op, parameter: Parameter, seed: number): Float32Array {
  const values = new Float32Array(sizesOf(parameter).reduce((product, size) => product * size, 1));
  const random = randomStream(seed, `initial ${parameter.id}`);
  switch (parameter.role) {
    case 'weight':
    case 'bias': {
      if (op.attributes.kind === 'embedding') return values.map(() => random.normal());
      const bound = 1 / Math.sqrt(fanIn(op));
      return values.map(() => (2 * random.uniform() - 1) * bound);
    }
    case 'scale':
      return op.attributes.kind === 'batch-norm' ? values.map(() => 1 + SCALE_NOISE * random.normal()) : values.fill(1);
    case 'slope':
      return values.fill(PRELU_SLOPE);
    case 'running-variance':
      return values.fill(1);
    case 'shift':
    case 'running-mean':
      return values;
    case 'other':
      return values.map(() => FREE_DEVIATION * random.normal());
    default:
      return assertUnreachable(parameter.role);
  }
}
