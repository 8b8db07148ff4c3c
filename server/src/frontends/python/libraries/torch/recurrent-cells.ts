// One step of a recurrent layer, which source calls in a loop of its own: a product with the input and one with the state.

import { none, tuple } from '../../evaluator/values.ts';
import { tensorAttribute } from './layer-modules.ts';
import { emitDense } from './layers.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { arrangedGates, gateCounts } from './recurrent-modules.ts';
import { giveUp, parameterTensor, type TracedCall } from '../../tracing/traced-call.ts';
import type { InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';

/** A tensor, the first of a pair, or none: zeros are multiplied like any state. */
function stateOf(given: PyValue): TensorValue | undefined {
  const first = given.kind === 'tuple' || given.kind === 'list' ? (given.items[0] ?? none) : given;
  return first.kind === 'tensor' ? first : undefined;
}

function step(self: InstanceValue, call: TracedCall, isPair: boolean): PyValue {
  const [weight, recurrent] = [tensorAttribute(self, 'weight_ih'), tensorAttribute(self, 'weight_hh')];
  const hidden = recurrent?.shape[1];
  if (!weight || !recurrent || hidden === undefined)
    return giveUp(call, `The sizes of this ${self.class.name} are not all known`);
  const input = call.args.tensor('input');
  if (!input) return giveUp(call, `${self.class.name} is given something that is no known tensor`);
  const gates = emitDense(call, input, weight, tensorAttribute(self, 'bias_ih'));
  if (gates.kind !== 'tensor') return gates;
  const shape = gates.shape.with(-1, hidden);
  const state = stateOf(call.args.value('hx')) ?? arrangedGates(call, [gates], shape);
  if (state.kind !== 'tensor') return state;
  const next = emitDense(call, state, recurrent, tensorAttribute(self, 'bias_hh'));
  if (next.kind !== 'tensor') return next;
  const output = arrangedGates(call, [gates, next], shape);
  return isPair ? tuple([output, arrangedGates(call, [gates, next], shape)]) : output;
}

export const recurrentCells: readonly ModuleRow[] = Object.entries(gateCounts).map(([name, gates]) => ({
  name: `${name}Cell`,
  parameters: 'input_size hidden_size bias=True nonlinearity=tanh device=None dtype=None',
  construct(self, args, machine) {
    keepArguments(machine, self, args, 'input_size hidden_size bias nonlinearity');
    const [input, hidden] = [args.integer('input_size'), args.integer('hidden_size')];
    if (input === undefined || hidden === undefined) return;
    machine.change(self).attributes.set('weight_ih', parameterTensor([gates * hidden, input], 'weight'));
    machine.change(self).attributes.set('weight_hh', parameterTensor([gates * hidden, hidden], 'weight'));
    for (const bias of ['bias_ih', 'bias_hh']) {
      machine.change(self).attributes.set(bias, args.flag('bias') ? parameterTensor([gates * hidden], 'bias') : none);
    }
  },
  inputs: 'input hx=None',
  forward: (self, call) => step(self, call, name === 'LSTM'),
}));
