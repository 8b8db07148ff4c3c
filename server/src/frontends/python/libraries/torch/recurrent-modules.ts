// Recurrent layers as the products they are made of: one with the input and one with the state, at every step. What
// stands between the two products is no arrangement of channels, so it is shown as a change of elements only.

import type { Dimension } from '../../../../network/shape.ts';
import { none, tuple } from '../../evaluator/values.ts';
import { emitDense } from './layers.ts';
import { tensorAttribute } from './layer-modules.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { giveUp, parameterTensor, type TracedCall } from '../../tracing/traced-call.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import type { InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';

/** Products with a width of `gates` times the state's. */
export const gateCounts: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

const isSet = (self: InstanceValue, name: string): boolean => {
  const value = self.attributes.get(name);
  return value?.kind === 'bool' && value.value;
};
const sizeOf = (self: InstanceValue, name: string): number => integerOf(self.attributes.get(name) ?? none) ?? 0;
const directionsOf = (self: InstanceValue): readonly string[] =>
  isSet(self, 'bidirectional') ? ['', '_reverse'] : [''];

/** What is computed of gates element by element. */
export function arrangedGates(call: TracedCall, inputs: readonly TensorValue[], shape: readonly Dimension[]): PyValue {
  const attributes = { kind: 'rearrange', operation: call.label, shape } as const;
  return call.network.emit(call.machine, { label: call.label, attributes, inputs, span: call.span });
}

/** The width of what a layer gives: that of its state, or what an LSTM projects it to. */
const givenWidthOf = (self: InstanceValue): number => sizeOf(self, 'proj_size') || sizeOf(self, 'hidden_size');

/** One direction of one layer. */
function pass(self: InstanceValue, call: TracedCall, input: TensorValue, suffix: string, hidden: number): PyValue {
  const [weight, recurrent] = ['weight_ih', 'weight_hh'].map((name) => tensorAttribute(self, `${name}_${suffix}`));
  const [bias, recurrentBias] = ['bias_ih', 'bias_hh'].map((name) => tensorAttribute(self, `${name}_${suffix}`));
  if (!weight || !recurrent) return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
  const gates = emitDense(call, input, weight, bias);
  if (gates.kind !== 'tensor') return gates;
  const shape = gates.shape.with(gates.shape.length - 1, hidden);
  const state = arrangedGates(call, [gates], shape.with(shape.length - 1, givenWidthOf(self)));
  if (state.kind !== 'tensor') return state;
  const next = emitDense(call, state, recurrent, recurrentBias);
  const output = next.kind === 'tensor' ? arrangedGates(call, [gates, next], shape) : next;
  const projection = tensorAttribute(self, `weight_hr_${suffix}`);
  return projection && output.kind === 'tensor' ? emitDense(call, output, projection, undefined) : output;
}

function run(self: InstanceValue, call: TracedCall): PyValue {
  const hidden = sizeOf(self, 'hidden_size');
  let current: PyValue = call.args.value('input');
  for (let layer = 0; layer < sizeOf(self, 'num_layers'); layer++) {
    if (current.kind !== 'tensor') return giveUp(call, `${self.class.name} is given something that is no known tensor`);
    const input: TensorValue = current;
    const outputs = directionsOf(self).map((direction) =>
      pass(self, call, input, `l${String(layer)}${direction}`, hidden),
    );
    const tensors = outputs.filter((output) => output.kind === 'tensor');
    const [first] = tensors;
    if (!first || tensors.length !== outputs.length) return outputs[0] ?? none;
    current =
      tensors.length === 1
        ? first
        : call.network.emit(call.machine, {
            label: 'cat',
            attributes: { kind: 'concat', axis: first.shape.length - 1 },
            inputs: tensors,
            span: call.span,
          });
  }
  if (current.kind !== 'tensor') return current;
  const batch = current.shape.at(isSet(self, 'batch_first') ? 0 : -2) ?? 1;
  const count = sizeOf(self, 'num_layers') * directionsOf(self).length;
  const state = arrangedGates(call, [current], [count, batch, givenWidthOf(self)]);
  if (!self.class.mro.some((type) => type.name === 'LSTM')) return tuple([current, state]);
  return tuple([current, tuple([state, arrangedGates(call, [current], [count, batch, hidden])])]);
}

export const recurrentModules: readonly ModuleRow[] = Object.entries(gateCounts).map(([name, gates]) => ({
  name,
  parameters:
    'input_size hidden_size num_layers=1 bias=True batch_first=False dropout=0.0 bidirectional=False proj_size=0 device=None dtype=None nonlinearity=tanh',
  construct(self, args, machine) {
    keepArguments(
      machine,
      self,
      args,
      'input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size',
    );
    const [input, hidden, layers] = [
      args.integer('input_size'),
      args.integer('hidden_size'),
      args.integer('num_layers'),
    ];
    if (input === undefined || hidden === undefined || layers === undefined) return;
    for (let layer = 0; layer < Math.min(layers, 100); layer++) {
      for (const direction of directionsOf(self)) {
        const suffix = `l${String(layer)}${direction}`;
        const given = givenWidthOf(self);
        const width = layer === 0 ? input : given * directionsOf(self).length;
        machine.change(self).attributes.set(`weight_ih_${suffix}`, parameterTensor([gates * hidden, width], 'weight'));
        machine.change(self).attributes.set(`weight_hh_${suffix}`, parameterTensor([gates * hidden, given], 'weight'));
        if (given !== hidden)
          machine.change(self).attributes.set(`weight_hr_${suffix}`, parameterTensor([given, hidden], 'weight'));
        if (!args.flag('bias')) continue;
        machine.change(self).attributes.set(`bias_ih_${suffix}`, parameterTensor([gates * hidden], 'bias'));
        machine.change(self).attributes.set(`bias_hh_${suffix}`, parameterTensor([gates * hidden], 'bias'));
      }
    }
  },
  inputs: 'input hx=None',
  forward: run,
}));
