// What Darknet sections become, where their widths are written, and what is reported of bad ones.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { darknetFrontend } from '../../../../server/src/frontends/darknet/darknet-frontend.ts';
import { formatShape } from '../../../../server/src/network/shape.ts';
import { darknetDocument, darknetGraph, readDarknet } from '../../../support/darknet.ts';

const net = '[net]\nchannels=8\nheight=12\nwidth=16\n';
const tiny = readFileSync(new URL('../../../../examples/darknet-tiny.cfg', import.meta.url), 'utf8');

/** `name kind shape` of every op but the input. */
function ops(text: string): string[] {
  const graph = darknetGraph(text);
  return graph.ops
    .slice(1)
    .map((op) => `${op.name} ${op.attributes.kind} ${formatShape(graph.values[op.outputs[0]!]!.shape)}`);
}

/** `[code] text under the span: message`. */
function problems(text: string): string[] {
  return readDarknet(text).problems.map(
    ({ code, message, span }) => `[${code}] ${text.slice(span!.start, span!.end)}: ${message}`,
  );
}

describe('layers', () => {
  test.for<[string, string, string[]]>([
    [
      'a convolution with batch norm and activation',
      '[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=mish',
      [
        'convolutional_0 convolution 1×4×6×8',
        'convolutional_0.batch_norm batch-norm 1×4×6×8',
        'convolutional_0.mish activation 1×4×6×8',
      ],
    ],
    [
      'the default activation',
      '[convolutional]\nfilters=4',
      ['convolutional_0 convolution 1×4×12×16', 'convolutional_0.logistic activation 1×4×12×16'],
    ],
    [
      'padding grows with dilation',
      '[convolutional]\nfilters=4\nsize=3\npad=1\ndilation=2\nactivation=linear',
      ['convolutional_0 convolution 1×4×12×16'],
    ],
    [
      'strides of their own',
      '[convolutional]\nfilters=4\nstride_x=4\nstride_y=2\nactivation=linear',
      ['convolutional_0 convolution 1×4×6×4'],
    ],
    [
      'a transposed convolution',
      '[deconvolutional]\nfilters=4\nsize=4\nstride=2\npadding=1\nactivation=linear',
      ['deconvolutional_0 transposed-convolution 1×4×24×32'],
    ],
    [
      'a connected layer',
      '[connected]\noutput=10\nactivation=linear',
      ['connected_0.flatten reshape 1×1536', 'connected_0 dense 1×10'],
    ],
    [
      'an image again after a connected layer',
      '[connected]\noutput=10\nactivation=linear\n[convolutional]\nfilters=2\nactivation=linear',
      [
        'connected_0.flatten reshape 1×1536',
        'connected_0 dense 1×10',
        'convolutional_1.reshape reshape 1×10×1×1',
        'convolutional_1 convolution 1×2×1×1',
      ],
    ],
    ['pools', '[maxpool]\nsize=3\nstride=2\n[avgpool]', ['maxpool_0 pool 1×8×6×8', 'avgpool_1 adaptive-pool 1×8×1×1']],
    [
      'upsample with a scale',
      '[upsample]\nstride=3\nscale=0.5',
      ['upsample_0 resize 1×8×36×48', 'upsample_0.scale constant ', 'upsample_0.multiply elementwise 1×8×36×48'],
    ],
    ['reorg', '[reorg]\nstride=2', ['reorg_0 rearrange 1×32×6×8']],
    ['reorg back', '[reorg]\nstride=2\nreverse=1', ['reorg_0 rearrange 1×2×24×32']],
    ['crop', '[crop]\ncrop_width=9\ncrop_height=10', ['crop_0 pad 1×8×10×9']],
    [
      'a route of groups',
      '[maxpool]\n[route]\nlayers=0\ngroups=4\ngroup_id=3',
      ['maxpool_0 pool 1×8×12×16', 'route_1.group slice 1×2×12×16', 'route_1 identity 1×2×12×16'],
    ],
    [
      'squeeze and excite',
      '[avgpool]\n[convolutional]\nfilters=8\nactivation=linear\n[maxpool]\n[scale_channels]\nfrom=0',
      [
        'avgpool_0 adaptive-pool 1×8×1×1',
        'convolutional_1 convolution 1×8×1×1',
        'maxpool_2 pool 1×8×1×1',
        'scale_channels_3 elementwise 1×8×1×1',
      ],
    ],
    [
      'softmax over what is left',
      '[avgpool]\n[softmax]',
      ['avgpool_0 adaptive-pool 1×8×1×1', 'softmax_1.flatten reshape 1×8', 'softmax_1 softmax 1×8'],
    ],
    [
      'a detection head of the right width',
      '[convolutional]\nfilters=75\nactivation=linear\n[region]\nnum=3\nclasses=20',
      ['convolutional_0 convolution 1×75×12×16', 'region_1 identity 1×75×12×16'],
    ],
    [
      'comments, blanks, capitals',
      '# one\n  [MaxPool]  ; two\n  size = 2 # three\nstride=2',
      ['maxpool_0 pool 1×8×6×8'],
    ],
  ])('%s', ([, layers, expected]) => {
    expect(ops(net + layers)).toEqual(expected);
  });

  test('a group of channels starts where group_id says', () => {
    const [, , slice] = darknetGraph(`${net}[maxpool]\n[route]\nlayers=0\ngroups=4\ngroup_id=3`).ops;
    expect(slice!.attributes).toEqual({ kind: 'slice', axis: 1, start: 6, size: 2, step: 1 });
  });

  test('the usual pool needs no padding on even sizes and pads behind on odd ones', () => {
    const padding = (size: number) => {
      const pool = darknetGraph(
        `[net]\nchannels=1\nheight=${String(size)}\nwidth=${String(size)}\n[maxpool]\nsize=2\nstride=2`,
      ).ops[1]!.attributes;
      return pool.kind === 'pool' ? pool.padding[0] : undefined;
    };
    expect(padding(16)).toEqual({ before: 0, after: 0 });
    expect(padding(13)).toEqual({ before: 0, after: 1 });
  });

  test('a cost layer is not the result', () => {
    const graph = darknetGraph(`${net}[avgpool]\n[softmax]\n[cost]\ntype=sse`);
    expect(graph.outputs.map((id) => graph.ops[graph.values[id]!.producer]!.name)).toEqual(['softmax_1']);
  });
});

describe('widths', () => {
  test('a width is the digits under its key', () => {
    const text = `${net}[convolutional]\nfilters = 24 # wide\nactivation=linear\n[connected]\noutput=10\nactivation=linear`;
    const origins = darknetGraph(text).ops.flatMap((op) => op.outWidth ?? []);
    expect(
      origins.map(
        (origin) =>
          origin.kind === 'config' && [origin.key, origin.value, text.slice(origin.span.start, origin.span.end)],
      ),
    ).toEqual([
      ['filters', 24, '24'],
      ['output', 10, '10'],
    ]);
  });

  test('a depthwise layer writes its input width as groups', () => {
    const text = `${net}[convolutional]\nfilters=8\ngroups=8\nsize=3\npad=1\nactivation=linear`;
    const { inWidth } = darknetGraph(text).ops[1]!;
    expect(inWidth).toMatchObject({
      kind: 'config',
      key: 'groups',
      value: 8,
      span: { start: text.indexOf('groups=8') + 7 },
    });
  });

  test('a width that is not written says so', () => {
    const { outWidth } = darknetGraph(`${net}[convolutional]\nactivation=linear`).ops[1]!;
    expect(outWidth).toMatchObject({
      kind: 'untraced',
      value: 1,
      reason: '[convolutional] does not set filters, so Darknet takes 1; write filters=1 to change it',
    });
  });
});

describe('input', () => {
  test('[net] is the input unless a directive or a request says otherwise', () => {
    const input = (text: string, request?: number[]) =>
      readDarknet(text, request && { input: [request], from: 'request' }).entry!.input;
    expect(input(`${net}[avgpool]`)).toMatchObject({ shapes: [[8, 12, 16]], from: 'call' });
    expect(input(`# morphnet: input=8x24x24\n${net}[avgpool]`)).toMatchObject({
      shapes: [[8, 24, 24]],
      from: 'directive',
    });
    expect(input(`# morphnet: input=8x24x24\n${net}[avgpool]`, [8, 6, 6])).toMatchObject({
      shapes: [[8, 6, 6]],
      from: 'request',
    });
    expect(input('[net]\ninputs=784\n[connected]')).toMatchObject({ shapes: [[784]], from: 'call' });
  });

  test('a default is shown as one', () => {
    const { entry, problems: found } = readDarknet('[net]\n[avgpool]');
    expect(entry!.input).toMatchObject({ shapes: [[3, 224, 224]], from: 'default' });
    expect(found.map(({ code }) => code)).toEqual(['darknet-no-input']);
  });

  test('a file is told by its first section, not by its name alone', () => {
    expect(darknetFrontend.accepts('file:///a.cfg', '# c\n\n[net]\n')).toBe(true);
    expect(darknetFrontend.accepts('file:///a.cfg', '[Network]\n')).toBe(true);
    expect(darknetFrontend.accepts('file:///setup.cfg', '[metadata]\nname = x\n[net]')).toBe(false);
    expect(darknetFrontend.accepts('file:///a.ini', '[net]\n')).toBe(false);
  });
});

describe('bad input', () => {
  test.for<[string, string[]]>([
    [
      '[convolutional\nfilters=4\nactivation=linear',
      ['[syntax-darknet-section] [convolutional: The section header lacks its closing bracket; write [convolutional]'],
    ],
    [
      '[maxpool]\nstride',
      ['[syntax-darknet-option] stride: "stride" is no option; write key=value, or # before a comment'],
    ],
    [
      '[convolutional]\nfilters=many\nactivation=linear',
      [
        '[darknet-option-value] many: filters of [convolutional] must be a whole number of at least 1, but there is "many"',
      ],
    ],
    [
      '[maxpool]\nsize=',
      ['[darknet-option-value] size: size of [maxpool] must be a whole number of at least 1, but there is nothing'],
    ],
    [
      '[maxpool]\nsize=0',
      ['[darknet-option-value] 0: size of [maxpool] must be a whole number of at least 1, but there is "0"'],
    ],
    [
      '[maxpool]\nsize=2\nsize=3',
      [
        '[darknet-repeated-option] size: size is set twice in [maxpool]; the first value, 2, counts. Remove one of them.',
      ],
    ],
    [
      '[convolutional]\nfilters=4\nactivation=leeky',
      [
        expect.stringMatching(
          /^\[darknet-activation\] leeky: convolutional_0: there is no activation "leeky"; known are linear, relu,/,
        ),
      ],
    ],
    [
      '[maxpool]\n[route]\nlayers=-1, -5',
      ['[darknet-layer-reference] -1, -5: route_1 refers to layer -5, but layers 0 to 0 (or -1 to -1) come before it'],
    ],
    [
      '[maxpool]\n[shortcut]',
      ['[darknet-missing-option] [shortcut]: shortcut_1 does not say which layer it adds; add for example from=-3'],
    ],
    [
      '[convolutional]\nfilters=4\nactivation=linear\n[maxpool]\nstride_x=2\nstride_y=1\nsize=1\n[shortcut]\nfrom=0',
      [
        '[darknet-shape-mismatch] 0: shortcut_2 adds an image of 12×16 (convolutional_0) to one of 12×8, and Darknet stops where height and width differ by different factors; give both layers the same stride',
      ],
    ],
    [
      '[convolutional]\nfilters=4\nactivation=linear\n[shortcut]\nfrom=0\nweights_type=per_pixel',
      [
        '[darknet-option-value] per_pixel: weights_type of shortcut_1 must be none, per_feature or per_channel, but there is "per_pixel"',
      ],
    ],
    [
      '[convolutional]\nfilters=4\nsize=20\nactivation=linear',
      [
        '[darknet-shape-mismatch] [convolutional]: convolutional_0: The 20×20 kernel is larger than the padded input, which is 8×12×16',
      ],
    ],
    [
      '[convolutional]\nfilters=4\ngroups=3\nactivation=linear',
      ['[darknet-shape-mismatch] [convolutional]: convolutional_0: 8 input channels cannot be divided into 3 groups'],
    ],
    [
      '[convolutional]\nfilters=18\nactivation=linear\n[yolo]\nmask=0,1,2\nnum=9\nclasses=2',
      [
        '[darknet-head-width] [yolo]: yolo_1 expects 21 channels (3 masks × (2 classes + 5)) but gets 18; set filters=21 in the layer before it',
      ],
    ],
    [
      '[transformer]',
      [
        expect.stringMatching(
          /^\[darknet-unknown-layer\] \[transformer\]: \[transformer\] is no layer that is understood here/,
        ),
      ],
    ],
    [
      '[local]\nfilters=4\nsize=13',
      ['[darknet-shape-mismatch] 13: local_0 has windows of 13×13, larger than its input; make size smaller'],
    ],
  ])('%j', ([layers, expected]) => {
    expect(problems(net + layers)).toEqual(expected);
  });

  test('a wrong value makes its layer opaque, and what stands before it keeps its cost', () => {
    const text = `${net}[convolutional]\nfilters=4\nactivation=linear\n[convolutional]\nfilters=x\n[convolutional]\nfilters=6\nactivation=linear`;
    const graph = readDarknet(text).graph!;
    expect(graph.ops.map((op) => op.attributes.kind)).toEqual(['input', 'convolution', 'opaque', 'opaque']);
    expect(graph.values.at(-1)!.shape.slice(0, 2)).toEqual([1, 6]);
    expect(reportCosts(graph, builtInDevices[0]!).total.macs).toMatchObject({
      kind: 'at-least',
      value: 4 * 8 * 12 * 16,
    });
  });

  test('a file without sections, and one that does not begin with [net]', () => {
    expect(problems('')).toEqual(['[darknet-no-net] : There is no section; a Darknet file begins with [net]']);
    expect(problems('width=3\n[avgpool]').map((line) => line.slice(0, line.indexOf(']') + 1))).toEqual([
      '[darknet-no-input]',
      '[syntax-darknet-option]',
      '[darknet-no-net]',
    ]);
  });

  test('an entry that does not exist, and an input that is no image', () => {
    expect(readDarknet(tiny, { entry: 'Net', from: 'request' }).problems.map(({ message }) => message)).toEqual([
      'A Darknet file is one model without a name; leave out "Net"',
    ]);
    expect(readDarknet(tiny, { input: [[3, 32]], from: 'request' }).problems.map(({ message }) => message)).toEqual([
      'A Darknet network has one input of channels×height×width (or of one size), not 3×32',
    ]);
  });

  test('no prefix of the example, with or without a broken byte, ever throws', () => {
    for (let length = 0; length <= tiny.length; length += 7) {
      expect(() => readDarknet(tiny.slice(0, length))).not.toThrow();
      expect(() => readDarknet(`${tiny.slice(0, length)}\u0000=[${tiny.slice(length + 3)}`)).not.toThrow();
    }
  });
});

describe('the example', () => {
  test('costs what its layers come to', () => {
    const graph = darknetGraph(tiny);
    const { total } = reportCosts(graph, builtInDevices[0]!);
    // in · out · kernel area · positions of each convolution, in order.
    const macs =
      (3 * 32 * 9 + 32 * 16 + 16 * 32 * 9) * 1024 +
      (32 * 64 * 9 + 64 * 32 * 9 + 32 * 32 * 9 + 64 * 64) * 256 +
      (128 * 128 * 9 + 128 * 64 + 64 * 128 * 9 + 128 * 10) * 64;
    const normalized = 32 + 16 + 32 + 64 + 32 + 32 + 64 + 128 + 64 + 128;
    const weights =
      3 * 32 * 9 +
      32 * 16 +
      16 * 32 * 9 +
      32 * 64 * 9 +
      64 * 32 * 9 +
      32 * 32 * 9 +
      64 * 64 +
      128 * 128 * 9 +
      128 * 64 +
      64 * 128 * 9 +
      128 * 10;
    expect(total.macs).toEqual({ kind: 'exact', value: macs });
    expect(total.params).toEqual({ kind: 'exact', value: weights + 2 * normalized + 10 });
  });

  test('depends on nothing but itself', () => {
    const { entry } = readDarknet(tiny);
    const reader = { roots: [], read: () => tiny };
    const evaluation = darknetFrontend.evaluate(
      entry!,
      reader,
      { steps: 1, callDepth: 1, items: 1, ops: 5, sourceLength: 1e6 },
      { isCancellationRequested: false },
    );
    expect(evaluation.dependencies).toEqual([darknetDocument]);
    expect(evaluation.problems.map(({ code }) => code)).toEqual(['limit-ops']);
    expect(reportCosts(evaluation.graph!, builtInDevices[0]!).total.macs.kind).toBe('at-least');
  });
});
