// How Keras pads: `same`, `valid` and `causal` as amounts before and after, for windows and for transposed convolutions.
// Formulas: keras/src/ops/operation_utils.py and keras/src/backend/common/backend_utils.py of Keras 3.

import type { Padding, PaddingRule } from '../../../network/op.ts';
import type { Dimension } from '../../../network/shape.ts';

export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

const extentAt = ({ kernel, dilation }: Window, i: number): number => (dilation[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;

/** The padding of a window over these sizes. As TensorFlow pads: the odd element behind. */
export function windowPadding(rule: string, sizes: readonly Dimension[], window: Window): readonly Padding[] {
  return window.kernel.map((_, i) => {
    const extent = extentAt(window, i);
    const stride = window.stride[i] ?? 1;
    if (rule === 'causal') return { before: extent - 1, after: 0 };
    if (rule !== 'same') return { before: 0, after: 0 };
    const size = sizes[i];
    const total =
      typeof size === 'number' ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size) : extent - 1;
    return { before: Math.floor(total / 2), after: total - Math.floor(total / 2) };
  });
}

/** The rule as the graph keeps it beside the amounts; `causal` is none of its words. */
export function ruleOf(rule: string): { readonly paddingRule?: PaddingRule } {
  return rule === 'same' || rule === 'valid' ? { paddingRule: rule } : {};
}

export interface TransposedPadding {
  readonly padding: readonly Padding[];
  readonly outputPadding: readonly number[];
}

/** What a transposed convolution crops and adds so that its output has the size that Keras gives it. */
export function transposedPadding(
  rule: string,
  sizes: readonly Dimension[],
  window: Window,
  added: readonly number[] | undefined,
): TransposedPadding {
  const each = window.kernel.map((_, i) => {
    const extent = extentAt(window, i);
    const stride = window.stride[i] ?? 1;
    const size = sizes[i];
    const length = typeof size === 'number' ? size : 1;
    const extra = added?.[i];
    const wanted =
      extra === undefined
        ? length * stride + (rule === 'same' ? 0 : Math.max(extent - stride, 0))
        : (length - 1) * stride + extent - (rule === 'same' ? 2 * Math.floor(extent / 2) : 0) + extra;
    const cropped = (length - 1) * stride + extent - wanted;
    const before = Math.floor(Math.max(0, cropped) / 2);
    return { padding: { before, after: Math.max(0, cropped) - before }, outputPadding: Math.max(0, -cropped) };
  });
  return { padding: each.map(({ padding }) => padding), outputPadding: each.map((one) => one.outputPadding) };
}
