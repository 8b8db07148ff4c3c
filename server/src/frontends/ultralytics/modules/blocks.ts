// Modules with one input: convolutions, bottlenecks and what is made of them, as ultralytics.nn.modules has them.

import type { ValueId } from '../../../network/op.ts';
import { Misfit, type ConvolutionSettings } from '../../shared/module-builder.ts';
import { fixed, partOf, type Width } from '../../shared/traced-width.ts';
import { flagAt, inputOf, numberAt, widthAt, within, type Module, type RowCall } from './module.ts';

type Kernel = number | readonly [number, number];

const times = (width: Width, factor: number, { span }: RowCall): Width => partOf(width, factor, span);

function settingsOf(call: RowCall, kernel = 1): ConvolutionSettings {
  const padding = call.arguments[3]?.kind === 'number' ? call.arguments[3].value : undefined;
  return {
    kernel: numberAt(call, 1, kernel),
    stride: numberAt(call, 2, 1),
    padding,
    groups: numberAt(call, 4, 1),
    dilation: numberAt(call, 5, 1),
    activation: flagAt(call, 6, true),
  };
}

export const conv: Module = (call) =>
  call.build.convolution(within(call, ''), inputOf(call), call.width, settingsOf(call));

export const depthwiseConv: Module = (call) =>
  call.build.depthwise(within(call, ''), inputOf(call), call.width, {
    kernel: numberAt(call, 1, 1),
    stride: numberAt(call, 2, 1),
    dilation: numberAt(call, 3, 1),
    activation: flagAt(call, 4, true),
  });

export const transposedConv: Module = (call) => {
  const { build } = call;
  const hasNorm = flagAt(call, 4, true);
  const made = build.transposed(
    within(call, 'conv_transpose'),
    inputOf(call),
    call.width,
    numberAt(call, 1, 2),
    numberAt(call, 2, 2),
    numberAt(call, 3, 0),
    !hasNorm,
  );
  return build.activated(within(call, 'act'), hasNorm ? build.batchNorm(within(call, 'bn'), made) : made, true);
};

export const plainTransposedConv: Module = (call) =>
  call.build.transposed(
    within(call, ''),
    inputOf(call),
    call.width,
    numberAt(call, 1, 1),
    numberAt(call, 2, 1),
    numberAt(call, 3, 0),
    true,
  );

export const focus: Module = (call) => {
  const { build } = call;
  const input = inputOf(call);
  const [height, width] = build.spaceOf(input);
  const shape = [1, 4 * build.channelsOf(input), Math.ceil(height / 2), Math.ceil(width / 2)];
  const folded = build.op(within(call, 'cat'), 'cat', { kind: 'rearrange', operation: 'focus', shape }, [input]);
  return build.convolution(within(call, 'conv'), folded, call.width, settingsOf(call));
};

/** Half of the channels by a convolution, the other half from them by a cheap one. */
function ghost(call: RowCall, part: string, input: ValueId, out: Width, settings: ConvolutionSettings = {}): ValueId {
  const { build } = call;
  const half = times(out, 0.5, call);
  const { activation = true } = settings;
  const first = build.convolution(`${part}cv1`, input, half, settings);
  const second = build.convolution(`${part}cv2`, first, half, { kernel: 5, groups: half.value, activation });
  return build.concat(`${part}cat`, [first, second]);
}

export const ghostConv: Module = (call) =>
  ghost(call, call.part === '' ? '' : `${call.part}.`, inputOf(call), call.width, {
    kernel: numberAt(call, 1, 1),
    stride: numberAt(call, 2, 1),
    groups: numberAt(call, 3, 1),
  });

interface BottleneckSettings {
  readonly shortcut: boolean;
  readonly groups?: number;
  readonly kernels?: readonly [Kernel, Kernel];
  readonly expansion?: number;
  /** The first convolution has a second one of 1×1 beside it. */
  readonly isReparameterized?: boolean;
}

/** A convolution of 3×3 and one of 1×1 side by side. */
function repConv(call: RowCall, part: string, input: ValueId, out: Width): ValueId {
  const { build } = call;
  const large = build.convolution(`${part}.conv1`, input, out, { kernel: 3, activation: false });
  const small = build.convolution(`${part}.conv2`, input, out, { kernel: 1, activation: false });
  return build.activated(`${part}.act`, build.add(`${part}.add`, large, small), true);
}

function bottleneckAt(call: RowCall, part: string, input: ValueId, out: Width, settings: BottleneckSettings): ValueId {
  const { build } = call;
  const { shortcut, groups = 1, kernels = [3, 3], expansion = 0.5, isReparameterized = false } = settings;
  const hidden = times(out, expansion, call);
  const first = isReparameterized
    ? repConv(call, `${part}.cv1`, input, hidden)
    : build.convolution(`${part}.cv1`, input, hidden, { kernel: kernels[0] });
  const second = build.convolution(`${part}.cv2`, first, out, { kernel: kernels[1], groups });
  return shortcut && build.channelsOf(input) === out.value ? build.add(`${part}.add`, input, second) : second;
}

export const bottleneck: Module = (call) =>
  bottleneckAt(call, within(call, '').replace(/^$/, 'block'), inputOf(call), call.width, {
    shortcut: flagAt(call, 1, true),
    groups: numberAt(call, 2, 1),
    ...firstKernel(call),
  });

/** YOLOv5's own bottleneck begins with a convolution over single places. */
const firstKernel = ({ model }: RowCall): Pick<BottleneckSettings, 'kernels'> =>
  model.isVersion5 ? { kernels: [1, 3] } : {};

type Inner = (call: RowCall, part: string, input: ValueId, width: Width) => ValueId;

/** `n` of a block in a row, each under its number. */
function chain(call: RowCall, part: string, input: ValueId, width: Width, count: number, inner: Inner): ValueId {
  let value = input;
  for (let i = 0; i < count; i++) value = inner(call, `${part}.${String(i)}`, value, width);
  return value;
}

/** Two branches, one of them through the blocks, and a convolution over both. */
function csp(
  call: RowCall,
  part: string,
  input: ValueId,
  out: Width,
  count: number,
  hidden: Width,
  inner: Inner,
): ValueId {
  const { build } = call;
  const prefix = part === '' ? '' : `${part}.`;
  const through = chain(call, `${prefix}m`, build.convolution(`${prefix}cv1`, input, hidden), hidden, count, inner);
  const beside = build.convolution(`${prefix}cv2`, input, hidden);
  return build.convolution(`${prefix}cv3`, build.concat(`${prefix}cat`, [through, beside]), out);
}

const plainBottleneck =
  (settings: BottleneckSettings): Inner =>
  (call, part, input, width) =>
    bottleneckAt(call, part, input, width, settings);

export const c3 =
  (kernels: readonly [Kernel, Kernel] = [1, 3]): Module =>
  (call) => {
    const [shortcut, groups, expansion] = [flagAt(call, 1, true), numberAt(call, 2, 1), numberAt(call, 3, 0.5)];
    const inner = plainBottleneck({ shortcut, groups, kernels, expansion: 1 });
    return csp(
      call,
      within(call, ''),
      inputOf(call),
      call.width,
      call.repeats,
      times(call.width, expansion, call),
      inner,
    );
  };

export const c3Ghost: Module = (call) => {
  const hidden = times(call.width, numberAt(call, 3, 0.5), call);
  const inner: Inner = (row, part, input, width) => {
    const { build } = row;
    const half = times(width, 0.5, row);
    const first = ghost(row, `${part}.conv.0.`, input, half);
    const second = ghost(row, `${part}.conv.2.`, first, width, { activation: false });
    return build.add(`${part}.add`, second, input);
  };
  return csp(call, within(call, ''), inputOf(call), call.width, call.repeats, hidden, inner);
};

/** A C3 of its own inside another block. */
const c3k =
  (shortcut: boolean, groups: number): Inner =>
  (call, part, input, width) =>
    csp(
      call,
      part,
      input,
      width,
      2,
      times(width, 0.5, call),
      plainBottleneck({ shortcut, groups, kernels: [3, 3], expansion: 1 }),
    );

export const repC3: Module = (call) => {
  const { build } = call;
  const hidden = times(call.width, numberAt(call, 1, 1), call);
  const input = inputOf(call);
  const through = chain(
    call,
    within(call, 'm'),
    build.convolution(within(call, 'cv1'), input, hidden),
    hidden,
    call.repeats,
    repConv,
  );
  const sum = build.add(within(call, 'add'), through, build.convolution(within(call, 'cv2'), input, hidden));
  return hidden.value === call.width.value ? sum : build.convolution(within(call, 'cv3'), sum, call.width);
};

/** Blocks one behind the other, and a convolution over all that they give. */
function c2fAt(call: RowCall, expansion: number, inner: Inner): ValueId {
  const { build } = call;
  const hidden = times(call.width, expansion, call);
  const first = build.convolution(within(call, 'cv1'), inputOf(call), times(hidden, 2, call));
  const parts: ValueId[] = [...build.halves(first)];
  for (let i = 0; i < call.repeats; i++) {
    const last = parts.at(-1);
    if (last !== undefined) parts.push(inner(call, within(call, `m.${String(i)}`), last, hidden));
  }
  return build.convolution(within(call, 'cv2'), build.concat(within(call, 'cat'), parts), call.width);
}

export const c2f: Module = (call) =>
  c2fAt(
    call,
    numberAt(call, 3, 0.5),
    plainBottleneck({ shortcut: flagAt(call, 1, false), groups: numberAt(call, 2, 1), kernels: [3, 3], expansion: 1 }),
  );

export const c2: Module = (call) => {
  const { build } = call;
  const hidden = times(call.width, numberAt(call, 3, 0.5), call);
  const [through, beside] = build.halves(build.convolution(within(call, 'cv1'), inputOf(call), times(hidden, 2, call)));
  const inner = plainBottleneck({
    shortcut: flagAt(call, 1, true),
    groups: numberAt(call, 2, 1),
    kernels: [3, 3],
    expansion: 1,
  });
  const blocks = chain(call, within(call, 'm'), through, hidden, call.repeats, inner);
  return build.convolution(within(call, 'cv2'), build.concat(within(call, 'cat'), [blocks, beside]), call.width);
};

export const c1: Module = (call) => {
  const { build } = call;
  const first = build.convolution(within(call, 'cv1'), inputOf(call), call.width);
  const through = chain(call, within(call, 'm'), first, call.width, call.repeats, (row, part, input, width) =>
    row.build.convolution(part, input, width, { kernel: 3 }),
  );
  return build.add(within(call, 'add'), through, first);
};

/** Larger models have blocks of blocks, whatever the row says. */
export const c3k2: Module = (call) => {
  const isLarge = ['m', 'l', 'x'].includes(call.model.scale);
  const hasBlocks = isLarge || flagAt(call, 1, false);
  const [hasAttention, groups, shortcut] = [flagAt(call, 3, false), numberAt(call, 4, 1), flagAt(call, 5, true)];
  const inner: Inner = hasAttention
    ? (row, part, input, width) =>
        attentionBlock(row, `${part}.1`, bottleneckAt(row, `${part}.0`, input, width, { shortcut, groups }), width)
    : hasBlocks
      ? c3k(shortcut, groups)
      : plainBottleneck({ shortcut, groups });
  return c2fAt(call, numberAt(call, 2, 0.5), inner);
};

/** Attention over the places of an image, several heads, and a convolution of the values beside it. */
function attention(call: RowCall, part: string, input: ValueId, width: Width): ValueId {
  const { build } = call;
  const dim = width.value;
  const heads = Math.max(Math.floor(dim / 64), 1);
  const headWidth = Math.floor(dim / heads);
  const keyWidth = Math.trunc(headWidth * 0.5);
  const [height, columns] = build.spaceOf(input);
  const places = height * columns;
  const all = build.convolution(`${part}.qkv`, input, fixed(dim + 2 * keyWidth * heads), { activation: false });
  const split = build.reshape(`${part}.view`, all, [1, heads, 2 * keyWidth + headWidth, places]);
  const query = build.slice(`${part}.split`, split, 0, keyWidth, 2);
  const key = build.slice(`${part}.split`, split, keyWidth, keyWidth, 2);
  const value = build.slice(`${part}.split`, split, 2 * keyWidth, headWidth, 2);
  const scores = build.softmax(
    `${part}.softmax`,
    build.product(`${part}.scores`, build.permute(`${part}.transpose`, query, [0, 1, 3, 2]), key),
  );
  const mixed = build.product(`${part}.mix`, value, build.permute(`${part}.transpose`, scores, [0, 1, 3, 2]));
  const shape = [1, dim, height, columns];
  const beside = build.convolution(`${part}.pe`, build.reshape(`${part}.view`, value, shape), fixed(dim), {
    kernel: 3,
    groups: dim,
    activation: false,
  });
  const sum = build.add(`${part}.add`, build.reshape(`${part}.view`, mixed, shape), beside);
  return build.convolution(`${part}.proj`, sum, width, { activation: false });
}

function feedForward(call: RowCall, part: string, input: ValueId, width: Width): ValueId {
  const { build } = call;
  const wide = build.convolution(`${part}.0`, input, times(width, 2, call));
  return build.convolution(`${part}.1`, wide, width, { activation: false });
}

function attentionBlock(call: RowCall, part: string, input: ValueId, width: Width): ValueId {
  const { build } = call;
  const prefix = part === '' ? '' : `${part}.`;
  const attended = build.add(`${prefix}add`, input, attention(call, `${prefix}attn`, input, width));
  return build.add(`${prefix}add`, attended, feedForward(call, `${prefix}ffn`, attended, width));
}

export const c2fPsa: Module = (call) => c2fAt(call, numberAt(call, 1, 0.5), attentionBlock);

export const c2Psa: Module = (call) => {
  const { build } = call;
  const hidden = times(call.width, numberAt(call, 1, 0.5), call);
  const [kept, through] = build.halves(build.convolution(within(call, 'cv1'), inputOf(call), times(hidden, 2, call)));
  const attended = chain(call, within(call, 'm'), through, hidden, call.repeats, attentionBlock);
  return build.convolution(within(call, 'cv2'), build.concat(within(call, 'cat'), [kept, attended]), call.width);
};

export const psa: Module = (call) => {
  const { build } = call;
  const hidden = times(call.width, numberAt(call, 1, 0.5), call);
  const [kept, through] = build.halves(build.convolution(within(call, 'cv1'), inputOf(call), times(hidden, 2, call)));
  const attended = attentionBlock(call, within(call, ''), through, hidden);
  return build.convolution(within(call, 'cv2'), build.concat(within(call, 'cat'), [kept, attended]), call.width);
};

/** Attention within areas of the image. */
function areaBlock(area: number, ratio: number): Inner {
  return (call, part, input, width) => {
    const { build } = call;
    const dim = width.value;
    const heads = Math.floor(dim / 32);
    const headWidth = Math.floor(dim / heads);
    const [height, columns] = build.spaceOf(input);
    const places = Math.floor((height * columns) / area);
    const all = build.convolution(`${part}.attn.qkv`, input, fixed(3 * heads * headWidth), { activation: false });
    const rows = build.permute(
      `${part}.attn.transpose`,
      build.reshape(`${part}.attn.flatten`, all, [1, 3 * heads * headWidth, height * columns]),
      [0, 2, 1],
    );
    const split = build.permute(
      `${part}.attn.permute`,
      build.reshape(`${part}.attn.view`, rows, [area, places, heads, 3 * headWidth]),
      [0, 2, 3, 1],
    );
    const [query, key, value] = [0, 1, 2].map((i) =>
      build.slice(`${part}.attn.split`, split, i * headWidth, headWidth, 2),
    );
    if (query === undefined || key === undefined || value === undefined) throw new Misfit('attention has three parts');
    const scores = build.softmax(
      `${part}.attn.softmax`,
      build.product(`${part}.attn.scores`, build.permute(`${part}.attn.transpose`, query, [0, 1, 3, 2]), key),
    );
    const mixed = build.product(
      `${part}.attn.mix`,
      value,
      build.permute(`${part}.attn.transpose`, scores, [0, 1, 3, 2]),
    );
    const image = (tensor: ValueId): ValueId =>
      build.permute(
        `${part}.attn.permute`,
        build.reshape(`${part}.attn.view`, build.permute(`${part}.attn.permute`, tensor, [0, 3, 1, 2]), [
          1,
          height,
          columns,
          heads * headWidth,
        ]),
        [0, 3, 1, 2],
      );
    const beside = build.convolution(`${part}.attn.pe`, image(value), fixed(heads * headWidth), {
      kernel: 7,
      padding: 3,
      groups: heads * headWidth,
      activation: false,
    });
    const projected = build.convolution(
      `${part}.attn.proj`,
      build.add(`${part}.attn.add`, image(mixed), beside),
      width,
      {
        activation: false,
      },
    );
    const attended = build.add(`${part}.add`, input, projected);
    const wide = build.convolution(`${part}.mlp.0`, attended, times(width, ratio, call));
    return build.add(`${part}.add`, attended, build.convolution(`${part}.mlp.1`, wide, width, { activation: false }));
  };
}

export const a2c2f: Module = (call) => {
  const { build, model } = call;
  const isLarge = ['l', 'x'].includes(model.scale);
  const hasAreas = flagAt(call, 1, true);
  // Larger models end their rows with a residual and a narrower layer between.
  const own = call.arguments.length;
  const isResidual = isLarge && own <= 3 ? true : flagAt(call, 3, false);
  const ratio = isLarge && own <= 3 ? 1.2 : numberAt(call, 4, 2);
  const hidden = times(call.width, numberAt(call, 5, 0.5), call);
  const input = inputOf(call);
  const parts = [build.convolution(within(call, 'cv1'), input, hidden)];
  const area = areaBlock(numberAt(call, 2, 1), ratio);
  for (let i = 0; i < call.repeats; i++) {
    const last = parts.at(-1);
    const part = within(call, `m.${String(i)}`);
    if (last === undefined) break;
    parts.push(hasAreas ? chain(call, part, last, hidden, 2, area) : c3k(true, 1)(call, part, last, hidden));
  }
  const made = build.convolution(within(call, 'cv2'), build.concat(within(call, 'cat'), parts), call.width);
  if (!hasAreas || !isResidual) return made;
  const scale = build.op(
    within(call, 'gamma'),
    'Parameter',
    { kind: 'constant', shape: [1, call.width.value, 1, 1] },
    [],
    { parameters: [['other', [call.width.value]]] },
  );
  const scaled = build.op(within(call, 'multiply'), 'multiply', { kind: 'elementwise', operator: 'multiply' }, [
    made,
    scale,
  ]);
  return build.add(within(call, 'add'), input, scaled);
};

export const c2fCib: Module = (call) => {
  const [shortcut, isLarge] = [flagAt(call, 1, false), flagAt(call, 2, false)];
  const inner: Inner = (row, part, input, width) => {
    const { build } = row;
    const hidden = times(width, 2, row);
    const name = (index: number): string => `${part}.cv1.${String(index)}`;
    const first = build.convolution(name(0), input, width, { kernel: 3, groups: width.value });
    const wide = build.convolution(name(1), first, hidden);
    const groups = hidden.value;
    const mixed = isLarge
      ? build.activated(
          `${name(2)}.act`,
          build.add(
            `${name(2)}.add`,
            build.convolution(`${name(2)}.conv`, wide, hidden, { kernel: 7, padding: 3, groups, activation: false }),
            build.convolution(`${name(2)}.conv1`, wide, hidden, { kernel: 3, padding: 1, groups, activation: false }),
          ),
          'silu',
        )
      : build.convolution(name(2), wide, hidden, { kernel: 3, groups });
    const narrow = build.convolution(name(3), mixed, width);
    const last = build.convolution(name(4), narrow, width, { kernel: 3, groups: width.value });
    return shortcut ? build.add(`${part}.add`, input, last) : last;
  };
  return c2fAt(call, numberAt(call, 4, 0.5), inner);
};

export const scDown: Module = (call) => {
  const { build, width } = call;
  const first = build.convolution(within(call, 'cv1'), inputOf(call), width);
  return build.convolution(within(call, 'cv2'), first, width, {
    kernel: numberAt(call, 1, 3),
    stride: numberAt(call, 2, 2),
    groups: width.value,
    activation: false,
  });
};

/** The input beside its pooled copies, each of the one before. */
function pooled(call: RowCall, first: ValueId, kernels: readonly number[], isChained: boolean): ValueId {
  const { build } = call;
  const parts = [first];
  for (const [i, kernel] of kernels.entries()) {
    const from = isChained ? (parts.at(-1) ?? first) : first;
    parts.push(build.pool(within(call, `m.${String(i)}`), from, 'max', kernel, 1, Math.floor(kernel / 2)));
  }
  return build.concat(within(call, 'cat'), parts);
}

export const sppf: Module = (call) => {
  const { build } = call;
  const input = inputOf(call);
  const count = numberAt(call, 2, 3);
  // Rows without a count of their own are older: their first convolution is activated.
  const isOld = call.arguments.length <= 2;
  const hidden = fixed(Math.floor(build.channelsOf(input) / 2), 'the package takes half of the input');
  const first = build.convolution(within(call, 'cv1'), input, hidden, { activation: isOld });
  const kernel = numberAt(call, 1, 5);
  const all = pooled(
    call,
    first,
    Array.from({ length: Math.min(count, 100) }, () => kernel),
    true,
  );
  const made = build.convolution(within(call, 'cv2'), all, call.width);
  const isAdded = flagAt(call, 3, false) && build.channelsOf(input) === call.width.value;
  return isAdded ? build.add(within(call, 'add'), made, input) : made;
};

export const spp: Module = (call) => {
  const { build } = call;
  const input = inputOf(call);
  const sizes = call.arguments[1];
  const kernels =
    sizes?.kind === 'list' ? sizes.value.flatMap((size) => (size.kind === 'number' ? [size.value] : [])) : [5, 9, 13];
  const hidden = fixed(Math.floor(build.channelsOf(input) / 2), 'the package takes half of the input');
  const all = pooled(call, build.convolution(within(call, 'cv1'), input, hidden), kernels, false);
  return build.convolution(within(call, 'cv2'), all, call.width);
};

export const sppElan: Module = (call) => {
  const { build } = call;
  const kernel = numberAt(call, 2, 5);
  const first = build.convolution(within(call, 'cv1'), inputOf(call), widthAt(call, 1, 0));
  return build.convolution(within(call, 'cv5'), pooled(call, first, [kernel, kernel, kernel], true), call.width);
};

const repCsp =
  (repeats: number): Inner =>
  (call, part, input, width) =>
    csp(
      call,
      part,
      input,
      width,
      repeats,
      times(width, 0.5, call),
      plainBottleneck({ shortcut: true, expansion: 1, isReparameterized: true }),
    );

/** Four paths that are concatenated; `inner` is what two of them go through. */
function elan(call: RowCall, inner: Inner): ValueId {
  const { build } = call;
  const [middle, narrow] = [widthAt(call, 1, 0), widthAt(call, 2, 0)];
  const [first, second] = build.halves(build.convolution(within(call, 'cv1'), inputOf(call), middle));
  const third = inner(call, within(call, 'cv2'), second, narrow);
  const fourth = inner(call, within(call, 'cv3'), third, narrow);
  return build.convolution(
    within(call, 'cv4'),
    build.concat(within(call, 'cat'), [first, second, third, fourth]),
    call.width,
  );
}

export const repNcspElan: Module = (call) => {
  const repeats = numberAt(call, 3, 1);
  return elan(call, (row, part, input, width) => {
    const through = repCsp(repeats)(row, `${part}.0`, input, width);
    return row.build.convolution(`${part}.1`, through, width, { kernel: 3 });
  });
};

export const elan1: Module = (call) =>
  elan(call, (row, part, input, width) => row.build.convolution(part, input, width, { kernel: 3 }));

export const aConv: Module = (call) => {
  const { build } = call;
  const averaged = build.pool(within(call, 'pool'), inputOf(call), 'average', 2, 1, 0);
  return build.convolution(within(call, 'cv1'), averaged, call.width, { kernel: 3, stride: 2, padding: 1 });
};

export const aDown: Module = (call) => {
  const { build } = call;
  const half = times(call.width, 0.5, call);
  const [left, right] = build.halves(build.pool(within(call, 'pool'), inputOf(call), 'average', 2, 1, 0));
  const first = build.convolution(within(call, 'cv1'), left, half, { kernel: 3, stride: 2, padding: 1 });
  const second = build.convolution(within(call, 'cv2'), build.pool(within(call, 'max'), right, 'max', 3, 2, 1), half);
  return build.concat(within(call, 'cat'), [first, second]);
};

export const bottleneckCsp: Module = (call) => {
  const { build } = call;
  const input = inputOf(call);
  const hidden = times(call.width, numberAt(call, 3, 0.5), call);
  const inner = plainBottleneck({
    shortcut: flagAt(call, 1, true),
    groups: numberAt(call, 2, 1),
    expansion: 1,
    ...firstKernel(call),
  });
  const through = chain(
    call,
    within(call, 'm'),
    build.convolution(within(call, 'cv1'), input, hidden),
    hidden,
    call.repeats,
    inner,
  );
  const left = build.plainConvolution(within(call, 'cv3'), through, hidden, { bias: false });
  const right = build.plainConvolution(within(call, 'cv2'), input, hidden, { bias: false });
  const normed = build.batchNorm(within(call, 'bn'), build.concat(within(call, 'cat'), [left, right]));
  return build.convolution(within(call, 'cv4'), build.activated(within(call, 'act'), normed, 'silu'), call.width);
};
