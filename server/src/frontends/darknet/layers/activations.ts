// Darknet's names of activation functions, and the op that each becomes.

import type { ActivationFunction, ValueId } from '../../../network/op.ts';
import type { LayerContext } from '../layer-context.ts';

interface ActivationModel {
  readonly function: ActivationFunction;
  readonly slope?: number;
}

const models: ReadonlyMap<string, ActivationModel | undefined> = new Map<string, ActivationModel | undefined>([
  ['linear', undefined],
  ['relu', { function: 'relu' }],
  ['relu6', { function: 'relu6' }],
  ['leaky', { function: 'leaky-relu', slope: 0.1 }],
  ['relie', { function: 'leaky-relu', slope: 0.01 }],
  ['elu', { function: 'elu', slope: 1 }],
  ['selu', { function: 'selu' }],
  ['gelu', { function: 'gelu-tanh' }],
  ['swish', { function: 'silu' }],
  ['mish', { function: 'mish' }],
  ['logistic', { function: 'sigmoid' }],
  ['tanh', { function: 'tanh' }],
  ['hard_mish', { function: 'other' }],
  ['hardtan', { function: 'hard-tanh' }],
  ['loggy', { function: 'other' }],
  ['ramp', { function: 'other' }],
  ['plse', { function: 'other' }],
  ['stair', { function: 'other' }],
  ['lhtan', { function: 'other' }],
  ['revleaky', { function: 'other' }],
  ['normalize_channels', { function: 'other' }],
  ['normalize_channels_softmax', { function: 'other' }],
  ['normalize_channels_softmax_maxval', { function: 'other' }],
]);

/** Names that can stand behind `activation=`. */
export function activationNames(): readonly string[] {
  return [...models.keys()];
}

/** Adds the activation that the section names, to the layer or to a part of it; `linear` adds nothing. */
export function addActivation(context: LayerContext, value: ValueId, fallback: string, part = ''): ValueId {
  const name = context.options.text('activation', fallback).toLowerCase();
  const model = models.get(name);
  if (model === undefined && !models.has(name)) {
    context.problem(
      'darknet-activation',
      'warning',
      `${context.name}: there is no activation "${name}"; known are ${[...models.keys()].join(', ')}`,
      context.options.spanOf('activation'),
    );
    return context.opaque(`the activation ${name} is not known`, [value], context.shapeOf(value));
  }
  if (model === undefined) return value;
  return context.add({
    part: part === '' ? name : `${part}.${name}`,
    attributes: { kind: 'activation', ...model, channelAxis: 1 },
    inputs: [value],
  });
}
