// `npm run bench:latency [-- --threads N]`: measures this machine, predicts whole networks that were not fitted and their
// layers, and times them. Networks are timm's, read from source, at several image sizes.
//
// Prints the median relative error and Spearman's ρ. Run it on a quiet machine: times are of the fastest tenth of the runs.

import { parseArgs } from 'node:util';
import { neverCancelled } from '../server/src/common/cancellation.ts';
import { thisMachineProfile } from '../server/src/analysis/machine-device.ts';
import { knownValue } from '../server/src/common/count.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { measureMachine } from '../server/src/training/latency/measure-machine.ts';
import { layerAlone, measureModel } from '../server/src/training/latency/measure-model.ts';
import { median, spearman } from './latency/statistics.ts';
import { readTimmNetworks } from './latency/timm-networks.ts';

const models = [
  ...['resnet18', 'resnet26', 'resnet34', 'resnet50', 'resnext50_32x4d', 'wide_resnet50_2', 'vgg11', 'vgg11_bn'],
  ...['densenet121', 'mobilenetv1_100', 'mobilenetv2_050', 'mobilenetv2_100', 'mobilenetv2_140', 'mnasnet_100'],
  ...[
    'mobilenetv3_large_100',
    'mobilenetv3_small_100',
    'efficientnet_lite0',
    'seresnet50',
    'darknet53',
    'cs3darknet_s',
  ],
  ...[
    'ese_vovnet39b',
    'ghostnet_100',
    'regnetx_002',
    'regnetx_008',
    'regnety_008',
    'inception_v3',
    'dla34',
    'repvgg_a0',
  ],
  ...[
    'hardcorenas_a',
    'tinynet_e',
    'lcnet_100',
    'fbnetc_100',
    'selecsls42b',
    'hrnet_w18_small',
    'skresnet18',
    'xception41',
  ],
] as const;
const sizes = [96, 160, 224] as const;
const batch = 1;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { threads: { type: 'string', default: '1' } } });
  const threads = Number(values.threads);
  const now = (): number => performance.now();
  const options = { threads, batch, now, cancellation: neverCancelled, onProgress: () => undefined };
  const profile = await measureMachine(options);
  if (!profile.ok) {
    console.log(profile.error);
    return 1;
  }
  const { machine, error, spread } = profile.value;
  const device = thisMachineProfile(profile.value);
  const predictedMs = (network: NetworkGraph): number =>
    knownValue(reportCosts(network, device, batch).total.latencyMs) ?? NaN;
  console.log(
    `${machine.cpu}, ${String(threads)} threads, ONNX Runtime ${machine.runtime}; fit ±${percent(error)}, spread ${percent(spread)}\n`,
  );
  const predicted: number[] = [];
  const measured: number[] = [];
  const layerErrors: number[] = [];
  console.log('| Network | Predicted, ms | Measured, ms | Error |\n| --- | ---: | ---: | ---: |');
  const wanted = models.map((model, index) => ({ model, imageSize: sizes[index % sizes.length] ?? 224 }));
  for await (const network of readTimmNetworks(wanted)) {
    const name = `${network.model}, ${String(network.imageSize)}`;
    if ('reason' in network) {
      console.log(`| ${name} | ${network.reason} | | |`);
      continue;
    }
    const { graph } = network;
    const timed = await measureModel(graph, options);
    if (!timed.ok) {
      console.log(`| ${name} | ${timed.error} | | |`);
      continue;
    }
    const { milliseconds, layers } = timed.value;
    const total = predictedMs(graph);
    predicted.push(total);
    measured.push(milliseconds);
    console.log(
      `| ${name} | ${total.toFixed(2)} | ${milliseconds.toFixed(2)} | ${percent(total / milliseconds - 1)} |`,
    );
    const times = new Map(layers.map((layer) => [layer.name, layer.milliseconds]));
    for (const op of graph.ops) {
      const { kind } = op.attributes;
      const time = times.get(op.name);
      if (time === undefined || (kind !== 'convolution' && kind !== 'dense')) continue;
      const single = layerAlone(graph, op);
      if (single !== undefined) layerErrors.push(Math.abs(predictedMs(single) / time - 1));
    }
  }
  const errors = predicted.map((value, index) => Math.abs(value / (measured[index] ?? NaN) - 1));
  console.log(
    `\n${String(errors.length)} networks: median error ${percent(median(errors))}, ρ ${spearman(predicted, measured).toFixed(3)}`,
  );
  console.log(
    `${String(layerErrors.length)} convolutions and dense layers: median error ${percent(median(layerErrors))}`,
  );
  return 0;
}

process.exitCode = await main();
