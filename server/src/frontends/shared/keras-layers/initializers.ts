// How Keras starts weights, by the names that its settings take.
// Defaults: keras/src/initializers/random_initializers.py of Keras 3.

import type { Initializer, ParameterRole } from '../../../network/op.ts';

/** The setting that says how a weight starts: `kernel_initializer` of `kernel`. */
export function initializerSetting(weight: string): string {
  const own = weight.replace(/^.*\//, '').replace(/^(depthwise|pointwise|recurrent)_kernel$/, '$1');
  return `${own}_initializer`;
}

type Scaled = readonly [scale: number, fan: 'in' | 'out' | 'average', distribution: 'normal' | 'uniform'];
const scaled: Readonly<Record<string, Scaled>> = {
  glorotuniform: [1, 'average', 'uniform'],
  glorotnormal: [1, 'average', 'normal'],
  henormal: [2, 'in', 'normal'],
  heuniform: [2, 'in', 'uniform'],
  lecunnormal: [1, 'in', 'normal'],
  lecununiform: [1, 'in', 'uniform'],
  variancescaling: [1, 'in', 'normal'],
  orthogonal: [1, 'average', 'normal'],
};

/** The rule of an initializer by its name, in either spelling; undefined for one that is not known. */
export function initializerOf(name: string): Initializer | undefined {
  const plain = name.toLowerCase().replace(/_/g, '');
  const rule = scaled[plain];
  if (rule) {
    const [scale, fan, distribution] = rule;
    return { kind: 'variance-scaling', scale, fan, distribution };
  }
  switch (plain) {
    case 'zeros':
    case 'zero':
      return { kind: 'constant', value: 0 };
    case 'ones':
    case 'one':
      return { kind: 'constant', value: 1 };
    case 'uniform':
    case 'randomuniform':
      return { kind: 'uniform', bound: 0.05 };
    case 'normal':
    case 'randomnormal':
    case 'truncatednormal':
      return { kind: 'normal', mean: 0, deviation: 0.05 };
    default:
      return undefined;
  }
}

/** What Keras does where nothing is said; undefined where every framework does the same. */
export function usualKerasInitializer(role: ParameterRole): Initializer | undefined {
  switch (role) {
    case 'weight':
    case 'other':
      return initializerOf('glorot_uniform');
    case 'bias':
    case 'slope':
      return { kind: 'constant', value: 0 };
    default:
      return undefined;
  }
}
