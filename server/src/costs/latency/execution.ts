// How a network is run when its time is taken: number format, batch, and what the runtime makes of neighboring ops.

/**
 * Number formats. `fp32`, `fp16` and `bf16` hold every tensor in that format. `amp` and `amp_bf16` are PyTorch's autocast:
 * products in 16 bits, normalisations and softmax in 32.
 */
export type Precision = 'fp32' | 'fp16' | 'bf16' | 'amp' | 'amp_bf16' | 'int8';

/**
 * What becomes one kernel. `none`: each op by itself, as PyTorch runs without a compiler. `pointwise`: chains of everything
 * that is no product, as TorchInductor makes. `after-products`: batch norms are folded into convolutions, and an activation
 * joins the product before it, as ONNX Runtime does.
 */
export type Fusion = 'none' | 'pointwise' | 'after-products';

export interface Execution {
  readonly precision: Precision;
  /** Images in a step. */
  readonly batch: number;
  readonly fusion: Fusion;
  /** Whether images are kept with their channels last from the start. */
  readonly channelsLast: boolean;
  readonly processor: 'cpu' | 'gpu';
}

/** Bytes of an element that a product reads or writes. */
export function bytesOfProducts(precision: Precision): number {
  switch (precision) {
    case 'fp32':
      return 4;
    case 'int8':
      return 1;
    case 'fp16':
    case 'bf16':
    case 'amp':
    case 'amp_bf16':
      return 2;
  }
}

/** Whether some tensors stay in 32 bits beside products in 16. */
export function isMixed(precision: Precision): boolean {
  return precision === 'amp' || precision === 'amp_bf16';
}
