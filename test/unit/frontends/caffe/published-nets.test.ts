// Nets of Caffe's model zoo, written anew, against figures that their authors or other counters publish: parameters to the last one,
// and multiply-adds of convolutions and inner products.

import { expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { exactly } from '../../../../server/src/common/count.ts';
import { CaffeNet, caffeGraph } from '../../../support/caffe.ts';

const lenet = (): CaffeNet =>
  new CaffeNet(1, 28)
    .convolution('conv1', 20, 5, { relu: false })
    .pool('pool1', 2, 2)
    .convolution('conv2', 50, 5, { relu: false })
    .pool('pool2', 2, 2)
    .inner('ip1', 500)
    .inPlace('relu1', 'ReLU')
    .inner('ip2', 10)
    .layer('prob', 'Softmax');

const cifarQuick = (): CaffeNet =>
  new CaffeNet(3, 32)
    .convolution('conv1', 32, 5, { pad: 2, relu: false })
    .pool('pool1', 3, 2)
    .inPlace('relu1', 'ReLU')
    .convolution('conv2', 32, 5, { pad: 2 })
    .pool('pool2', 3, 2, 0, 'AVE')
    .convolution('conv3', 64, 5, { pad: 2 })
    .pool('pool3', 3, 2, 0, 'AVE')
    .inner('ip1', 64)
    .inner('ip2', 10)
    .layer('prob', 'Softmax');

/** AlexNet normalises before it pools, CaffeNet after. */
function alexnet(poolsFirst: boolean): CaffeNet {
  const net = new CaffeNet(3, 227);
  const between = (i: number): void => {
    const [pool, norm] = [`pool${String(i)}`, `norm${String(i)}`];
    const normalize = (): CaffeNet => net.layer(norm, 'LRN', 'lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }');
    if (poolsFirst) net.pool(pool, 3, 2);
    normalize();
    if (!poolsFirst) net.pool(pool, 3, 2);
  };
  net.convolution('conv1', 96, 11, { stride: 4 });
  between(1);
  net.convolution('conv2', 256, 5, { pad: 2, group: 2 });
  between(2);
  net
    .convolution('conv3', 384, 3, { pad: 1 })
    .convolution('conv4', 384, 3, { pad: 1, group: 2 })
    .convolution('conv5', 256, 3, { pad: 1, group: 2 })
    .pool('pool5', 3, 2);
  for (const [name, width] of [
    ['fc6', 4096],
    ['fc7', 4096],
  ] as const)
    net
      .inner(name, width)
      .inPlace(`relu_${name}`, 'ReLU')
      .inPlace(`drop_${name}`, 'Dropout', 'dropout_param { dropout_ratio: 0.5 }');
  return net.inner('fc8', 1000).layer('prob', 'Softmax');
}

function vgg(depths: readonly number[]): CaffeNet {
  const net = new CaffeNet(3, 224);
  for (const [stage, depth] of depths.entries()) {
    const width = Math.min(512, 64 * 2 ** stage);
    for (let i = 1; i <= depth; i++) net.convolution(`conv${String(stage + 1)}_${String(i)}`, width, 3, { pad: 1 });
    net.pool(`pool${String(stage + 1)}`, 2, 2);
  }
  return net.inner('fc6', 4096).inPlace('relu6', 'ReLU').inner('fc7', 4096).inPlace('relu7', 'ReLU').inner('fc8', 1000);
}

const networkInNetwork = (): CaffeNet =>
  new CaffeNet(3, 224)
    .convolution('conv1', 96, 11, { stride: 4 })
    .convolution('cccp1', 96, 1)
    .convolution('cccp2', 96, 1)
    .pool('pool0', 3, 2)
    .convolution('conv2', 256, 5, { pad: 2 })
    .convolution('cccp3', 256, 1)
    .convolution('cccp4', 256, 1)
    .pool('pool2', 3, 2)
    .convolution('conv3', 384, 3, { pad: 1 })
    .convolution('cccp5', 384, 1)
    .convolution('cccp6', 384, 1)
    .pool('pool3', 3, 2)
    .convolution('conv4-1024', 1024, 3, { pad: 1 })
    .convolution('cccp7-1024', 1024, 1)
    .convolution('cccp8-1024', 1000, 1)
    .pool('pool4', 6, 1, 0, 'AVE')
    .layer('prob', 'Softmax');

function googlenet(): CaffeNet {
  const net = new CaffeNet(3, 224)
    .convolution('conv1/7x7_s2', 64, 7, { stride: 2, pad: 3 })
    .pool('pool1', 3, 2)
    .layer('norm1', 'LRN', 'lrn_param { local_size: 5 }')
    .convolution('conv2/3x3_reduce', 64, 1)
    .convolution('conv2/3x3', 192, 3, { pad: 1 })
    .layer('norm2', 'LRN', 'lrn_param { local_size: 5 }')
    .pool('pool2', 3, 2);
  const inception = (name: string, widths: readonly number[]): void => {
    const from = net.last;
    const [one = 0, reduce3 = 0, three = 0, reduce5 = 0, five = 0, projection = 0] = widths;
    const part = (end: string): string => `${name}/${end}`;
    net.convolution(part('1x1'), one, 1, { from });
    net.convolution(part('3x3_reduce'), reduce3, 1, { from }).convolution(part('3x3'), three, 3, { pad: 1 });
    net.convolution(part('5x5_reduce'), reduce5, 1, { from }).convolution(part('5x5'), five, 5, { pad: 2 });
    net.pool(part('pool'), 3, 1, 1, 'MAX', from).convolution(part('pool_proj'), projection, 1);
    net.concat(part('output'), ['1x1', '3x3', '5x5', 'pool_proj'].map(part));
  };
  inception('3a', [64, 96, 128, 16, 32, 32]);
  inception('3b', [128, 128, 192, 32, 96, 64]);
  net.pool('pool3', 3, 2);
  inception('4a', [192, 96, 208, 16, 48, 64]);
  inception('4b', [160, 112, 224, 24, 64, 64]);
  inception('4c', [128, 128, 256, 24, 64, 64]);
  inception('4d', [112, 144, 288, 32, 64, 64]);
  inception('4e', [256, 160, 320, 32, 128, 128]);
  net.pool('pool4', 3, 2);
  inception('5a', [256, 160, 320, 32, 128, 128]);
  inception('5b', [384, 192, 384, 48, 128, 128]);
  return net.pool('pool5', 7, 1, 0, 'AVE').inner('loss3/classifier', 1000).layer('prob', 'Softmax');
}

/** Version 1.0, or 1.1, which pools earlier. */
function squeezenet(version: '1.0' | '1.1'): CaffeNet {
  const net = new CaffeNet(3, 227);
  const isFirst = version === '1.0';
  net.convolution('conv1', isFirst ? 96 : 64, isFirst ? 7 : 3, { stride: 2 }).pool('pool1', 3, 2);
  const poolsAfter = isFirst ? [4, 8] : [3, 5];
  for (const [i, squeezed] of [16, 16, 32, 32, 48, 48, 64, 64].entries()) {
    const name = `fire${String(i + 2)}`;
    net.convolution(`${name}/squeeze1x1`, squeezed, 1);
    const from = net.last;
    net.convolution(`${name}/expand1x1`, 4 * squeezed, 1, { from });
    net.convolution(`${name}/expand3x3`, 4 * squeezed, 3, { from, pad: 1 });
    net.concat(`${name}/concat`, [`${name}/expand1x1`, `${name}/expand3x3`]);
    if (poolsAfter.includes(i + 2)) net.pool(`pool${String(i + 2)}`, 3, 2);
  }
  return net
    .inPlace('drop9', 'Dropout')
    .convolution('conv10', 1000, 1, { pad: isFirst ? 1 : 0 })
    .globalPool('pool10')
    .layer('prob', 'Softmax');
}

/** As its authors published it: the first convolution of a stage's first block has the stride. */
function resnet50(): CaffeNet {
  const plain = { bias: false, norm: true } as const;
  const net = new CaffeNet(3, 224).convolution('conv1', 64, 7, { ...plain, stride: 2, pad: 3 }).pool('pool1', 3, 2);
  for (const [stage, depth] of [3, 4, 6, 3].entries()) {
    const width = 64 * 2 ** stage;
    for (let i = 0; i < depth; i++) {
      const name = `res${String(stage + 2)}${String.fromCharCode(97 + i)}`;
      const from = net.last;
      const stride = i === 0 && stage > 0 ? 2 : 1;
      if (i === 0) net.convolution(`${name}_branch1`, 4 * width, 1, { ...plain, stride, relu: false });
      const added = net.last;
      net.convolution(`${name}_branch2a`, width, 1, { ...plain, from, stride });
      net.convolution(`${name}_branch2b`, width, 3, { ...plain, pad: 1 });
      net.convolution(`${name}_branch2c`, 4 * width, 1, { ...plain, relu: false });
      net.sum(name, [added, net.last]).inPlace(`${name}_relu`, 'ReLU');
    }
  }
  return net.pool('pool5', 7, 1, 0, 'AVE').inner('fc1000', 1000).layer('prob', 'Softmax');
}

function mobilenet(): CaffeNet {
  const plain = { bias: false, norm: true } as const;
  const net = new CaffeNet(3, 224).convolution('conv1', 32, 3, { ...plain, stride: 2, pad: 1 });
  const rows: readonly (readonly [width: number, stride: number])[] = [
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
    ...Array.from({ length: 5 }, () => [512, 1] as const),
    [1024, 2],
    [1024, 1],
  ];
  let channels = 32;
  for (const [i, [width, stride]] of rows.entries()) {
    const name = `conv${String(i + 2)}`;
    net.convolution(`${name}/dw`, channels, 3, { ...plain, stride, pad: 1, group: channels });
    net.convolution(`${name}/sep`, width, 1, plain);
    channels = width;
  }
  return net.globalPool('pool6').convolution('fc7', 1000, 1, { relu: false }).layer('prob', 'Softmax');
}

/** Norms stand before convolutions, and read what others read too, so they write blobs of their own. */
function densenet121(): CaffeNet {
  const net = new CaffeNet(3, 224);
  const normalized = (name: string, from: string): void => {
    net.layer(`${name}/bn`, 'BatchNorm', '', [from]);
    net.inPlace(`${name}/scale`, 'Scale', 'scale_param { bias_term: true }').inPlace(`${name}/relu`, 'ReLU');
  };
  const plain = { bias: false, relu: false } as const;
  net.convolution('conv1', 64, 7, { bias: false, norm: true, stride: 2, pad: 3 });
  // A fork's word for pools that round down, as the network was trained.
  net.layer('pool1', 'Pooling', 'pooling_param { kernel_size: 3 stride: 2 pad: 1 ceil_mode: false }');
  let channels = 64;
  for (const [stage, depth] of [6, 12, 24, 16].entries()) {
    for (let i = 1; i <= depth; i++) {
      const name = `conv${String(stage + 2)}_${String(i)}`;
      const from = net.last;
      normalized(`${name}/x1`, from);
      net.convolution(`${name}/x1`, 128, 1, plain);
      normalized(`${name}/x2`, net.last);
      net.convolution(`${name}/x2`, 32, 3, { ...plain, pad: 1 });
      net.concat(`${name}/concat`, [from, net.last]);
      channels += 32;
    }
    if (stage === 3) break;
    const name = `conv${String(stage + 2)}_blk`;
    normalized(name, net.last);
    channels /= 2;
    net.convolution(name, channels, 1, plain).pool(`pool${String(stage + 2)}`, 2, 2, 0, 'AVE');
  }
  normalized('conv5_blk', net.last);
  return net.globalPool('pool5').convolution('fc6', 1000, 1, { relu: false });
}

test.for<[string, () => CaffeNet, number, number]>([
  ['LeNet', lenet, 431_080, 2_293_000],
  ['CIFAR-10 quick', cifarQuick, 145_578, 12_354_176],
  ['AlexNet', () => alexnet(false), 60_965_224, 724_406_816],
  ['CaffeNet', () => alexnet(true), 60_965_224, 724_406_816],
  ['Network in Network', networkInNetwork, 7_595_176, 1_100_188_800],
  ['VGG-16', () => vgg([2, 2, 3, 3, 3]), 138_357_544, 15_470_264_320],
  ['VGG-19', () => vgg([2, 2, 4, 4, 4]), 143_667_240, 19_632_062_464],
  ['GoogLeNet', googlenet, 6_998_552, 1_582_671_872],
  ['SqueezeNet 1.0', () => squeezenet('1.0'), 1_248_424, 861_339_936],
  ['SqueezeNet 1.1', () => squeezenet('1.1'), 1_235_496, 387_747_520],
  ['ResNet-50', resnet50, 25_557_032, 3_857_973_248],
  ['MobileNet', mobilenet, 4_231_976, 568_740_352],
  ['DenseNet-121', densenet121, 7_978_856, 2_834_161_664],
])('%s', ([, net, params, macs]) => {
  const { total } = reportCosts(caffeGraph(net().text), builtInDevices[0]!);
  expect(total).toMatchObject({ params: exactly(params), macs: exactly(macs) });
});
