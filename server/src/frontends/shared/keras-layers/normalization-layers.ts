// Normalisations of the Keras family.

import { knownSize, onlyInput, type LayerCall, type LayerRow } from './keras-layer.ts';

const affine = 'center=True scale=True beta_initializer=zeros gamma_initializer=ones';
const penalties = 'beta_regularizer=None gamma_regularizer=None beta_constraint=None gamma_constraint=None';

/** An axis counted from the front. */
const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function scaleAndShift<Tensor, Weight>(
  call: LayerCall<Tensor, Weight>,
  shape: readonly number[],
): readonly [Weight | undefined, Weight | undefined] {
  return [
    call.settings.flag('scale') ? call.weight('gamma', shape, 'scale') : undefined,
    call.settings.flag('center') ? call.weight('beta', shape, 'shift') : undefined,
  ];
}

const batchNormalization: LayerRow = {
  name: 'BatchNormalization',
  parameters: `axis=-1 momentum=0.99 epsilon=0.001 ${affine} moving_mean_initializer=zeros moving_variance_initializer=ones ${penalties} renorm=False renorm_clipping=None renorm_momentum=0.99 synchronized=False`,
  run: (call) => {
    const given = onlyInput(call);
    const axis = call.settings.integers('axis', 1)?.[0];
    if (given === undefined) return undefined;
    if (axis === undefined) return call.refuse('The axis of this normalisation is not known');
    const channelAxis = fromFront(axis, given.shape.length);
    const channels = knownSize(call, given.shape, channelAxis);
    if (channels === undefined) return undefined;
    const [scale, shift] = scaleAndShift(call, [channels]);
    const momentum = call.settings.number('momentum');
    return call.emit({
      attributes: {
        kind: 'batch-norm',
        channels,
        epsilon: call.settings.number('epsilon') ?? 0.001,
        // Keras names the weight of what was known before.
        momentum: momentum === undefined ? undefined : 1 - momentum,
        hasScale: scale !== undefined,
        hasShift: shift !== undefined,
        channelAxis: channelAxis === given.shape.length - 1 ? -1 : channelAxis,
      },
      inputs: [given.input],
      weights: [
        scale,
        shift,
        call.weight('moving_mean', [channels], 'running-mean'),
        call.weight('moving_variance', [channels], 'running-variance'),
      ],
    });
  },
};

const layerNormalization: LayerRow = {
  name: 'LayerNormalization',
  parameters: `axis=-1 epsilon=0.001 ${affine} ${penalties} rms_scaling=False`,
  run: (call) => {
    const given = onlyInput(call);
    const axes = call.settings.integers('axis', 0);
    if (given === undefined) return undefined;
    if (!axes) return call.refuse('The axes of this normalisation are not known');
    const normalizedAxes = axes.map((axis) => fromFront(axis, given.shape.length));
    const sizes = normalizedAxes.map((axis) => knownSize(call, given.shape, axis));
    const known = sizes.filter((size) => size !== undefined);
    if (known.length !== sizes.length) return undefined;
    return call.emit({
      attributes: { kind: 'layer-norm', normalizedAxes, epsilon: call.settings.number('epsilon') ?? 0.001 },
      inputs: [given.input],
      weights: scaleAndShift(call, known),
    });
  },
};

const groupNormalization: LayerRow = {
  name: 'GroupNormalization',
  parameters: `groups=32 axis=-1 epsilon=0.001 ${affine} ${penalties}`,
  run: (call) => {
    const given = onlyInput(call);
    const axis = call.settings.integer('axis');
    const wanted = call.settings.integer('groups');
    if (given === undefined) return undefined;
    if (axis === undefined || wanted === undefined)
      return call.refuse('The groups of this normalisation are not known');
    const channelAxis = fromFront(axis, given.shape.length);
    const channels = knownSize(call, given.shape, channelAxis);
    if (channels === undefined) return undefined;
    return call.emit({
      attributes: {
        kind: 'group-norm',
        groups: wanted === -1 ? channels : wanted,
        channels,
        epsilon: call.settings.number('epsilon') ?? 0.001,
        channelAxis: channelAxis === given.shape.length - 1 ? -1 : channelAxis,
      },
      inputs: [given.input],
      weights: scaleAndShift(call, [channels]),
    });
  },
};

const rootMeanSquareNormalization: LayerRow = {
  name: 'RMSNormalization',
  parameters: 'axis=-1 epsilon=1e-6',
  run: (call) => {
    const given = onlyInput(call);
    const axes = call.settings.integers('axis', 0);
    if (given === undefined) return undefined;
    if (!axes) return call.refuse('The axes of this normalisation are not known');
    const normalizedAxes = axes.map((axis) => fromFront(axis, given.shape.length));
    const sizes = normalizedAxes.map((axis) => knownSize(call, given.shape, axis));
    const known = sizes.filter((size) => size !== undefined);
    if (known.length !== sizes.length) return undefined;
    return call.emit({
      attributes: { kind: 'layer-norm', normalizedAxes, epsilon: call.settings.number('epsilon') ?? 1e-6 },
      inputs: [given.input],
      weights: [call.weight('scale', known, 'scale')],
    });
  },
};

export const normalizationLayers: readonly LayerRow[] = [
  batchNormalization,
  layerNormalization,
  groupNormalization,
  rootMeanSquareNormalization,
];
