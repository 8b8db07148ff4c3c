// Fourier transforms as changes of shape: which frequencies are left of how many samples. Complex numbers count as one element.

import type { Dimension } from '../../../../network/shape.ts';
import { axisOf, emitOn, fn, giveUp, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';

const notATensor = 'What is transformed is no known tensor';

function arranged(call: TracedCall, input: TensorValue, shape: readonly Dimension[]): PyValue {
  return emitOn(call, input, { kind: 'rearrange', operation: call.label, shape });
}

/** The axes that a transform is along and how long each is made first; undefined where they are not known. */
function lengths(call: TracedCall, input: TensorValue, rank: number | undefined): Map<number, number> | undefined {
  const { args } = call;
  const [sizeName, axisName] = rank === 1 ? ['n', 'dim'] : ['s', 'dim'];
  const sizes = args.isNone(sizeName) ? undefined : args.integers(sizeName, 0);
  const count = sizes?.length ?? rank ?? input.shape.length;
  const axes = args.isNone(axisName) ? Array.from({ length: count }, (_, i) => i - count) : args.integers(axisName, 0);
  if (!axes || (!sizes && !args.isNone(sizeName))) return undefined;
  const found = new Map<number, number>();
  for (const [i, each] of axes.entries()) {
    const axis = axisOf(input, each);
    const own = input.shape[axis];
    const size = sizes?.[i] ?? own;
    if (typeof size !== 'number') return undefined;
    found.set(axis, size);
  }
  return found;
}

/** A transform of `rank` axes, of all for undefined; `last` says how long the last becomes. */
function transform(rank: number | undefined, last: (size: number, isGiven: boolean) => number): TracedFunction {
  const parameters =
    rank === 1 ? 'input n=None dim=-1 norm=None *rest **options' : 'input s=None dim=None norm=None *rest **options';
  return fn(parameters, (call) => {
    const input = call.args.tensor('input');
    const sizes = input && lengths(call, input, rank);
    if (!input || !sizes) return giveUp(call, notATensor);
    const [end] = [...sizes.keys()].slice(-1);
    const isGiven = !call.args.isNone(rank === 1 ? 'n' : 's');
    const shape = input.shape.map((size, axis) => {
      const own = sizes.get(axis);
      return own === undefined ? size : axis === end ? last(own, isGiven) : own;
    });
    return arranged(call, input, shape);
  });
}

const half = (size: number): number => Math.floor(size / 2) + 1;
const whole = (size: number, isGiven: boolean): number => (isGiven ? size : 2 * (size - 1));

/** `torch.fft.rfft` and its kin, by name. */
export const realTransforms: Readonly<Record<string, TracedFunction>> = {
  rfft: transform(1, half),
  rfft2: transform(2, half),
  rfftn: transform(undefined, half),
  irfft: transform(1, whole),
  irfft2: transform(2, whole),
  irfftn: transform(undefined, whole),
  fftfreq: vector('count|n *rest **options', (count) => count),
  rfftfreq: vector('count|n *rest **options', half),
};

/** A vector of samples: of a window, or of the frequencies of so many samples. */
function vector(parameters: string, lengthOf: (count: number) => number): TracedFunction {
  return fn(parameters, (call) => {
    const count = call.args.integer('count');
    if (count === undefined) return giveUp(call, 'How many samples these are is not known');
    return { kind: 'tensor', shape: [lengthOf(count)] };
  });
}

const windowOf = vector('count|window_length *rest **options', (count) => count);

/** Functions of `torch` itself. */
export const fourierFunctions: Readonly<Record<string, TracedFunction>> = {
  stft: fn(
    "input n_fft hop_length=None win_length=None window=None center=True pad_mode='reflect' normalized=False onesided=None return_complex=None **options",
    (call) => {
      const { args } = call;
      const input = args.tensor('input');
      const size = args.integer('n_fft');
      const samples = input?.shape.at(-1);
      if (!input || size === undefined || typeof samples !== 'number') return giveUp(call, notATensor);
      const hop = args.integer('hop_length') ?? Math.floor(size / 4);
      const padded = samples + (args.flag('center') ? 2 * Math.floor(size / 2) : 0);
      const isHalf = args.isNone('onesided') || args.flag('onesided');
      const frames = 1 + Math.floor((padded - size) / hop);
      const shape = [...input.shape.slice(0, -1), isHalf ? half(size) : size, frames];
      return arranged(call, input, args.flag('return_complex') ? shape : [...shape, 2]);
    },
  ),
  hann_window: windowOf,
  hamming_window: windowOf,
  blackman_window: windowOf,
  bartlett_window: windowOf,
  kaiser_window: windowOf,
  view_as_real: fn('input', (call) => {
    const input = call.args.tensor('input');
    return input ? arranged(call, input, [...input.shape, 2]) : giveUp(call, notATensor);
  }),
  view_as_complex: fn('input', (call) => {
    const input = call.args.tensor('input');
    return input ? arranged(call, input, input.shape.slice(0, -1)) : giveUp(call, notATensor);
  }),
};
