// Functions that take many elements to one. One row each; the first parameter is the tensor.

import type { OpAttributes } from '../../../../network/op.ts';
import { bool, int, tuple, unknown } from '../../evaluator/values.ts';
import { elementsOf } from '../../tracing/constants.ts';
import {
  asTensor,
  axesOf,
  emitOn,
  fn,
  giveUp,
  type TracedCall,
  type TracedFunction,
  withPlaces,
} from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

type Reducer = Extract<OpAttributes, { kind: 'reduce' }>['reducer'];

function reduce(call: TracedCall, reducer: Reducer, keepsAlways = false): PyValue {
  const input = asTensor(call.args.value('input'));
  if (!input) return giveUp(call, `${call.label} is given something that is no known tensor`);
  return emitOn(call, input, {
    kind: 'reduce',
    reducer,
    axes: axesOf(call, input),
    keepDimensions: keepsAlways || call.args.flag('keepdim'),
  });
}

const reduction = (reducer: Reducer): TracedFunction =>
  fn('input dim|axis=None keepdim|keepdims=False *rest **options', (call) => reduce(call, reducer));

/** `max` and `min`: of two tensors, over all elements, or over an axis with the places of the found ones. */
const extreme = (reducer: 'max' | 'min'): TracedFunction =>
  fn('input dim|axis|other=None keepdim|keepdims=False *rest **options', (call) => {
    const [input, other] = [call.args.tensor('input'), call.args.tensor('dim')];
    if (input && other) {
      return call.network.emit(call.machine, {
        label: call.label,
        attributes: { kind: 'elementwise', operator: reducer === 'max' ? 'maximum' : 'minimum' },
        inputs: [input, other],
        span: call.span,
        fold: reducer === 'max' ? Math.max : Math.min,
      });
    }
    const reduced = reduce(call, reducer);
    return call.args.isNone('dim') ? reduced : withPlaces(reduced);
  });

/** `torch.norm`, with the order of the norm before the axis. */
const norm = fn('input p|ord=None dim|axis=None keepdim|keepdims=False *rest **options', (call) =>
  reduce(call, 'norm'),
);

/** The place of the largest element; of a constant vector it is computed. */
const place = (which: 'max' | 'min'): TracedFunction =>
  fn('input dim|axis=None keepdim|keepdims=False *rest **options', (call) => {
    const input = call.args.tensor('input');
    const elements = input?.shape.length === 1 ? elementsOf(input) : undefined;
    if (elements) return int(elements.indexOf(which === 'max' ? Math.max(...elements) : Math.min(...elements)));
    return reduce(call, which);
  });

/** Whether any or all elements are true; a Python truth for constants. */
const quantifier = (wanted: boolean): TracedFunction =>
  fn('input dim|axis=None keepdim|keepdims=False *rest **options', (call) => {
    const input = call.args.tensor('input');
    const elements = input && elementsOf(input);
    if (elements && call.args.isNone('dim'))
      return bool(wanted ? elements.some((value) => value !== 0) : elements.every((value) => value !== 0));
    return reduce(call, wanted ? 'max' : 'min');
  });

export const reductionRows: Readonly<Record<string, TracedFunction>> = {
  mean: reduction('mean'),
  nanmean: reduction('mean'),
  sum: reduction('sum'),
  nansum: reduction('sum'),
  prod: reduction('product'),
  var: reduction('variance'),
  std: reduction('variance'),
  var_mean: fn('input dim|axis=None keepdim|keepdims=False *rest **options', (call) =>
    tuple([reduce(call, 'variance'), reduce(call, 'mean')]),
  ),
  std_mean: fn('input dim|axis=None keepdim|keepdims=False *rest **options', (call) =>
    tuple([reduce(call, 'variance'), reduce(call, 'mean')]),
  ),
  median: extreme('max'),
  norm,
  amax: reduction('max'),
  amin: reduction('min'),
  logsumexp: reduction('sum'),
  max: extreme('max'),
  min: extreme('min'),
  argmax: place('max'),
  argmin: place('min'),
  any: quantifier(true),
  all: quantifier(false),
  equal: fn('input other', (call) => unknown('Whether two tensors are equal is not known', call.span)),
  allclose: fn('input other *rest **options', (call) =>
    unknown('Whether two tensors are equal is not known', call.span),
  ),
};
