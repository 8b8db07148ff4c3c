// Windows of convolutions and pools as nodes write them: strides, dilations, and padding by amounts or by a rule.

import type { Padding } from '../../../network/op.ts';
import { knownSize, NotKnown, type NodeCall } from '../node-call.ts';
import type { Operator } from './operator.ts';

export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
}

export function windowOf(call: NodeCall, kernel: readonly number[]): Window {
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((name) => call.integers(name));
  const stride = kernel.map((_, axis) => strides?.[axis] ?? 1);
  const dilation = kernel.map((_, axis) => dilations?.[axis] ?? 1);
  if ([...kernel, ...stride, ...dilation].some((size) => size < 1))
    throw new NotKnown('the window has a size, stride or dilation below 1');
  const rule = call.text('auto_pad', 'NOTSET');
  const { shape } = call.input();
  const padding = kernel.map((size, axis): Padding => {
    if (rule === 'VALID') return { before: 0, after: 0 };
    if (!rule.startsWith('SAME')) return { before: pads?.[axis] ?? 0, after: pads?.[axis + kernel.length] ?? 0 };
    const length = knownSize(shape[axis + 2], 'the size of the input');
    const [step, extent] = [stride[axis] ?? 1, (dilation[axis] ?? 1) * (size - 1) + 1];
    const total = Math.max(0, (Math.ceil(length / step) - 1) * step + extent - length);
    const half = Math.floor(total / 2);
    return rule === 'SAME_UPPER' ? { before: half, after: total - half } : { before: total - half, after: half };
  });
  return { kernel, stride, padding, dilation };
}

export function pool(mode: 'max' | 'average'): Operator {
  return (call) => {
    const kernel = call.integers('kernel_shape');
    if (kernel === undefined) throw new NotKnown('the size of the window is not given');
    const made = call.emit({
      attributes: {
        kind: 'pool',
        mode,
        ...windowOf(call, kernel),
        ceilMode: call.integer('ceil_mode', 0) !== 0,
        countIncludePad: call.integer('count_include_pad', 0) !== 0,
        channelAxis: 1,
      },
      inputs: [call.input()],
    });
    return call.node.outputs.length > 1 ? [made, made] : made;
  };
}

export function globalPool(mode: 'max' | 'average'): Operator {
  return (call) => {
    const input = call.input();
    const outputSize = input.shape.slice(2).map(() => 1);
    return call.emit({
      attributes: { kind: 'adaptive-pool', mode, outputSize, channelAxis: 1 },
      inputs: [input],
    });
  };
}
