// Every section type that is understood and the function that reads it: one entry a type.

import type { ValueId } from '../../../network/op.ts';
import type { LayerContext } from '../layer-context.ts';
import { cost, detection, gaussianYolo, region, yolo } from './heads.ts';
import { crnn, gru, lstm, rnn } from './recurrent.ts';
import { shortcut } from './shortcut.ts';
import { batchNormalization, connected, convolutional, deconvolutional, implicit, local } from './weighted.ts';
import {
  activationLayer,
  avgpool,
  crop,
  dropout,
  l2norm,
  localAveragePool,
  maxpool,
  multiplyBy,
  normalization,
  passed,
  reorg,
  route,
  softmax,
  upsample,
} from './weightless.ts';

/** Adds a section's ops to the network and gives its output. */
export type LayerModel = (context: LayerContext) => ValueId;

const models: ReadonlyMap<string, LayerModel> = new Map<string, LayerModel>([
  ['convolutional', convolutional],
  ['conv', convolutional],
  ['deconvolutional', deconvolutional],
  ['deconv', deconvolutional],
  ['connected', connected],
  ['conn', connected],
  ['local', local],
  ['batchnorm', batchNormalization],
  ['maxpool', maxpool],
  ['max', maxpool],
  ['local_avgpool', localAveragePool],
  ['local_avg', localAveragePool],
  ['avgpool', avgpool],
  ['avg', avgpool],
  ['upsample', upsample],
  ['route', route],
  ['shortcut', shortcut],
  ['scale_channels', multiplyBy],
  ['sam', multiplyBy],
  ['reorg', reorg],
  ['reorg3d', reorg],
  ['crop', crop],
  ['dropout', dropout],
  ['softmax', softmax],
  ['soft', softmax],
  ['normalization', normalization],
  ['lrn', normalization],
  ['activation', activationLayer],
  ['logistic', activationLayer],
  ['yolo', yolo],
  ['gaussian_yolo', gaussianYolo],
  ['region', region],
  ['detection', detection],
  ['cost', cost],
  ['rnn', rnn],
  ['gru', gru],
  ['lstm', lstm],
  ['crnn', crnn],
  ['empty', passed],
  ['silence', passed],
  ['implicit', implicit],
  ['l2norm', l2norm],
  ['contrastive', detection],
]);

/** The model of a section type, or undefined when it is not understood. */
export function findLayerModel(type: string): LayerModel | undefined {
  return models.get(type);
}

/** Types by name, for messages. */
export function knownLayerTypes(): readonly string[] {
  return [...models.keys()];
}
