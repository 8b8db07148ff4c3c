// The networks that a machine is measured with can be run by both of what measures it.

import { expect, test } from 'vitest';
import { trainableModule } from '../../../../server/src/frontends/python/libraries/torch/trainable-module.ts';
import { calibrationNetworks } from '../../../../server/src/training/latency/calibration-networks.ts';
import { inferenceModel } from '../../../../server/src/training/latency/inference-model.ts';

test('each is written for ONNX Runtime and as a module of PyTorch', () => {
  const networks = calibrationNetworks();
  expect(networks.length).toBeGreaterThan(100);
  const refused = networks.flatMap((network) => {
    const [onnx, torch] = [inferenceModel(network, 2), trainableModule(network, ({ label }) => `${label}(x)`)];
    return [onnx, torch].flatMap((written) => (written.ok ? [] : [written.error]));
  });
  expect(refused).toEqual([]);
});
