// Functions that `keras.backend` alone has, by name: layers of programs for Keras 2 and before call them with weights of their
// own, and with factors where TensorFlow takes sizes.

import type { PyValue } from '../../evaluator/machine.ts';
import { none } from '../../evaluator/values.ts';
import { tensorOperator } from '../../tracing/tensor-operators.ts';
import { asTensor, emitOn, fn, giveUp, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import { convolved, movementOf, transposedBy } from './weighted-operations.ts';
import { operationRows } from './operations.ts';

const isChannelsFirst = (call: TracedCall): boolean => call.args.text('data_format') === 'channels_first';

/** Where a program may do either, the one of the two that it does when it is used. */
const second = fn(
  'x alt training=None',
  (call) => {
    const value = call.args.value('alt');
    return value.kind === 'function' || value.kind === 'builtin' || value.kind === 'bound-method'
      ? call.machine.callWith(value, call.span)
      : value;
  },
  true,
);

const first: TracedFunction = fn('x *rest **options', (call) => call.args.value('x'), true);

function convolution(isDepthwise: boolean): TracedFunction {
  return fn('x kernel|depthwise_kernel strides=1 padding=valid data_format=None dilation_rate=1', (call) => {
    const [input, kernel] = ['x', 'kernel'].map((name) => call.args.tensor(name));
    const movement = movementOf(call, (kernel?.shape.length ?? 4) - 2);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    return convolved(call, input, kernel, movement, isDepthwise);
  });
}

const separable: TracedFunction = fn(
  'x depthwise_kernel pointwise_kernel strides=1 padding=valid data_format=None dilation_rate=1',
  (call) => {
    const [input, own, mixing] = ['x', 'depthwise_kernel', 'pointwise_kernel'].map((name) => call.args.tensor(name));
    const movement = movementOf(call, (own?.shape.length ?? 4) - 2);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    const inner = convolved(call, input, own, movement, true);
    if (inner.kind !== 'tensor') return inner;
    const ones = movement.stride.map(() => 1);
    return convolved(call, inner, mixing, { ...movement, stride: ones, dilation: ones, rule: 'valid' });
  },
);

/** The size of the output is what the window makes of the input; that it is said as well changes nothing. */
const transposed: TracedFunction = fn(
  'x kernel output_shape strides=1 padding=valid data_format=None dilation_rate=1',
  (call) => {
    const [input, kernel] = ['x', 'kernel'].map((name) => call.args.tensor(name));
    const movement = movementOf(call, (kernel?.shape.length ?? 4) - 2);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    return transposedBy(call, input, kernel, movement, undefined);
  },
);

/** By whole factors, not to a size. */
const resizeImages: TracedFunction = fn(
  'x height_factor width_factor data_format=None interpolation=nearest',
  (call) => {
    const input = asTensor(call.args.value('x'));
    const factors = ['height_factor', 'width_factor'].map((name) => call.args.number(name));
    const isFirst = isChannelsFirst(call);
    const sides = isFirst ? input?.shape.slice(2) : input?.shape.slice(1, 3);
    const outputSize = (sides ?? []).flatMap((side, axis) => {
      const factor = factors[axis];
      return typeof side === 'number' && factor !== undefined ? [Math.trunc(side * factor)] : [];
    });
    if (!input || outputSize.length !== 2) return giveUp(call, 'The size to resize to is not known');
    const mode = call.args.text('interpolation') === 'bilinear' ? 'linear' : 'nearest';
    return emitOn(call, input, {
      kind: 'resize',
      mode,
      outputSize,
      alignCorners: false,
      channelAxis: isFirst ? 1 : -1,
    });
  },
);

const padding = (rank: 1 | 2): TracedFunction =>
  fn(`x padding=1 data_format=None`, (call) => {
    const input = asTensor(call.args.value('x'));
    const written = call.args.value('padding');
    const pairs = (written.kind === 'tuple' || written.kind === 'list' ? written.items : []).map((item) =>
      item.kind === 'tuple' || item.kind === 'list' ? item.items : [item, item],
    );
    const sides = (rank === 1 ? [pairs.flatMap(([side]) => side ?? [])] : pairs).map((pair) =>
      pair.flatMap((side) => (side.kind === 'int' ? [side.value] : [])),
    );
    const given =
      written.kind === 'none' || written.kind === 'int' ? Array.from({ length: rank }, () => [1, 1]) : sides;
    if (!input || given.length !== rank || given.some(({ length }) => length !== 2))
      return giveUp(call, 'How much is padded here is not known');
    const lead = isChannelsFirst(call) ? 2 : 1;
    return emitOn(call, input, {
      kind: 'pad',
      padding: input.shape.map((_, axis) => ({
        before: given[axis - lead]?.[0] ?? 0,
        after: given[axis - lead]?.[1] ?? 0,
      })),
      mode: 'constant',
      value: 0,
    });
  });

const pool: TracedFunction = fn(
  'inputs|x pool_size strides=None padding=valid data_format=None pool_mode=max',
  (call) => operationRows[call.args.text('pool_mode') === 'avg' ? 'average_pool' : 'max_pool']?.body(call) ?? none,
);

/** Rows of numbers, one an image. */
const batchFlatten: TracedFunction = fn('x', (call) => {
  const input = asTensor(call.args.value('x'));
  const [batch, ...sides] = input?.shape ?? [];
  if (!input || batch === undefined) return giveUp(call, 'What is flattened here is not known');
  const sizes = sides.filter((side) => typeof side === 'number');
  if (sizes.length !== sides.length) return giveUp(call, 'What is flattened here is not known');
  const shape = [batch, sizes.reduce((left, right) => left * right, 1)];
  return emitOn(call, input, { kind: 'reshape', shape });
});

/** A loss of each place, or of each row of classes. */
const loss = (isByClass: boolean): TracedFunction =>
  fn('target output *rest **options', (call) => {
    const output = asTensor(call.args.value('output'));
    if (!output) return giveUp(call, 'What is compared here is not known');
    const shape = isByClass ? output.shape.slice(0, -1) : output.shape;
    return emitOn(call, output, { kind: 'rearrange', operation: 'loss', shape });
  });

/** What is so wherever the condition holds: both ways have one shape. */
const chosen: TracedFunction = fn(
  'condition then_expression else_expression',
  (call) => {
    const then = call.args.value('then_expression');
    const isCalled = then.kind === 'function' || then.kind === 'builtin' || then.kind === 'bound-method';
    return isCalled ? call.machine.callWith(then, call.span) : then;
  },
  true,
);

/** By name. */
export const backendRows: Readonly<Record<string, TracedFunction>> = {
  conv1d: convolution(false),
  conv2d: convolution(false),
  conv3d: convolution(false),
  depthwise_conv2d: convolution(true),
  separable_conv2d: separable,
  conv2d_transpose: transposed,
  pool2d: pool,
  resize_images: resizeImages,
  temporal_padding: padding(1),
  spatial_2d_padding: padding(2),
  batch_flatten: batchFlatten,
  bias_add: fn('x bias data_format=None', (call): PyValue => {
    const [input, bias] = ['x', 'bias'].map((name) => asTensor(call.args.value(name)));
    return input && bias
      ? tensorOperator(call.network, call.machine, '+', input, bias, call.span)
      : giveUp(call, 'What is added here is not known');
  }),
  repeat_elements: fn('x repeats|rep axis', (call) => operationRows['repeat']?.body(call) ?? none),
  in_train_phase: second,
  in_test_phase: fn('alt x training=None', (call) => second.body(call), true),
  dropout: first,
  print_tensor: first,
  switch: chosen,
  binary_crossentropy: loss(false),
  categorical_crossentropy: loss(true),
  sparse_categorical_crossentropy: loss(true),
};
