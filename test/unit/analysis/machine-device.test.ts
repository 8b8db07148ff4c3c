// A measured machine as a device: what measured it says how networks run on it.

import { expect, test } from 'vitest';
import { latencySentence } from '../../../server/src/analysis/latency-device.ts';
import { thisMachineProfile, type MeasuredMachine } from '../../../server/src/analysis/machine-device.ts';

const measured: MeasuredMachine = {
  measured: '2026-12-01T10:00:00.000Z',
  machine: { cpu: 'A processor', runtime: '1.30.0' },
  threads: 3,
  batch: 8,
  error: 0.12,
  rates: { convolution: 1e-9 },
};

test.for<readonly [string, MeasuredMachine['pytorch'], string, object]>([
  [
    'ONNX Runtime',
    undefined,
    'A processor, 3 threads, ONNX Runtime 1.30.0, 2026-12-01',
    { precision: 'fp32', fusion: 'after-products', processor: 'cpu' },
  ],
  [
    'PyTorch on a processor',
    { device: 'cpu', name: '', precision: 'amp_bf16' },
    'A processor, 3 threads, PyTorch 1.30.0, 2026-12-01',
    { precision: 'amp_bf16', fusion: 'none', processor: 'cpu' },
  ],
  [
    'PyTorch on a graphics card',
    { device: 'gpu', name: 'A card', precision: 'amp' },
    'A card, PyTorch 1.30.0, 2026-12-01',
    { precision: 'amp', fusion: 'none', processor: 'gpu' },
  ],
])('by %s', ([, pytorch, source, execution]) => {
  const device = thisMachineProfile({ ...measured, pytorch });
  expect(device.rated).toMatchObject({
    knowledge: { kind: 'measured', error: 0.12, source },
    execution,
    batches: [8, 8],
  });
  expect(latencySentence({ device, batch: 8 })).toMatch(/^Latency on this machine: measured, ±12 %, .*, batch 8\.$/);
});
