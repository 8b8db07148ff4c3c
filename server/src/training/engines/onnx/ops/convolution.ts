// Convolution in 1 to 3 dimensions and its transpose: groups, dilation, strides, uneven padding and other borders.

import type { Padding } from '../../../../network/op.ts';
import {
  type BlockedKind,
  blockedKind,
  emitBlockedForward,
  emitBlockedInputGradient,
  emitBlockedWeightGradient,
} from '../blocked-convolution.ts';
import { emitChannelSum } from '../blocked-layout.ts';
import { withChannelsFirst } from '../channels-first.ts';
import type { GraphEmitter, Tensor } from '../graph-emitter.ts';
import { type Emitted, inputOf, type OpRule, requiredTensorOf, tensorOf } from '../op-rule.ts';
import { emit, reshape, sizeAt } from '../operators.ts';
import { emitConvolution, emitTransposedConvolution, emitWeightGradient, type Window } from '../plain-convolution.ts';
import { emitPad } from './pad.ts';

export const convolutionRule: OpRule<'convolution'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (input, outputShape): Emitted => {
        const { graph, attributes } = context;
        const weight = requiredTensorOf(context, 'weight');
        const bias = tensorOf(context, 'bias');
        const border =
          attributes.paddingMode === 'zeros'
            ? undefined
            : emitBorder(graph, input, attributes.padding, attributes.paddingMode);
        const x = border?.output ?? input;
        const window: Window =
          border === undefined
            ? attributes
            : { ...attributes, padding: attributes.padding.map(() => ({ before: 0, after: 0 })) };
        const kind = blockedKind(graph, x, weight.tensor, window.groups);
        return {
          output:
            kind === undefined
              ? emitConvolution(graph, x, weight.tensor, bias?.tensor, window, outputShape)
              : emitBlockedForward(graph, kind, x, weight.tensor, bias?.tensor, window, outputShape),
          pullback: (gradient, wanted) => {
            const inner =
              wanted[0] === true ? emitInputGradient(graph, kind, gradient, weight.tensor, window, x.shape) : undefined;
            const ofInput =
              inner !== undefined && border?.pullback !== undefined ? border.pullback(inner, [true]).inputs[0] : inner;
            return {
              inputs: [ofInput],
              parameters: [
                [
                  weight.parameter,
                  kind === undefined
                    ? emitWeightGradient(graph, x, gradient, window)
                    : emitBlockedWeightGradient(graph, kind, x, gradient, window),
                ],
                ...(bias === undefined ? [] : [[bias.parameter, emitChannelSum(graph, gradient)] as const]),
              ],
            };
          },
        };
      },
    ),
};

function emitInputGradient(
  graph: GraphEmitter,
  kind: BlockedKind | undefined,
  gradient: Tensor,
  weight: Tensor,
  window: Window,
  inputShape: readonly number[],
): Tensor {
  // Few input channels make blocks of mostly filling.
  return kind === undefined || kind === 'plain-input'
    ? emitTransposedConvolution(graph, gradient, weight, undefined, window, inputShape)
    : emitBlockedInputGradient(graph, kind, gradient, weight, window, inputShape);
}

function emitBorder(
  graph: GraphEmitter,
  x: Tensor,
  padding: readonly Padding[],
  mode: 'reflect' | 'replicate' | 'circular',
): Emitted {
  const none = { before: 0, after: 0 };
  return emitPad(graph, x, [none, none, ...padding], mode, 0);
}

export const transposedConvolutionRule: OpRule<'transposed-convolution'> = {
  emit: (context) =>
    withChannelsFirst(
      context.graph,
      context.attributes.channelAxis,
      inputOf(context),
      context.outputShape,
      (x, outputShape): Emitted => {
        const { graph, attributes: window } = context;
        const weight = requiredTensorOf(context, 'weight');
        const bias = tensorOf(context, 'bias');
        const output = emitTransposedConvolution(graph, x, weight.tensor, undefined, window, outputShape);
        const perChannel =
          bias && reshape(graph, bias.tensor, [1, sizeAt(bias.tensor, 0), ...window.kernel.map(() => 1)]);
        return {
          output:
            perChannel === undefined
              ? output
              : emit(graph, { operator: 'Add', inputs: [output, perChannel] }, outputShape),
          // The op is the transpose of a convolution from its output to its input, so that convolution is its gradient.
          pullback: (gradient, wanted) => ({
            inputs: [
              wanted[0] === true
                ? emitConvolution(graph, gradient, weight.tensor, undefined, exactWindow(window, gradient, x), x.shape)
                : undefined,
            ],
            parameters: [
              [weight.parameter, emitWeightGradient(graph, gradient, x, window)],
              ...(bias === undefined ? [] : [[bias.parameter, emitChannelSum(graph, gradient)] as const]),
            ],
          }),
        };
      },
    ),
};

/** The window with the padding behind adjusted so that a convolution of `from` has exactly the positions of `to`. */
function exactWindow(window: Window, from: Tensor, to: Tensor): Window {
  const padding = window.padding.map(({ before }, index) => {
    const reach = (window.dilation[index] ?? 1) * ((window.kernel[index] ?? 1) - 1) + 1;
    const after = (sizeAt(to, index + 2) - 1) * (window.stride[index] ?? 1) + reach - sizeAt(from, index + 2) - before;
    // Less than none is what output padding leaves, and less than a stride: the convolution does not look there anyway.
    return { before, after: Math.max(0, after) };
  });
  return { ...window, padding };
}
