// The weights that training starts from, by seed: each parameter by its rule (`network/initializer.ts`), each from a stream of
// random numbers of its own.

import { fansOf, usualInitializer } from '../../network/initializer.ts';
import type { Initializer, Op, Parameter } from '../../network/op.ts';
import { elementCount } from '../../network/shape.ts';
import { randomStream } from './random.ts';

/** The first values of a parameter of an op. */
export function initialValues(op: Op, parameter: Parameter, seed: number): Float32Array {
  const size = elementCount(parameter.shape);
  if (size === undefined) throw new Error(`The shape of ${parameter.id} is not known`);
  const draw = drawOf(op, parameter.initializer ?? usualInitializer(op, parameter));
  const random = randomStream(seed, `initial ${parameter.id}`);
  return new Float32Array(size).map(() => draw(random));
}

/** One value by a rule; constants draw nothing. */
function drawOf(op: Op, initializer: Initializer): (random: ReturnType<typeof randomStream>) => number {
  switch (initializer.kind) {
    case 'constant':
      return () => initializer.value;
    case 'normal':
      return (random) => initializer.mean + initializer.deviation * random.normal();
    case 'uniform':
      return (random) => (2 * random.uniform() - 1) * initializer.bound;
    case 'variance-scaling': {
      const fans = fansOf(op);
      const fan = initializer.fan === 'average' ? (fans.in + fans.out) / 2 : fans[initializer.fan];
      if (initializer.distribution === 'normal') {
        const deviation = Math.sqrt(initializer.scale / fan);
        return (random) => deviation * random.normal();
      }
      const bound = Math.sqrt(3 * initializer.scale) / Math.sqrt(fan);
      return (random) => (2 * random.uniform() - 1) * bound;
    }
  }
}
