// Nets that want too much: each ends soon, with a message that names the limit or the layer, and nothing is claimed to be known.

import { expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { caffeFrontend } from '../../../../server/src/frontends/caffe/caffe-frontend.ts';
import { expectLinear, endsSoon } from '../../../support/growth.ts';
import { CaffeNet, readCaffe } from '../../../support/caffe.ts';

const chain = (count: number, layer: (i: number) => string): string =>
  `layer { name: "data" type: "Input" top: "b0" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n${Array.from({ length: count }, (_, i) => layer(i)).join('\n')}`;
const one = (type: string, settings: string): string => new CaffeNet(3, 8).layer('it', type, settings).text;

test.for<[string, string]>([
  [
    'a chain of 6,000 layers',
    chain(6_000, (i) => `layer{name:"${String(i)}" type:"ReLU" bottom:"b${String(i)}" top:"b${String(i + 1)}"}`),
  ],
  ['more layers than are read', chain(11_000, (i) => `layer{type:"ReLU" bottom:"b0" top:"c${String(i)}"}`)],
  [
    'a slice of thousands of parts',
    chain(
      1,
      () =>
        `layer{name:"s" type:"Slice" bottom:"b0" ${Array.from({ length: 5_000 }, (_, i) => `top:"t${String(i)}"`).join(' ')}}`,
    ),
  ],
  ['a sum of thousands', chain(1, () => `layer{name:"s" type:"Eltwise" ${'bottom:"b0" '.repeat(20_000)} top:"t"}`)],
  [
    'a blob that grows without end',
    chain(
      40,
      (i) =>
        `layer{name:"${String(i)}" type:"Concat" bottom:"b${String(i)}" bottom:"b${String(i)}" top:"b${String(i + 1)}"}`,
    ),
  ],
  [
    'an image as large as numbers go',
    one('Upsample', 'upsample_param { upsample_h: 2147483647 upsample_w: 2147483647 }'),
  ],
  [
    'a width as large as numbers go',
    one('Convolution', 'convolution_param { num_output: 2147483647 kernel_size: 7 pad: 3 }'),
  ],
  ['a width larger than that', one('InnerProduct', 'inner_product_param { num_output: 99999999999999999999 }')],
  ['a pyramid of a thousand levels', one('SPP', 'spp_param { pyramid_height: 1000 }')],
  [
    'a tower of tiles',
    chain(
      200,
      (i) =>
        `layer{name:"${String(i)}" type:"Tile" bottom:"b${String(i)}" top:"b${String(i + 1)}" tile_param{axis:2 tiles:1000000}}`,
    ),
  ],
  ['a layer that reads itself', 'layer { name: "a" type: "ReLU" bottom: "a" top: "a" }'],
  ['a circle', 'layer{name:"a" type:"ReLU" bottom:"b" top:"a"} layer{name:"b" type:"ReLU" bottom:"a" top:"b"}'],
  [
    'an input of nothing',
    'input: "b0" input_dim: 0 input_dim: 0 input_dim: 0 input_dim: 0\nlayer { name: "a" type: "ReLU" bottom: "b0" top: "a" }',
  ],
  ['a net of names', `layer {\n${'name: "x" '.repeat(40_000)}}`],
])('%s', ([, text]) => {
  const { graph } = endsSoon(() => readCaffe(text));
  if (graph !== undefined) reportCosts(graph, builtInDevices[0]!);
});

test('what is too long a text is not read, and the limit is named', () => {
  const { problems } = readCaffe(`layer {\n${' '.repeat(600_000)}}`);
  expect(problems.map(({ code }) => code)).toContain('limit-source');
});

test('time grows with the text', () => {
  const read = (text: string) => ({ roots: [], read: () => text });
  const document = 'file:///net.prototxt';
  const net = (size: number): string =>
    chain(
      size / 100,
      (i) =>
        `layer { name: "${String(i)}" type: "Split" bottom: "b${String(i)}" top: "b${String(i + 1)}" top: "c${String(i)}" }`,
    );
  expectLinear(40_000, net, (text) => {
    caffeFrontend.accepts(document, text);
    caffeFrontend.entries(document, read(text));
  });
  for (const made of ['layer {\n', 'layer : ', 'a: "', '{', 'layer\n\n'])
    expectLinear(
      40_000,
      (size) => made.repeat(size / made.length),
      (text) => {
        caffeFrontend.accepts(document, text);
        caffeFrontend.entries(document, read(text));
      },
    );
});
