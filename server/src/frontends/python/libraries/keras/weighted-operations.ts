// Convolutions with weights that a layer of the source's own keeps: `ops.conv(x, self.kernel)`, `tf.nn.conv2d(x, self.kernel, …)`.

import type { TensorValue } from '../../evaluator/machine.ts';
import type { PyValue } from '../../evaluator/machine.ts';
import { ruleOf, transposedPadding, windowPadding } from '../../../shared/keras-layers/windows.ts';
import { fn, giveUp, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';

/** How a convolution moves over its input. */
export interface Movement {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** `same` or `valid`. */
  readonly rule: string;
  readonly channelAxis: 1 | -1;
}

const known = (shape: TensorValue['shape']): readonly number[] | undefined => {
  const sizes = shape.filter((size) => typeof size === 'number');
  return sizes.length === shape.length ? sizes : undefined;
};

/** A weight in the layout of networks: the same variable, its axes in another order. */
function laidOut({ parameter, owner }: TensorValue, shape: readonly number[]): TensorValue {
  return { kind: 'tensor', shape, ...(parameter && { parameter }), ...(owner && { owner }) };
}

/** Emits a convolution by a kernel of `[…window, in, out]`, or of `[…window, in, multiplier]` where each channel has its own. */
export function convolved(
  call: TracedCall,
  input: TensorValue | undefined,
  kernel: TensorValue | undefined,
  { stride, dilation, rule, channelAxis }: Movement,
  isDepthwise = false,
): PyValue {
  const sizes = kernel && known(kernel.shape);
  const inChannels = input?.shape.at(channelAxis);
  if (!input || !kernel || !sizes || typeof inChannels !== 'number')
    return giveUp(call, 'What this convolution is given is not known');
  const window = sizes.slice(0, -2);
  const [own = 1, width = 1] = sizes.slice(-2);
  const outChannels = isDepthwise ? own * width : width;
  const groups = isDepthwise ? own : Math.max(1, inChannels / own);
  const spatial = channelAxis === 1 ? input.shape.slice(2) : input.shape.slice(1, -1);
  const moving = { kernel: window, stride, dilation };
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: {
      kind: 'convolution',
      inChannels,
      outChannels,
      ...moving,
      padding: windowPadding(rule, spatial, moving),
      ...ruleOf(rule),
      paddingMode: 'zeros',
      groups,
      channelAxis,
    },
    inputs: [input],
    parameters: [laidOut(kernel, [outChannels, isDepthwise ? 1 : own, ...window])],
    span: call.span,
  });
}

export function movementOf(call: TracedCall, rank: number): Movement | undefined {
  const [stride, dilation] = ['strides', 'dilation_rate'].map((name) => call.args.integers(name, rank));
  if (!stride || !dilation) return undefined;
  const isFirst = call.args.text('data_format') === 'channels_first';
  const rule = call.args.text('padding')?.toLowerCase() ?? 'valid';
  return { stride, dilation, rule, channelAxis: isFirst ? 1 : -1 };
}

const text = 'inputs kernel strides=1 padding=valid data_format=None dilation_rate=1';

function convolution(isDepthwise: boolean): TracedFunction {
  return fn(text, (call) => {
    const [input, kernel] = ['inputs', 'kernel'].map((name) => call.args.tensor(name));
    const movement = movementOf(call, (kernel?.shape.length ?? 4) - 2);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    return convolved(call, input, kernel, movement, isDepthwise);
  });
}

const separable: TracedFunction = fn(
  'inputs depthwise_kernel pointwise_kernel strides=1 padding=valid data_format=None dilation_rate=1',
  (call) => {
    const [input, first, second] = ['inputs', 'depthwise_kernel', 'pointwise_kernel'].map((name) =>
      call.args.tensor(name),
    );
    const movement = movementOf(call, (first?.shape.length ?? 4) - 2);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    const inner = convolved(call, input, first, movement, true);
    if (inner.kind !== 'tensor') return inner;
    const ones = movement.stride.map(() => 1);
    return convolved(call, inner, second, { ...movement, stride: ones, dilation: ones, rule: 'valid' });
  },
);

/** Emits a transposed convolution by a kernel of `[…window, out, in]`. */
export function transposedBy(
  call: TracedCall,
  input: TensorValue | undefined,
  kernel: TensorValue | undefined,
  { stride, dilation, rule, channelAxis }: Movement,
  outputPadding: readonly number[] | undefined,
): PyValue {
  const sizes = kernel && known(kernel.shape);
  const inChannels = input?.shape.at(channelAxis);
  if (!input || !sizes || typeof inChannels !== 'number')
    return giveUp(call, 'What this convolution is given is not known');
  const window = sizes.slice(0, -2);
  const [outChannels = 1] = sizes.slice(-2);
  const spatial = channelAxis === 1 ? input.shape.slice(2) : input.shape.slice(1, -1);
  const moving = { kernel: window, stride, dilation };
  return call.network.emit(call.machine, {
    label: call.label,
    attributes: {
      kind: 'transposed-convolution',
      inChannels,
      outChannels,
      ...moving,
      ...ruleOf(rule),
      ...transposedPadding(rule, spatial, moving, outputPadding),
      groups: 1,
      channelAxis,
    },
    inputs: [input],
    parameters: [laidOut(kernel, [inChannels, outChannels, ...window])],
    span: call.span,
  });
}

const transposed: TracedFunction = fn(
  'inputs kernel strides=1 padding=valid output_padding=None data_format=None dilation_rate=1',
  (call) => {
    const [input, kernel] = ['inputs', 'kernel'].map((name) => call.args.tensor(name));
    const rank = (kernel?.shape.length ?? 4) - 2;
    const movement = movementOf(call, rank);
    if (!movement) return giveUp(call, 'How this convolution moves is not known');
    const added = call.args.isNone('output_padding') ? undefined : call.args.integers('output_padding', rank);
    return transposedBy(call, input, kernel, movement, added);
  },
);

/** `keras.ops`' convolutions, by name. */
export const weightedRows: Readonly<Record<string, TracedFunction>> = {
  conv: convolution(false),
  depthwise_conv: convolution(true),
  separable_conv: separable,
  conv_transpose: transposed,
};
