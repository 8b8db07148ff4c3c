// Runs a row of the Keras family's layer table on the evaluator's values: settings from the constructor's arguments, weights
// as attributes of the layer, ops into the network.

import type { SourceSpan } from '../../../../common/source-span.ts';
import type { Initializer, OpAttributes, ParameterRole } from '../../../../network/op.ts';
import type { WidthOrigin } from '../../../../network/width-origin.ts';
import { initializerOf, initializerSetting, usualKerasInitializer } from '../../../shared/keras-layers/initializers.ts';
import type { LayerCall, LayerRow, LayerSettings } from '../../../shared/keras-layers/keras-layer.ts';
import { integerOf, numberOf } from '../../evaluator/numbers.ts';
import { unknown } from '../../evaluator/values.ts';
import type { InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { BoundArguments } from '../../tracing/signature.ts';
import { originOf } from '../../tracing/traced-call.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import { applyActivation } from './activations.ts';
import { sizesOf } from './symbolic-tensors.ts';

/** Where a layer keeps the arguments that it was made with; no Python text can use the name. */
export const settingsKey = '<settings>';

function settingsOf(layer: InstanceValue): BoundArguments | undefined {
  const kept = layer.attributes.get(settingsKey);
  return kept?.kind === 'dict' ? BoundArguments.fromDictionary(kept, []) : undefined;
}

/** The arguments of a constructor as the table reads them. */
function layerSettings(args: BoundArguments): LayerSettings {
  return {
    isNone: (name) => args.isNone(name),
    integer: (name) => args.integer(name),
    integers: (name, count) => args.integers(name, count),
    sizes: (name) => sizesOf(args.value(name)),
    number: (name) => args.number(name),
    text: (name) => args.text(name),
    flag: (name) => args.flag(name),
    pairs: (name, count) => pairsOf(args.value(name), count),
    origin: (name): WidthOrigin | undefined => originOf(args.value(name)),
  };
}

function pairsOf(value: PyValue, count: number): readonly (readonly [number, number])[] | undefined {
  const same = integerOf(value);
  if (same !== undefined) return Array.from({ length: count }, () => [same, same] as const);
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  // Over one axis the two amounts are written without a tuple around them.
  const items = count === 1 && value.items.length === 2 ? [value] : value.items;
  const pairs = items.flatMap((item): (readonly [number, number])[] => {
    const both = integerOf(item);
    if (both !== undefined) return [[both, both]];
    if (item.kind !== 'list' && item.kind !== 'tuple') return [];
    const [before, after] = item.items.map(integerOf);
    return before === undefined || after === undefined ? [] : [[before, after]];
  });
  return pairs.length === count ? pairs : undefined;
}

/** A call of one layer on tensors. */
export interface RowCall {
  readonly machine: Machine;
  readonly network: TracedNetwork;
  readonly layer: InstanceValue;
  readonly inputs: readonly TensorValue[];
  readonly usualDataFormat: 'channels_last' | 'channels_first';
  readonly span: SourceSpan;
}

export function runRow(row: LayerRow, { machine, network, layer, inputs, usualDataFormat, span }: RowCall): PyValue {
  const args = settingsOf(layer);
  if (args === undefined) return unknown(`${layer.class.name} was not made as its library makes it`, span);
  const lost = args.firstUnknown();
  if (lost) {
    machine.loseTrack(lost.reason, lost.span);
    return lost;
  }
  let failure: PyValue | undefined;
  const keep = (result: PyValue): TensorValue | undefined => {
    if (result.kind === 'tensor') return result;
    failure ??= result;
    return undefined;
  };
  const activation = {
    machine,
    network,
    label: layer.class.name,
    span,
    isPart: row.name !== 'Activation',
    channelAxis: usualDataFormat === 'channels_first' ? (1 as const) : (-1 as const),
  };
  const call: LayerCall<TensorValue, TensorValue> = {
    settings: layerSettings(args),
    inputs,
    usualDataFormat,
    shapeOf: ({ shape }) => shape,
    weight: (name, shape, role) => weightOf(machine, network, layer, args, name, shape, role),
    emit: ({ attributes, inputs: given, weights, part, outWidth }) =>
      keep(
        network.emit(machine, {
          label: layer.class.name,
          attributes,
          inputs: given,
          span,
          ...(weights && { parameters: weights }),
          part,
          outWidth,
        }),
      ),
    constant: (value) => ({ kind: 'tensor', shape: [], fill: value }),
    activate: (tensor, setting) => keep(applyActivation(activation, args.value(setting), tensor)),
    refuse: (reason) => {
      machine.loseTrack(reason, span);
      failure ??= unknown(reason, span);
      return undefined;
    },
  };
  const result = row.run(call);
  if (result !== undefined) return result;
  // What cannot be followed shows its place in the graph.
  const reason = failure?.kind === 'unknown' ? failure.reason : `${layer.class.name} could not be followed`;
  network.opaque(machine, layer.class.name, reason, inputs, span);
  return failure ?? unknown(reason, span);
}

function weightOf(
  machine: Machine,
  network: TracedNetwork,
  layer: InstanceValue,
  args: BoundArguments,
  name: string,
  shape: readonly number[],
  role: ParameterRole,
): TensorValue {
  const known = layer.attributes.get(name);
  if (known?.kind === 'tensor') return known;
  const isTrained = role !== 'running-mean' && role !== 'running-variance';
  const weight = kerasWeight(shape, role, isTrained, startOf(args.value(initializerSetting(name)), role));
  machine.change(layer).attributes.set(name, weight);
  machine.change(layer).attributes.set('built', { kind: 'bool', value: true });
  if (network.names.has(layer)) network.nameParameters(layer);
  return weight;
}

/** A weight as a value of the language; its id is given when layers are named. */
export function kerasWeight(
  shape: readonly number[],
  role: ParameterRole,
  trainable: boolean,
  initializer: Initializer | undefined,
): TensorValue {
  return {
    kind: 'tensor',
    shape,
    parameter: { id: '', role, trainable, ...(initializer !== undefined && { initializer }) },
  };
}

/** The rule that a setting names or holds. */
export function startOf(setting: PyValue, role: ParameterRole): Initializer | undefined {
  // Scales of batch normalisations start by the reference's rule: see `usualInitializer`.
  if (role === 'scale' || role === 'running-mean' || role === 'running-variance') return undefined;
  if (setting.kind === 'string') return initializerOf(setting.value) ?? usualKerasInitializer(role);
  if (setting.kind === 'instance') return instanceStart(setting) ?? usualKerasInitializer(role);
  return usualKerasInitializer(role);
}

function instanceStart({ class: type, attributes }: InstanceValue): Initializer | undefined {
  const rule = initializerOf(type.name);
  const given = (name: string): number | undefined => {
    const value = attributes.get(name);
    return value && numberOf(value);
  };
  if (type.name === 'Constant') return { kind: 'constant', value: given('value') ?? 0 };
  if (rule?.kind === 'normal')
    return { ...rule, mean: given('mean') ?? rule.mean, deviation: given('stddev') ?? rule.deviation };
  if (rule?.kind === 'uniform') return { ...rule, bound: given('maxval') ?? rule.bound };
  if (rule?.kind !== 'variance-scaling') return rule;
  const [mode, distribution] = ['mode', 'distribution'].map((name) => attributes.get(name));
  const fans: Readonly<Record<string, 'in' | 'out' | 'average'>> = { fan_in: 'in', fan_out: 'out', fan_avg: 'average' };
  return {
    ...rule,
    scale: given('scale') ?? rule.scale,
    fan: (mode?.kind === 'string' ? fans[mode.value] : undefined) ?? rule.fan,
    distribution: distribution?.kind === 'string' && distribution.value === 'uniform' ? 'uniform' : rule.distribution,
  };
}

/** Kinds of ops by the layer of the library that runs them. */
export const layerOfKind: Readonly<Partial<Record<OpAttributes['kind'], string>>> = {
  dense: 'Dense',
  'batch-norm': 'BatchNormalization',
  'layer-norm': 'LayerNormalization',
  'group-norm': 'GroupNormalization',
};
