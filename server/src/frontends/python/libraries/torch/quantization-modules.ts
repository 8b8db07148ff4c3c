// The modules of PyTorch's quantization that a float model carries: markers that do nothing until it is converted, and
// arithmetic as a module.

import { nativeClass } from '../../evaluator/classes.ts';
import { binary } from '../../evaluator/operators.ts';
import { builtin } from '../../evaluator/values.ts';
import { activations } from './activations.ts';
import { joiningRows } from './arrangement-functions.ts';
import type { FrameworkParts, Table } from './library-table.ts';
import { moduleClass } from './module-classes.ts';
import { callTraced, fn, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

const combined = (operator: '+' | '*' | '@', call: TracedCall): PyValue =>
  binary(call.machine, operator, call.args.value('x'), call.args.value('y'), call.span);

/** What `FloatFunctional` does with floats: the operation itself. */
const arithmetic: Readonly<Record<string, TracedFunction | undefined>> = {
  add: fn('x y', (call) => combined('+', call)),
  add_scalar: fn('x y', (call) => combined('+', call)),
  mul: fn('x y', (call) => combined('*', call)),
  mul_scalar: fn('x y', (call) => combined('*', call)),
  matmul: fn('x y', (call) => combined('@', call)),
  add_relu: fn('x y', (call) => {
    const sum = combined('+', call);
    return sum.kind === 'tensor' ? (activations['relu']?.emit(call, sum, () => undefined) ?? sum) : sum;
  }),
  cat: joiningRows['cat'],
};

function floatFunctional({ network, classes }: FrameworkParts): PyValue {
  const methods = Object.entries(arithmetic).flatMap(([name, row]): [string, PyValue][] =>
    row === undefined
      ? []
      : [
          [
            name,
            builtin(
              name,
              (machine, { positional: [, ...positional], keywords }, span) =>
                callTraced(machine, network, row, name, { positional, keywords }, span),
              true,
            ),
          ],
        ],
  );
  return nativeClass('FloatFunctional', [classes.get('Module') ?? nativeClass('Module', [])], methods);
}

/** A module that gives back what it gets. */
const marker = (name: string, { network, classes }: FrameworkParts): [string, PyValue] => [
  name,
  moduleClass(
    { name, parameters: '*args **options', forward: (_, call) => call.args.value('input') },
    classes.get('Module') ?? nativeClass('Module', []),
    network,
  ),
];

const markers: Table = (parts) => [marker('QuantStub', parts), marker('DeQuantStub', parts)];
const functionals: Table = (parts) => [['FloatFunctional', floatFunctional(parts)]];

/** Tables of modules by dotted name: where PyTorch has them, and where it had them before. */
export const quantizationTables: Readonly<Record<string, Table>> = {
  'torch.ao.quantization': markers,
  'torch.quantization': markers,
  'torch.ao.nn.quantized': functionals,
  'torch.nn.quantized': functionals,
};
