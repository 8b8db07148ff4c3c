// The networks that training is measured on, named layer by layer as in training_networks.py, so that both start from
// the same weights.

import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import type { ValueId } from '../server/src/network/op.ts';
import type { EngineName } from '../server/src/training/engines/choose-engine.ts';
import { NetworkDrawing } from '../test/support/network-drawing.ts';

export const imageShape = [3, 32, 32] as const;
export const classes = 10;

function start(): { readonly net: NetworkDrawing; readonly image: ValueId } {
  const net = new NetworkDrawing();
  return { net, image: net.input([1, ...imageShape]) };
}

/** The head that all three share: mean over positions, then a dense layer. */
function finish(net: NetworkDrawing, features: ValueId): NetworkGraph {
  const vector = net.flatten('flatten', net.globalAverage('mean', features));
  return net.finish(net.dense('head', vector, classes));
}

/** 20 layers for 32×32 images (He et al., section 4.2), with projections where the width changes. */
function resnet20(): NetworkGraph {
  const { net, image } = start();
  const normalized = (name: string, from: ValueId, width: number, kernel: number, stride: number): ValueId => {
    const convolved = net.convolution(`${name}.conv`, from, width, kernel, { stride, padding: (kernel - 1) / 2 });
    return net.batchNorm(`${name}.norm`, convolved);
  };
  let x = net.relu('stem.relu', normalized('stem', image, 16, 3, 1));
  [16, 32, 64].forEach((width, stage) => {
    for (let block = 0; block < 3; block += 1) {
      const name = `blocks.${String(stage * 3 + block)}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const inner = net.relu(`${name}.relu1`, normalized(`${name}.first`, x, width, 3, stride));
      const outer = normalized(`${name}.second`, inner, width, 3, 1);
      const shortcut = stride === 1 ? x : normalized(`${name}.shortcut`, x, width, 1, stride);
      x = net.relu(`${name}.relu2`, net.addition(`${name}.sum`, outer, shortcut));
    }
  });
  return finish(net, x);
}

/** Ten 3×3 convolutions of 64 to 512 channels with max pools between. */
function vgg(): NetworkGraph {
  const { net, image } = start();
  let x = image;
  [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0].forEach((width, index) => {
    const name = `layers.${String(index)}`;
    if (width === 0) {
      x = net.maxPool(name, x, 2, 2);
      return;
    }
    const convolved = net.convolution(`${name}.conv`, x, width, 3, { padding: 1 });
    x = net.relu(`${name}.relu`, net.batchNorm(`${name}.norm`, convolved));
  });
  return finish(net, x);
}

/** MobileNetV2 with the strides usual for 32×32 images. */
function mobilenetV2(): NetworkGraph {
  const { net, image } = start();
  const relu6 = (name: string, from: ValueId): ValueId =>
    net.add(name, { kind: 'activation', function: 'relu6', channelAxis: 1 }, [from]);
  const normalized = (name: string, from: ValueId, width: number, kernel = 1, stride = 1, groups = 1): ValueId => {
    const options = { stride, padding: (kernel - 1) / 2, groups };
    return net.batchNorm(`${name}.norm`, net.convolution(`${name}.conv`, from, width, kernel, options));
  };
  let x = relu6('stem.relu', normalized('stem', image, 32, 3));
  let width = 32;
  let index = 0;
  const stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 1],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const;
  for (const [expansion, out, count, firstStride] of stages) {
    for (let block = 0; block < count; block += 1) {
      const name = `blocks.${String(index)}`;
      const stride = block === 0 ? firstStride : 1;
      const inner = width * expansion;
      const wide = expansion === 1 ? x : relu6(`${name}.relu1`, normalized(`${name}.expand`, x, inner));
      const own = relu6(`${name}.relu2`, normalized(`${name}.depthwise`, wide, inner, 3, stride, inner));
      const narrow = normalized(`${name}.project`, own, out);
      x = stride === 1 && width === out ? net.addition(`${name}.sum`, x, narrow) : narrow;
      width = out;
      index += 1;
    }
  }
  return finish(net, relu6('last.relu', normalized('last', x, 1280)));
}

/** By the name that the command line and training_networks.py use, with the most that a step of an engine may take of PyTorch's time. */
export const trainingNetworks = {
  'resnet-20': { draw: resnet20, limits: { onnx: 4, tfjs: 3 } },
  'vgg-like': { draw: vgg, limits: { onnx: 3 } },
  'mobilenet-v2-like': { draw: mobilenetV2, limits: { onnx: 4 } },
} as const;

export type TrainingNetworkName = keyof typeof trainingNetworks;

/** What a step of an engine may take of PyTorch's time; undefined where no limit is set. */
export function limitOf(network: TrainingNetworkName, engine: EngineName): number | undefined {
  const limits: Readonly<Partial<Record<EngineName, number>>> = trainingNetworks[network].limits;
  return limits[engine];
}
