// Keras's activations: by name, as functions of `keras.activations`, and as whatever else a layer is given for one.

import type { SourceSpan } from '../../../../common/source-span.ts';
import type { ActivationFunction, OpAttributes } from '../../../../network/op.ts';
import { kerasActivations } from '../../../shared/keras-layers/activation-names.ts';
import { unknown } from '../../evaluator/values.ts';
import type { Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { one } from '../../tracing/folds.ts';
import type { Fold } from '../../tracing/constants.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';

/** Where an activation is applied. */
export interface ActivationCall {
  readonly machine: Machine;
  readonly network: TracedNetwork;
  readonly label: string;
  readonly span: SourceSpan;
  /** Whether it is one of several ops of its layer. */
  readonly isPart?: boolean;
  readonly channelAxis?: 1 | -1;
}

const byName: Readonly<Record<string, ActivationFunction>> = { ...kerasActivations, exp: 'exp' };

/** What an activation of that name is for a tensor; undefined for no such name. */
function activationAttributes(
  name: string,
  { shape }: TensorValue,
  channelAxis: 1 | -1,
  slope?: number,
): OpAttributes | undefined {
  if (name === 'softmax' || name === 'log_softmax')
    return { kind: 'softmax', axis: shape.length - 1, log: name === 'log_softmax' };
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  return known && { kind: 'activation', function: known, channelAxis, ...(slope !== undefined && { slope }) };
}

export const activationNames: readonly string[] = [...Object.keys(byName), 'softmax', 'log_softmax', 'linear'];

const folds: Readonly<Record<string, Fold>> = {
  relu: one((value) => Math.max(0, value)),
  exp: one(Math.exp),
  tanh: one(Math.tanh),
  sigmoid: one((value) => 1 / (1 + Math.exp(-value))),
};

/** Emits an activation by its name. */
export function emitActivation(call: ActivationCall, name: string, tensor: TensorValue, slope?: number): PyValue {
  if (name === 'linear') return tensor;
  const attributes = activationAttributes(
    name,
    tensor,
    call.channelAxis ?? -1,
    slope ?? (name === 'leaky_relu' ? 0.2 : undefined),
  );
  if (attributes === undefined) return unknown(`The activation ${name} is not known`, call.span);
  return call.network.emit(call.machine, {
    label: call.label,
    attributes,
    inputs: [tensor],
    span: call.span,
    part: call.isPart === true ? name : undefined,
    fold: folds[name],
  });
}

/** Applies what a layer was given as its activation. */
export function applyActivation(call: ActivationCall, activation: PyValue, tensor: TensorValue): PyValue {
  if (activation.kind === 'none') return tensor;
  if (activation.kind === 'unknown') return activation;
  if (activation.kind === 'string') return emitActivation(call, activation.value, tensor);
  if (activation.kind === 'builtin' && activationNames.includes(activation.name))
    return emitActivation(call, activation.name, tensor);
  return call.machine.callWith(activation, call.span, tensor);
}
