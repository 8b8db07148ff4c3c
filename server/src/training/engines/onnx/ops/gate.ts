// A gate behind an op: its output is multiplied, channel by channel, by a mask that is fed.

import { channelAxisOf } from '../../../../network/op-traits.ts';
import type { Op } from '../../../../network/op.ts';
import { sizeOf } from '../../shape-arithmetic.ts';
import { channelKernels } from '../channel-kernels.ts';
import { withChannelsFirst } from '../channels-first.ts';
import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import type { Emitted } from '../op-rule.ts';
import { affine } from '../operators.ts';

/** An emitted op with its gate; the gradient by the mask is the sum over images and positions. */
export function gated(graph: GraphEmitter, op: Op, inner: Emitted, mask: Tensor): Emitted {
  const { output } = inner;
  const gate = withChannelsFirst(graph, channelAxisOf(op, output.shape.length) ?? 1, output, output.shape, (x) => {
    const kernels = channelKernels(graph, x);
    const factor = kernels.vector(mask);
    return {
      output: kernels.store(kernels.affine(kernels.data, factor, undefined)),
      pullback: (gradient) => {
        const dy = kernels.load(gradient);
        const mean = kernels.real(kernels.productMean(dy, kernels.data));
        return {
          inputs: [kernels.store(kernels.affine(dy, factor, undefined))],
          gateMask: affine(graph, mean, sizeOf(x.shape) / sizeOf(mask.shape), 0),
        };
      },
    };
  });
  return {
    output: gate.output,
    pullback: (gradient, wanted) => {
      const { inputs, gateMask } = gate.pullback?.(gradient, [true]) ?? { inputs: [] };
      const [ofInner] = inputs;
      const behind = ofInner === undefined ? undefined : inner.pullback?.(ofInner, wanted);
      return { ...(behind ?? { inputs: [] }), ...(gateMask && { gateMask }) };
    },
  };
}
