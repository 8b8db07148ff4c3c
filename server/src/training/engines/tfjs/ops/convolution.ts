// Convolutions and their transposes on channels-last data; borders that repeat the content are put around beforehand.

import { fillAxis } from '../../axis-maps.ts';
import { applyMap } from '../arithmetic.ts';
import { channelSum, convolutionMap, type Window } from '../convolution-kernels.ts';
import { inputOf, type OpRule, requiredTensorOf, type RuleContext, tensorOf } from '../op-rule.ts';
import { channelView, spatialSizes } from '../placed.ts';

/** The output's shape with its channels last. */
function outputShapeOf(context: RuleContext<'convolution' | 'transposed-convolution'>): readonly number[] {
  const { outChannels, channelAxis } = context.attributes;
  return [context.outputShape[0] ?? 1, ...spatialSizes(context.outputShape, channelAxis), outChannels];
}

export const convolutionRule: OpRule<'convolution'> = (context) => {
  const { attributes } = context;
  const { tf } = context.backend;
  const view = channelView(tf, context.outputShape.length, attributes.channelAxis);
  const inner = view.load(inputOf(context));
  const { paddingMode } = attributes;
  const borders =
    paddingMode === 'zeros'
      ? []
      : attributes.padding.map((amount, index) => ({
          axis: index + 1,
          map: fillAxis(inner.shape[index + 1] ?? 1, amount, paddingMode),
        }));
  const x = borders.reduce((current, { axis, map }) => applyMap(tf, current, axis, map, false), inner);
  const window: Window =
    borders.length === 0
      ? attributes
      : { ...attributes, padding: attributes.padding.map(() => ({ before: 0, after: 0 })) };
  const map = convolutionMap(tf, { window, input: x.shape, output: outputShapeOf(context) });
  const weight = requiredTensorOf(context, 'weight');
  const bias = tensorOf(context, 'bias');
  const product = map.forwards(x, weight.tensor);
  return {
    output: view.place(bias === undefined ? product : tf.add(product, bias.tensor)),
    needs: [x],
    pullback: (gradient, wanted) => {
      const dy = view.load(gradient);
      const ofInput =
        wanted[0] === true
          ? borders.reduceRight(
              (current, { axis, map: border }) => applyMap(tf, current, axis, border, true),
              map.toInput(dy, weight.tensor),
            )
          : undefined;
      return {
        inputs: [ofInput && view.place(ofInput)],
        parameters: [
          [weight.parameter, map.toWeight(x, dy)],
          ...(bias === undefined ? [] : [[bias.parameter, channelSum(tf, dy)] as const]),
        ],
      };
    },
  };
};

/** The transpose of a convolution from its output to its input. */
export const transposedConvolutionRule: OpRule<'transposed-convolution'> = (context) => {
  const { attributes } = context;
  const { tf } = context.backend;
  const view = channelView(tf, context.outputShape.length, attributes.channelAxis);
  const x = view.load(inputOf(context));
  const map = convolutionMap(tf, { window: attributes, input: outputShapeOf(context), output: x.shape });
  const weight = requiredTensorOf(context, 'weight');
  const bias = tensorOf(context, 'bias');
  const product = map.toInput(x, weight.tensor);
  return {
    output: view.place(bias === undefined ? product : tf.add(product, bias.tensor)),
    needs: [x],
    pullback: (gradient, wanted) => {
      const dy = view.load(gradient);
      return {
        inputs: [wanted[0] === true ? view.place(map.forwards(dy, weight.tensor)) : undefined],
        parameters: [
          [weight.parameter, map.toWeight(dy, x)],
          ...(bias === undefined ? [] : [[bias.parameter, channelSum(tf, dy)] as const]),
        ],
      };
    },
  };
};
