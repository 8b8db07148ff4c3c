// What a network can be made cheaper in. Every number of this room is in these units.

import type { DeviceProfile } from '../costs/device-profile.ts';

/**
 * `flops`: floating-point operations, two for each multiply-add. `params`: weights, without biases and normalisations.
 * `activations`: output channels of the layers with multiply-adds. `latency`: nanoseconds on a device.
 * `memory`: bytes moved.
 */
export type Resource = 'flops' | 'params' | 'activations' | 'latency' | 'memory';

export interface ResourceOptions {
  readonly resource: Resource;
  /** Needed for latency. */
  readonly device?: DeviceProfile;
  /** Images in one batch, for latency and memory; 1 when absent. */
  readonly batchSize?: number;
}

/** The resource as the reference names its costs: `FLOPs`, `ModelSize`, `Activations`, `V100 Latency`. */
export function costName({ resource, device }: ResourceOptions): string {
  switch (resource) {
    case 'flops':
      return 'FLOPs';
    case 'params':
      return 'ModelSize';
    case 'activations':
      return 'Activations';
    case 'latency':
      return `${device?.name ?? ''} Latency`.trimStart();
    case 'memory':
      return 'Memory';
  }
}
