// Activation functions, once for `nn` and `nn.functional`: one row each.

import type { ActivationFunction, OpAttributes } from '../../../../network/op.ts';
import { emitOn, type TracedCall } from '../../tracing/traced-call.ts';
import type { PyValue, TensorValue } from '../../evaluator/machine.ts';

export interface ActivationRow {
  /** In `torch.nn`; undefined where only the function exists. */
  readonly moduleName?: string;
  /** Of the module's constructor and, behind the input, of the function. */
  readonly parameters: string;
  readonly emit: (
    call: TracedCall,
    input: TensorValue | undefined,
    number: (name: string) => number | undefined,
  ) => PyValue;
}

/** A row whose slope, if it has one, is the parameter of that name. */
function row(
  moduleName: string | undefined,
  name: ActivationFunction,
  parameters = 'inplace=False',
  slope?: string,
): ActivationRow {
  return {
    ...(moduleName !== undefined && { moduleName }),
    parameters,
    emit(call, input, number) {
      const value = slope === undefined ? undefined : number(slope);
      const attributes: OpAttributes = {
        kind: 'activation',
        function: name,
        channelAxis: 1,
        ...(value !== undefined && { slope: value }),
      };
      return emitOn(call, input, attributes);
    },
  };
}

/** What keeps values between two bounds, either of which may be missing, is called. */
export function functionBetween(low: number | undefined, high: number | undefined): ActivationFunction {
  if (low === 0 && (high === undefined || high === Infinity)) return 'relu';
  if (low === 0 && high === 6) return 'relu6';
  return low === -1 && high === 1 ? 'hard-tanh' : 'other';
}

/** By the function's name in `torch.nn.functional`. */
export const activations: Readonly<Record<string, ActivationRow>> = {
  relu: row('ReLU', 'relu'),
  relu6: row('ReLU6', 'relu6'),
  leaky_relu: row('LeakyReLU', 'leaky-relu', 'negative_slope=0.01 inplace=False', 'negative_slope'),
  elu: row('ELU', 'elu', 'alpha=1.0 inplace=False', 'alpha'),
  selu: row('SELU', 'selu'),
  celu: row('CELU', 'celu', 'alpha=1.0 inplace=False', 'alpha'),
  gelu: row('GELU', 'gelu', "approximate='none'"),
  silu: row('SiLU', 'silu'),
  mish: row('Mish', 'mish'),
  sigmoid: row('Sigmoid', 'sigmoid', ''),
  hardsigmoid: row('Hardsigmoid', 'hard-sigmoid'),
  hardswish: row('Hardswish', 'hard-swish'),
  hardtanh: {
    moduleName: 'Hardtanh',
    parameters: 'min_val=-1.0 max_val=1.0 inplace=False',
    emit: (call, input, number) =>
      emitOn(call, input, {
        kind: 'activation',
        function: functionBetween(number('min_val'), number('max_val')),
        channelAxis: 1,
      }),
  },
  tanh: row('Tanh', 'tanh', ''),
  softplus: row('Softplus', 'softplus', 'beta=1.0 threshold=20.0'),
  softsign: row('Softsign', 'softsign', ''),
  logsigmoid: row('LogSigmoid', 'log-sigmoid', ''),
};
