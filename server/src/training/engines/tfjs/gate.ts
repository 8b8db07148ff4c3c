// A gate behind an op: its output is multiplied, channel by channel, by a mask.

import { channelAxisOf } from '../../../network/op-traits.ts';
import type { Op } from '../../../network/op.ts';
import type { Applied } from './op-rule.ts';
import { channelView } from './placed.ts';
import type { TensorFlow } from './tensorflow.ts';

/** An applied op with its gate; the gradient by the mask is the sum over images and positions. */
export function gated(tf: TensorFlow, op: Op, inner: Applied, mask: Float32Array): Applied {
  const rank = inner.output.tensor.shape.length;
  const view = channelView(tf, rank, channelAxisOf(op, rank) ?? 1);
  const x = view.load(inner.output);
  const factor = tf.tensor(mask, [mask.length], 'float32');
  return {
    output: view.place(tf.mul(x, factor)),
    needs: [...(inner.needs ?? []), x, factor],
    pullback: (gradient, wanted) => {
      const dy = view.load(gradient);
      const others = Array.from({ length: rank - 1 }, (_, axis) => axis);
      const behind = inner.pullback?.(view.place(tf.mul(dy, factor)), wanted);
      return { ...(behind ?? { inputs: [] }), gateMask: tf.sum(tf.mul(dy, x), others) };
    },
  };
}
