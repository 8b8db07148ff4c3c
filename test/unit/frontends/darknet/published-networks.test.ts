// YOLOv3-tiny as a table of layers, against what Darknet itself prints for it (operations a layer, output sizes) and the
// size of its published weights file: a 20-byte header and then 4 bytes for every weight, bias and running statistic.

import { expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { elementCount, formatShape } from '../../../../server/src/network/shape.ts';
import { darknetGraph } from '../../../support/darknet.ts';

const conv = (filters: number, size: number) =>
  `[convolutional]\nbatch_normalize=1\nfilters=${String(filters)}\nsize=${String(size)}\nstride=1\npad=1\nactivation=leaky`;
const head = `[convolutional]\nsize=1\nstride=1\npad=1\nfilters=255\nactivation=linear\n
[yolo]\nmask = 0,1,2\nanchors = 10,14,  23,27,  37,58,  81,82,  135,169,  344,319\nclasses=80\nnum=6`;
const pool = (stride: number) => `[maxpool]\nsize=2\nstride=${String(stride)}`;

const yolov3Tiny = [
  '[net]\nwidth=416\nheight=416\nchannels=3',
  conv(16, 3),
  pool(2),
  conv(32, 3),
  pool(2),
  conv(64, 3),
  pool(2),
  conv(128, 3),
  pool(2),
  conv(256, 3),
  pool(2),
  conv(512, 3),
  pool(1),
  conv(1024, 3),
  conv(256, 1),
  conv(512, 3),
  head,
  '[route]\nlayers = -4',
  conv(128, 1),
  '[upsample]\nstride=2',
  '[route]\nlayers = -1, 8',
  conv(256, 3),
  head,
].join('\n\n');

test('YOLOv3-tiny: the lines that Darknet prints', () => {
  const graph = darknetGraph(yolov3Tiny);
  const report = reportCosts(graph, builtInDevices[0]!);
  const lines = graph.ops
    .filter((op) => /_\d+$/.test(op.name))
    .map((op) => {
      const macs = report.ops[op.id]!.macs;
      const billions = macs.kind === 'exact' && macs.value > 0 ? ` ${((2 * macs.value) / 1e9).toFixed(3)}` : '';
      return `${op.name} ${formatShape(graph.values[op.outputs[0]!]!.shape.slice(1))}${billions}`;
    });
  expect(lines).toEqual([
    'convolutional_0 16×416×416 0.150',
    'maxpool_1 16×208×208',
    'convolutional_2 32×208×208 0.399',
    'maxpool_3 32×104×104',
    'convolutional_4 64×104×104 0.399',
    'maxpool_5 64×52×52',
    'convolutional_6 128×52×52 0.399',
    'maxpool_7 128×26×26',
    'convolutional_8 256×26×26 0.399',
    'maxpool_9 256×13×13',
    'convolutional_10 512×13×13 0.399',
    'maxpool_11 512×13×13',
    'convolutional_12 1024×13×13 1.595',
    'convolutional_13 256×13×13 0.089',
    'convolutional_14 512×13×13 0.399',
    'convolutional_15 255×13×13 0.044',
    'yolo_16 255×13×13',
    'route_17 256×13×13',
    'convolutional_18 128×13×13 0.011',
    'upsample_19 128×26×26',
    'route_20 384×26×26',
    'convolutional_21 256×26×26 1.196',
    'convolutional_22 255×26×26 0.088',
    'yolo_23 255×26×26',
  ]);
  expect(graph.outputs.map((id) => graph.ops[graph.values[id]!.producer]!.name)).toEqual(['yolo_16', 'yolo_23']);
});

test('YOLOv3-tiny: every number of the weights file is a tensor of the graph', () => {
  const tensors = darknetGraph(yolov3Tiny).ops.flatMap((op) => op.parameters);
  const numbers = tensors.reduce((sum, { shape }) => sum + elementCount(shape)!, 0);
  expect(20 + 4 * numbers).toBe(35_434_956);
});
