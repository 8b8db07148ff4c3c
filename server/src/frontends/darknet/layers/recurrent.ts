// Recurrent layers, one step of time: the products with the input and with the state, as Darknet builds them out of
// connected and convolutional layers. What stands between two products is no arrangement of channels, so it is shown as a
// change of elements only; such a network is costed, not trained.

import type { ValueId } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import type { LayerContext } from '../layer-context.ts';
import { addActivation } from './activations.ts';
import { addConnected, addConvolution, readWindow } from './weighted.ts';

/** Values combined element by element into one of a shape. */
function combined(context: LayerContext, part: string, inputs: readonly ValueId[], shape: Shape): ValueId {
  return context.add({ part, attributes: { kind: 'rearrange', operation: context.section.type, shape }, inputs });
}

/** One product of the layer, as wide as `key` says. */
function product(context: LayerContext, part: string, input: ValueId, key: 'output' | 'hidden'): ValueId {
  const outFeatures = context.options.integer(key, 1, 1);
  return addConnected(context, { part, input, outFeatures, width: context.options.width(key, outFeatures) });
}

/** `input_layer`, `self_layer` and `output_layer` of `make_rnn_layer`, each with the section's activation. */
export function rnn(context: LayerContext): ValueId {
  const step = (part: string, input: ValueId, key: 'output' | 'hidden'): ValueId =>
    addActivation(context, product(context, part, input, key), 'logistic', part);
  const first = step('input_layer', context.input, 'hidden');
  const state = combined(context, 'state', [first], context.shapeOf(first));
  const own = step('self_layer', state, 'hidden');
  const next = combined(context, 'next_state', [first, own], context.shapeOf(first));
  return step('output_layer', next, 'output');
}

/** As `rnn` on images: three convolutions (`make_crnn_layer`). */
export function crnn(context: LayerContext): ValueId {
  const { options } = context;
  const window = readWindow(context, { size: 3 });
  const groups = options.integer('groups', 1, 1);
  const step = (part: string, input: ValueId, key: 'output' | 'hidden'): ValueId => {
    // Darknet's first version calls them output_filters and hidden_filters, the one that is kept up output and hidden.
    const option = options.has(`${key}_filters`) ? `${key}_filters` : key;
    const outChannels = options.integer(option, 1, 1);
    const width = options.width(option, outChannels);
    const value = addConvolution(context, { part, input, outChannels, width, window, groups });
    return addActivation(context, value, 'logistic', part);
  };
  const first = step('input_layer', context.asImage(context.input), 'hidden');
  const state = combined(context, 'state', [first], context.shapeOf(first));
  const own = step('self_layer', state, 'hidden');
  const next = combined(context, 'next_state', [first, own], context.shapeOf(first));
  return step('output_layer', next, 'output');
}

/** Gates with a product of the input (`u…`) and one of the state (`w…`) each. */
function gated(context: LayerContext, gates: readonly string[]): ValueId {
  const ofInput = gates.map((gate) => product(context, `u${gate}`, context.input, 'output'));
  const [first] = ofInput;
  if (first === undefined) return context.input;
  const state = combined(context, 'state', [first], context.shapeOf(first));
  const ofState = gates.map((gate) => product(context, `w${gate}`, state, 'output'));
  return combined(context, '', [...ofInput, ...ofState], context.shapeOf(first));
}

/** Update, reset and candidate (`make_gru_layer`). */
export const gru = (context: LayerContext): ValueId => gated(context, ['z', 'r', 'h']);
/** Forget, input, candidate and output (`make_lstm_layer`). */
export const lstm = (context: LayerContext): ValueId => gated(context, ['f', 'i', 'g', 'o']);
