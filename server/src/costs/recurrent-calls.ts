// Recurrent layers of PyTorch as counters see them, which is never as the products that they compute: one call does it all, so a
// counter has a formula for the module, or sees nothing. A layer here is two dense ops for each direction, of the input and of
// the state; what a formula has for both is halved between them.

import { scaleCount, sumCounts, type Count } from '../common/count.ts';
import { nothing, type CountedOp } from './counted-op.ts';

/** Gates, by the module that has them. */
const gates: Readonly<Record<string, number>> = { LSTM: 4, LSTMCell: 4, GRU: 3, GRUCell: 3, RNN: 1, RNNCell: 1 };

export const isRecurrent = ({ op }: CountedOp): boolean => Object.hasOwn(gates, op.label);

/** What a formula has for each step beside the products and biases, in hidden sizes, by the number of gates. */
export type Extras = Readonly<Record<number, number>>;

/** A dense op of a recurrent layer: its products times a factor, its biases, and its half of the extras of all steps. */
export function countRecurrent(counted: CountedOp, factor: number, extras: Extras, lacksFirst = false): Count {
  const { op, macs } = counted;
  if (op.attributes.kind !== 'dense') return nothing;
  const count = gates[op.label] ?? 1;
  const sums = counted.written((extras[count] ?? 0) / count / 2 - (lacksFirst ? 1 : 0));
  return sumCounts([scaleCount(macs, factor), ...(counted.has('bias') ? [counted.written()] : []), sums]);
}
