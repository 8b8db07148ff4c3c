// Recurrent layers of the Keras family as the products they are made of: one with the input and one with the state, at
// every step. What stands between the two products is shown as a change of elements only.

import type { Shape } from '../../../network/shape.ts';
import { knownSize, onlyInput, type LayerCall, type LayerRow } from './keras-layer.ts';

const initializers = 'kernel_initializer=glorot_uniform recurrent_initializer=orthogonal bias_initializer=zeros';
const penalties =
  'kernel_regularizer=None recurrent_regularizer=None bias_regularizer=None activity_regularizer=None kernel_constraint=None recurrent_constraint=None bias_constraint=None dropout=0.0 recurrent_dropout=0.0';
const sequence = 'return_sequences=False return_state=False go_backwards=False stateful=False unroll=False';

interface Cell {
  /** Products with a width of so many times the units'. */
  readonly gates: number;
  readonly parameters: string;
}

const cells: Readonly<Record<string, Cell>> = {
  SimpleRNN: {
    gates: 1,
    parameters: `units activation=tanh use_bias=True ${initializers} ${penalties} ${sequence} seed=None`,
  },
  GRU: {
    gates: 3,
    parameters: `units activation=tanh recurrent_activation=sigmoid use_bias=True ${initializers} ${penalties} seed=None ${sequence} reset_after=True use_cudnn=auto`,
  },
  LSTM: {
    gates: 4,
    parameters: `units activation=tanh recurrent_activation=sigmoid use_bias=True ${initializers} unit_forget_bias=True ${penalties} seed=None ${sequence} use_cudnn=auto implementation=2`,
  },
};

function gated<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  inputs: readonly Tensor[],
  shape: Shape,
  part?: string,
): Tensor | undefined {
  return call.emit({
    attributes: { kind: 'rearrange', operation: 'gates', shape },
    inputs,
    ...(part !== undefined && { part }),
  });
}

function recurrent(name: string, { gates, parameters }: Cell): LayerRow {
  return {
    name,
    parameters,
    run: (call) => {
      const given = onlyInput(call);
      const units = call.settings.integer('units');
      if (given === undefined) return undefined;
      if (units === undefined) return call.refuse('The number of units is not known');
      const inFeatures = knownSize(call, given.shape, -1);
      if (inFeatures === undefined) return undefined;
      const outFeatures = gates * units;
      const hasBias = call.settings.flag('use_bias');
      const isReset = name === 'GRU' && call.settings.flag('reset_after');
      const products = call.emit({
        attributes: { kind: 'dense', inFeatures, outFeatures },
        inputs: [given.input],
        weights: [
          call.weight('kernel', [outFeatures, inFeatures], 'weight'),
          hasBias ? call.weight('bias', [outFeatures], 'bias') : undefined,
        ],
      });
      if (products === undefined) return undefined;
      const [batch = 1, steps = 1] = given.shape;
      const state = gated(call, [products], [batch, steps, units], 'state');
      const next =
        state &&
        call.emit({
          attributes: { kind: 'dense', inFeatures: units, outFeatures },
          inputs: [state],
          weights: [
            call.weight('recurrent_kernel', [outFeatures, units], 'weight'),
            hasBias && isReset ? call.weight('recurrent_bias', [outFeatures], 'bias') : undefined,
          ],
          part: 'recurrent',
        });
      const isSequence = call.settings.flag('return_sequences');
      return next && gated(call, [products, next], isSequence ? [batch, steps, units] : [batch, units], 'output');
    },
  };
}

export const recurrentLayers: readonly LayerRow[] = Object.entries(cells).map(([name, cell]) => recurrent(name, cell));
