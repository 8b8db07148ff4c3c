// Layers of the Keras family that work element by element: activations, dropout, what only changes values or only matters
// while training.

import { onlyInput, type LayerCall, type LayerRow } from './keras-layer.ts';
import type { ActivationFunction } from '../../../network/op.ts';

function activated<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  made: ActivationFunction,
  slope?: number,
): Tensor | undefined {
  const given = onlyInput(call);
  return (
    given &&
    call.emit({
      attributes: { kind: 'activation', function: made, channelAxis: -1, ...(slope !== undefined && { slope }) },
      inputs: [given.input],
    })
  );
}

const activation: LayerRow = {
  name: 'Activation',
  parameters: 'activation',
  run: (call) => {
    const given = onlyInput(call);
    return given && call.activate(given.input, 'activation');
  },
};

const relu: LayerRow = {
  name: 'ReLU',
  parameters: 'max_value=None negative_slope=0.0 threshold=0.0',
  run: (call) => {
    const slope = call.settings.number('negative_slope') ?? 0;
    if (slope !== 0) return activated(call, 'leaky-relu', slope);
    const most = call.settings.number('max_value');
    if (most === undefined) return activated(call, 'relu');
    return activated(call, most === 6 ? 'relu6' : 'other');
  },
};

const leakyRelu: LayerRow = {
  name: 'LeakyReLU',
  parameters: 'negative_slope=0.3 alpha=None',
  run: (call) =>
    activated(call, 'leaky-relu', call.settings.number('alpha') ?? call.settings.number('negative_slope') ?? 0.3),
};

const elu: LayerRow = {
  name: 'ELU',
  parameters: 'alpha=1.0',
  run: (call) => activated(call, 'elu', call.settings.number('alpha') ?? 1),
};

/** One slope an element, but for axes that share theirs. */
const prelu: LayerRow = {
  name: 'PReLU',
  parameters: 'alpha_initializer=Zeros alpha_regularizer=None alpha_constraint=None shared_axes=None',
  run: (call) => {
    const given = onlyInput(call);
    if (given === undefined) return undefined;
    const shared = call.settings.isNone('shared_axes') ? [] : (call.settings.integers('shared_axes', 0) ?? []);
    const sizes = given.shape.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : size));
    const known = sizes.filter((size) => typeof size === 'number');
    if (known.length !== sizes.length) return call.refuse('The sizes that this layer learns slopes for are not known');
    return call.emit({
      attributes: { kind: 'activation', function: 'prelu', channelAxis: -1 },
      inputs: [given.input],
      weights: [call.weight('alpha', known, 'slope')],
    });
  },
};

const softmax: LayerRow = {
  name: 'Softmax',
  parameters: 'axis=-1',
  run: (call) => {
    const given = onlyInput(call);
    const axis = call.settings.integer('axis') ?? -1;
    return (
      given &&
      call.emit({
        attributes: { kind: 'softmax', axis: axis < 0 ? axis + given.shape.length : axis, log: false },
        inputs: [given.input],
      })
    );
  },
};

function dropout(name: string, parameters: string, setting: string): LayerRow {
  return {
    name,
    parameters,
    run: (call) => {
      const given = onlyInput(call);
      return (
        given &&
        call.emit({
          attributes: { kind: 'dropout', rate: call.settings.number(setting) ?? 0 },
          inputs: [given.input],
        })
      );
    },
  };
}

/** What gives its input unchanged when the network is used. */
function unchanged(name: string, parameters: string): LayerRow {
  return {
    name,
    parameters,
    run: (call) => {
      const given = onlyInput(call);
      return given && call.emit({ attributes: { kind: 'identity' }, inputs: [given.input] });
    },
  };
}

const rescaling: LayerRow = {
  name: 'Rescaling',
  parameters: 'scale offset=0.0',
  run: (call) => {
    const given = onlyInput(call);
    if (given === undefined) return undefined;
    const [scale, offset] = [call.settings.number('scale'), call.settings.number('offset')];
    // One number an input channel: the values matter to training only.
    if (scale === undefined || offset === undefined)
      return call.emit({ attributes: { kind: 'identity' }, inputs: [given.input] });
    const scaled = call.emit({
      attributes: { kind: 'elementwise', operator: 'multiply' },
      inputs: [given.input, call.constant(scale)],
      ...(offset !== 0 && { part: 'scale' }),
    });
    if (scaled === undefined || offset === 0) return scaled;
    return call.emit({
      attributes: { kind: 'elementwise', operator: 'add' },
      inputs: [scaled, call.constant(offset)],
    });
  },
};

const augmentations =
  'RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness RandomHeight RandomWidth RandomHue RandomSaturation RandomSharpness RandomShear RandomGrayscale RandomColorJitter RandomColorDegeneration RandomInvert RandomPosterization RandomErasing RandomGaussianBlur RandomPerspective RandomElasticTransform AutoContrast Equalization Solarization RandAugment AugMix MixUp CutMix';

export const elementwiseLayers: readonly LayerRow[] = [
  activation,
  relu,
  leakyRelu,
  elu,
  prelu,
  softmax,
  dropout('Dropout', 'rate noise_shape=None seed=None', 'rate'),
  dropout('AlphaDropout', 'rate noise_shape=None seed=None', 'rate'),
  dropout('GaussianDropout', 'rate seed=None', 'rate'),
  ...[1, 2, 3].map((rank) => dropout(`SpatialDropout${String(rank)}D`, 'rate data_format=None seed=None', 'rate')),
  rescaling,
  unchanged('Identity', ''),
  unchanged('GaussianNoise', 'stddev seed=None'),
  unchanged('ActivityRegularization', 'l1=0.0 l2=0.0'),
  unchanged('Masking', 'mask_value=0.0'),
  unchanged('UnitNormalization', 'axis=-1'),
  unchanged('Normalization', 'axis=-1 mean=None variance=None invert=False'),
  ...augmentations.split(' ').map((name) => unchanged(name, '*settings **options')),
];
