// PyTorch's transformer and recurrent layers by their closed formulas: their fused kernels do not show in PyTorch's own
// counts.

import { expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { defaultDeviceName, findDevice } from '../../../../server/src/costs/device-profile.ts';
import { readPython } from '../../../support/python-model.ts';

const [width, wide, length, memory] = [12, 20, 7, 5];
/** Four projections with biases. */
const attention = 4 * width * width + 4 * width;
const feeding = 2 * width * wide + wide + width;
const norm = 2 * width;

const selfAttention = 4 * length * width * width + 2 * length * length * width;
const crossAttention = 2 * length * width * width + 2 * memory * width * width + 2 * length * memory * width;
const feed = 2 * length * width * wide;

function read(layers: string, forward: string) {
  const reading = readPython(`
# morphnet: entry=Net() input=${String(length)}x${String(width)}
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        ${layers}

    def forward(self, x):
        ${forward}
`);
  const device = findDevice(defaultDeviceName);
  if (!device.ok || !reading.graph) throw new Error('There is nothing to count');
  expect(reading.problems).toEqual([]);
  expect(reading.graph.unknowns).toEqual([]);
  return { graph: reading.graph, total: reportCosts(reading.graph, device.value).total };
}

const sizes = `${String(width)}, 3, ${String(wide)}`;

test.each(['', ', norm_first=True', ', activation="gelu"', ', activation=nn.SiLU()'])(
  'an encoder of two layers%s',
  (options) => {
    const { graph, total } = read(
      `self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(${sizes}, batch_first=True${options}), 2, nn.LayerNorm(${String(width)}))`,
      'return self.encoder(x)',
    );
    expect(total.params).toEqual({ kind: 'exact', value: 2 * (attention + feeding + 2 * norm) + norm });
    expect(total.macs).toEqual({ kind: 'exact', value: 2 * (selfAttention + feed) });
    const names = graph.ops.map((op) => op.name);
    expect(names).toEqual(
      expect.arrayContaining(['encoder.layers.0.self_attn.out_proj', 'encoder.layers.1.linear2', 'encoder.norm']),
    );
  },
);

test('a decoder attends to itself and to what is remembered', () => {
  const { total } = read(
    `self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(${sizes}, batch_first=True), num_layers=3)`,
    `return self.decoder(x, torch.relu(x[:, :${String(memory)}]))`,
  );
  expect(total.params).toEqual({ kind: 'exact', value: 3 * (2 * attention + feeding + 3 * norm) });
  expect(total.macs).toEqual({ kind: 'exact', value: 3 * (selfAttention + crossAttention + feed) });
});

test('a whole transformer has an encoder and a decoder, each with a norm', () => {
  const { total } = read(
    `self.both = nn.Transformer(${String(width)}, 2, 1, 1, ${String(wide)}, batch_first=True)`,
    `return self.both(torch.relu(x[:, :${String(memory)}]), x)`,
  );
  const ofMemory = 4 * memory * width * width + 2 * memory * memory * width + 2 * memory * width * wide;
  expect(total.params).toEqual({ kind: 'exact', value: 3 * attention + 2 * feeding + 7 * norm });
  expect(total.macs).toEqual({ kind: 'exact', value: ofMemory + selfAttention + crossAttention + feed });
});

test('an LSTM that projects its state gives the projection, to itself and to the layer above', () => {
  const [hidden, projected] = [9, 4];
  const { graph, total } = read(
    `self.lstm = nn.LSTM(${String(width)}, ${String(hidden)}, 2, batch_first=True, proj_size=${String(projected)})`,
    'return self.lstm(x)[0]',
  );
  const gates = 4 * hidden;
  const weights = gates * (width + projected) + gates * 2 * projected + 2 * hidden * projected;
  expect(total.params).toEqual({ kind: 'exact', value: weights + 2 * 2 * gates });
  expect(total.macs).toEqual({ kind: 'exact', value: length * weights });
  expect(graph.values[graph.outputs[0] ?? -1]?.shape).toEqual([1, length, projected]);
});
