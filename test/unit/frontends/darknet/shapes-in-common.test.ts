// What Darknet adds, learns and repeats beyond plain convolutions. Parameters a layer are what Darknet itself holds in memory
// for these sections (`pjreddie/darknet` and, where named, `AlexeyAB/darknet`, run on this very text).

import { describe, expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { formatShape } from '../../../../server/src/network/shape.ts';
import { readDarknet } from '../../../support/darknet.ts';

const net = '[net]\nchannels=3\nheight=24\nwidth=24\n';
const conv = (filters: number, more = ''): string =>
  `[convolutional]\nfilters=${String(filters)}\nsize=3\npad=1\nactivation=linear\n${more}`;

interface Layer {
  readonly shape: string;
  readonly params: number;
}

/** Darknet's layers: the shape that each gives and the parameters of all of its ops. Nothing may be reported. */
function layersOf(text: string): readonly Layer[] {
  const { graph, problems } = readDarknet(net + text);
  expect(problems).toEqual([]);
  const report = reportCosts(graph!, builtInDevices[0]!);
  expect(report.total.macs.kind).toBe('exact');
  const layers: Layer[] = [];
  for (const op of graph!.ops) {
    const index = Number(/_(\d+)(?:\.|$)/.exec(op.name)?.[1]);
    if (Number.isNaN(index)) continue;
    const params = report.ops[op.id]!.params;
    layers[index] = {
      shape: formatShape(graph!.values[op.outputs[0]!]!.shape.slice(1)),
      params: (layers[index]?.params ?? 0) + (params.kind === 'exact' ? params.value : Number.NaN),
    };
  }
  return layers;
}

const last = (text: string): Layer => layersOf(text).at(-1)!;

describe('a shortcut keeps the shape of the layer before it', () => {
  test.for<[string, string, string]>([
    ['fewer channels are added to the first of more', `${conv(8)}${conv(12)}[shortcut]\nfrom=0`, '12×24×24'],
    ['of more channels the first are added', `${conv(12)}${conv(8)}[shortcut]\nfrom=0`, '8×24×24'],
    ['of a larger image every n-th place', `${conv(8)}${conv(8, 'stride=2\n')}[shortcut]\nfrom=0`, '8×12×12'],
    ['a stage of a ResNet: both', `${conv(8)}${conv(16, 'stride=2\n')}[shortcut]\nfrom=0`, '16×12×12'],
    [
      'a smaller image to every n-th place',
      `${conv(8, 'stride=2\n')}[upsample]\nstride=2\n${conv(8)}[shortcut]\nfrom=0`,
      '8×24×24',
    ],
    ['several layers at once', `${conv(4)}${conv(8)}${conv(6)}[shortcut]\nfrom=-2,-3`, '6×24×24'],
  ])('%s', ([, text, shape]) => {
    expect(last(text)).toEqual({ shape, params: 0 });
  });

  test('the channels in common stay tied, so a slimmer copy is read with the same rule', () => {
    const { graph } = readDarknet(`${net}${conv(8)}${conv(12)}[shortcut]\nfrom=0`);
    expect(graph!.ops.slice(-2).map((op) => op.attributes)).toMatchObject([
      { kind: 'pad', padding: [{ after: 0 }, { before: 0, after: 4 }, { after: 0 }, { after: 0 }] },
      { kind: 'elementwise', operator: 'add' },
    ]);
  });

  test.for([
    ['per_feature', 2],
    ['per_channel', 24],
  ] as const)('its weights are counted: %s (AlexeyAB)', ([type, params]) => {
    expect(last(`${conv(8)}${conv(12)}[shortcut]\nfrom=0\nweights_type=${type}\nweights_normalization=relu`)).toEqual({
      shape: '12×24×24',
      params,
    });
  });
});

describe('a convolution with the tensors of an earlier one', () => {
  const norm = 'batch_normalize=1\n';

  test.for(['1', '-2'])('share_index=%s: counted once (AlexeyAB)', (index) => {
    const text = `${conv(6)}${conv(6, norm)}[route]\nlayers=0\n${conv(6, `${norm}dilation=2\nshare_index=${index}\n`)}`;
    expect(layersOf(text).map(({ params }) => params)).toEqual([168, 336, 0, 0]);
  });

  test('through another that shares, and only where all sizes agree', () => {
    const { problems } = readDarknet(
      `${net}${conv(3)}${conv(3, 'share_index=0\n')}${conv(3, 'share_index=1\n')}${conv(5, 'share_index=0\n')}`,
    );
    expect(problems.map(({ message }) => message)).toEqual([
      'convolutional_3 shares the weights of convolutional_0, which has weights of 3×3×3×3, but its own are 5×3×3×3; give both the same filters, size and input channels',
    ]);
    expect(
      layersOf(`${conv(3)}${conv(3, 'share_index=0\n')}${conv(3, 'share_index=1\n')}`).map(({ params }) => params),
    ).toEqual([84, 0, 0]);
  });
});

describe('layers that hold more than one product', () => {
  const image = conv(6, 'stride=2\n');
  test.for<[string, string, Layer]>([
    [
      'crnn',
      '[crnn]\nbatch_normalize=1\nsize=3\npad=1\nhidden_filters=5\noutput_filters=7\nactivation=leaky',
      { shape: '7×12×12', params: 844 },
    ],
    [
      'crnn in its newer spelling',
      '[crnn]\nbatch_normalize=1\nsize=3\npad=1\nhidden=5\noutput=7\nactivation=leaky',
      { shape: '7×12×12', params: 844 },
    ],
    [
      'local',
      '[local]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky',
      { shape: '4×12×12', params: 6 * 9 * 4 * 144 + 576 },
    ],
    [
      'local with a stride',
      '[local]\nfilters=3\nsize=3\nstride=2\nactivation=linear',
      { shape: '3×5×5', params: 6 * 9 * 3 * 25 + 75 },
    ],
  ])('%s', ([, text, expected]) => {
    expect(last(image + text)).toEqual(expected);
  });

  test('recurrent layers of rows', () => {
    const row = '[connected]\noutput=75\nactivation=linear\n';
    expect(last(`${row}[gru]\nbatch_normalize=1\noutput=10`)).toEqual({ shape: '10', params: 2670 });
    expect(last(`${row}[gru]\nbatch_normalize=1\noutput=10\n[lstm]\noutput=9`)).toEqual({ shape: '9', params: 756 });
    expect(last(`${row}[connected]\noutput=9\nactivation=linear\n[rnn]\nhidden=6\noutput=6`)).toEqual({
      shape: '6',
      params: 144,
    });
  });
});

test.for([
  ['softmax over groups', '[connected]\noutput=6\nactivation=linear\n[softmax]\ngroups=2', '6'],
  ['softmax over a tree', '[connected]\noutput=6\nactivation=linear\n[softmax]\ntree=data/9k.tree', '6'],
  ['reorg with room for more', `${conv(4, 'stride=12\n')}[reorg]\nextra=1`, '17'],
  ['silence', `${conv(4)}[silence]`, '4×24×24'],
  ['l2norm', `${conv(4)}[l2norm]`, '4×24×24'],
] as const)('%s costs nothing and is no warning', ([, text, shape]) => {
  expect(last(text)).toEqual({ shape, params: 0 });
});

test('an implicit tensor has its elements as parameters (AlexeyAB)', () => {
  expect(last(`${conv(4)}[implicit]\nfilters=16`)).toEqual({ shape: '16×1×1', params: 16 });
});
