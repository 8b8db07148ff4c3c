// Published measurements of inference as a table: one row a device, way of running it, model, image size and batch.

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { Execution } from '../../server/src/costs/latency/execution.ts';

const rowSchema = v.object({
  device: v.string(),
  precision: v.picklist(['fp32', 'amp', 'amp_bf16', 'bf16', 'fp16']),
  layout: v.picklist(['nchw', 'nhwc']),
  pytorch: v.string(),
  compiled: v.picklist(['0', '1']),
  model: v.string(),
  image_size: v.pipe(v.string(), v.transform(Number)),
  batch: v.pipe(v.string(), v.transform(Number)),
  step_ms: v.pipe(v.string(), v.transform(Number)),
});
export type Measurement = v.InferOutput<typeof rowSchema>;

/** Reads the table. */
export function readMeasurements(path: string): readonly Measurement[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return v.parse(rowSchema, Object.fromEntries(names.map((name, index) => [name, cells[index]])));
  });
}

/** What a row was measured with, in words: `RTX 4090, amp, PyTorch 2.9, compiled`. */
export function configurationOf({ device, precision, layout, pytorch, compiled }: Measurement): string {
  return [
    device,
    precision,
    `PyTorch ${pytorch}`,
    ...(layout === 'nhwc' ? ['channels last'] : []),
    ...(compiled === '1' ? ['compiled'] : []),
  ].join(', ');
}

export function executionOf({ device, precision, layout, compiled, batch }: Measurement): Execution {
  return {
    precision,
    batch,
    fusion: compiled === '1' ? 'pointwise' : 'none',
    channelsLast: layout === 'nhwc',
    processor: device.startsWith('RTX') ? 'gpu' : 'cpu',
  };
}

/** Models of one family share the letters that their names begin with: `resnet18`, `resnet50d`. */
export function familyOf({ model }: Measurement): string {
  return /^[a-z]+/.exec(model)?.[0] ?? model;
}
