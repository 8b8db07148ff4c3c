// What a source says of each of its output channels (spec 2.1): the regularization vector r from the weights, and how the
// loss's slope by r comes back to the weights. Engines that compute this in tensors are checked against it.

import type { Op } from '../network/op.ts';
import type { RegularizerSource } from './channel-group.ts';

/**
 * A weight's elements as [outer, input, output, inner] with output channel `outer · outputs + output`: whatever is neither
 * `outer` nor `output` feeds one channel. Grouped transposed convolutions have their groups outermost.
 */
interface WeightLayout {
  readonly outer: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inner: number;
}

/** Weights are [out, in/groups, ...kernel], dense [out, in]; transposed ones [in, out/groups, ...kernel] (op.ts). */
export function weightLayout(op: Op, shape: readonly number[]): WeightLayout {
  const [first = 1, second = 1, ...kernel] = shape;
  const inner = kernel.reduce((product, size) => product * size, 1);
  if (op.attributes.kind !== 'transposed-convolution') {
    return { outer: 1, inputs: 1, outputs: first, inner: second * inner };
  }
  const { groups } = op.attributes;
  return { outer: groups, inputs: first / groups, outputs: second, inner };
}

/** Calls `visit` with the offset of every weight that feeds an output channel. */
function visitChannel(layout: WeightLayout, channel: number, visit: (offset: number) => void): void {
  const { inputs, outputs, inner } = layout;
  const outer = Math.floor(channel / outputs);
  for (let input = 0; input < inputs; input += 1) {
    const start = ((outer * inputs + input) * outputs + (channel % outputs)) * inner;
    for (let offset = start; offset < start + inner; offset += 1) visit(offset);
  }
}

/**
 * The regularization vector of a source from its parameter's values: |γ|, or (1-ℓ)·√(mean w²) + ℓ·mean |w| over all weights
 * that feed a channel. Means, not sums: the threshold does not depend on the fan-in.
 */
export function regularizationVector(
  op: Op,
  source: RegularizerSource,
  shape: readonly number[],
  values: Float32Array,
): Float32Array {
  if (source.kind === 'gamma') return values.map(Math.abs);
  const layout = weightLayout(op, shape);
  const count = layout.inputs * layout.inner;
  return Float32Array.from({ length: layout.outer * layout.outputs }, (_, channel) => {
    let squares = 0;
    let magnitudes = 0;
    visitChannel(layout, channel, (offset) => {
      const value = values[offset] ?? 0;
      squares += value * value;
      magnitudes += Math.abs(value);
    });
    return (1 - source.l1Fraction) * Math.sqrt(squares / count) + source.l1Fraction * (magnitudes / count);
  });
}

/**
 * The gradient by the parameter's values of Σ coefficients·r. At γ = 0, and where all weights of a channel are 0, it is 0:
 * the reference gives no number there (spec 2.1), and one dead filter spoils the run.
 */
export function regularizationGradient(
  op: Op,
  source: RegularizerSource,
  shape: readonly number[],
  values: Float32Array,
  coefficients: Float32Array,
): Float32Array {
  if (source.kind === 'gamma') return values.map((value, channel) => (coefficients[channel] ?? 0) * Math.sign(value));
  const layout = weightLayout(op, shape);
  const count = layout.inputs * layout.inner;
  const gradient = new Float32Array(values.length);
  for (let channel = 0; channel < layout.outer * layout.outputs; channel += 1) {
    const coefficient = coefficients[channel] ?? 0;
    let squares = 0;
    visitChannel(layout, channel, (offset) => {
      squares += (values[offset] ?? 0) ** 2;
    });
    // d √(mean w²) / dw = w / (√n · ‖w‖)
    const ofNorm = squares === 0 ? 0 : ((1 - source.l1Fraction) * coefficient) / Math.sqrt(count * squares);
    const ofMean = (source.l1Fraction * coefficient) / count;
    visitChannel(layout, channel, (offset) => {
      const value = values[offset] ?? 0;
      gradient[offset] = ofNorm * value + ofMean * Math.sign(value);
    });
  }
  return gradient;
}
