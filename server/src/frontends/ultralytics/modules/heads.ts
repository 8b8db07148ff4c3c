// Modules with several inputs, and heads: what joins branches, and what a model ends in, as ultralytics.nn.modules has them.

import type { ValueId } from '../../../network/op.ts';
import { Misfit } from '../../shared/module-builder.ts';
import { fixed } from '../../shared/traced-width.ts';
import { inputOf, numberAt, widthAt, type Module, type RowCall } from './module.ts';

export const concat: Module = (call) => call.build.concat('', call.inputs, numberAt(call, 0, 1));

export const upsample: Module = (call) => {
  const input = inputOf(call);
  const [height, width] = call.build.spaceOf(input);
  const [size, factor] = [numberAt(call, 0, 0), numberAt(call, 1, 1)];
  const mode = call.arguments[2];
  return call.build.resize(
    '',
    input,
    size > 0 ? [size, size] : [Math.floor(height * factor), Math.floor(width * factor)],
    mode?.kind === 'text' && mode.value !== 'nearest' ? 'linear' : 'nearest',
  );
};

export const identity: Module = (call) => call.build.op('', 'Identity', { kind: 'identity' }, [inputOf(call)]);

export const maxPool: Module = (call) => {
  const kernel = numberAt(call, 0, 2);
  const input = inputOf(call);
  return call.build.pool('', input, 'max', kernel, numberAt(call, 1, kernel), numberAt(call, 2, 0));
};

export const zeroPad: Module = (call) => {
  const [amounts] = call.arguments;
  const numbers =
    amounts?.kind === 'list'
      ? amounts.value.map((each) => (each.kind === 'number' ? each.value : 0))
      : Array.from({ length: 4 }, () => numberAt(call, 0, 0));
  const [left = 0, right = 0, top = 0, bottom = 0] = numbers;
  const none = { before: 0, after: 0 };
  const padding = [none, none, { before: top, after: bottom }, { before: left, after: right }];
  return call.build.op('', 'ZeroPad2d', { kind: 'pad', padding, mode: 'constant', value: 0 }, [inputOf(call)]);
};

export const batchNorm: Module = (call) => call.build.batchNorm('', inputOf(call));

/** A convolution whose output is cut into parts, for the fusions of a second backbone. */
export const cbLinear: Module = (call) => {
  const [first] = call.arguments;
  const sizes =
    first?.kind === 'list' ? first.value.flatMap((size) => (size.kind === 'number' ? [size.value] : [])) : [];
  const kernel = numberAt(call, 1, 1);
  const made = call.build.plainConvolution('conv', inputOf(call), fixed(sizes.reduce((sum, size) => sum + size, 0)), {
    kernel,
    stride: numberAt(call, 2, 1),
    groups: numberAt(call, 4, 1),
  });
  let start = 0;
  return sizes.map((size) => {
    const part = call.build.slice('split', made, start, size);
    start += size;
    return part;
  });
};

/** Inputs at the size of the last one, added up. */
export const fusion: Module = (call) => {
  const { build, inputs } = call;
  const last = inputs.at(-1);
  if (last === undefined) throw new Misfit('the row takes no input');
  const size = build.spaceOf(last);
  return inputs.slice(0, -1).reduce((sum, input) => build.add('add', build.resize('resize', input, size), sum), last);
};

export const hgStem: Module = (call) => {
  const { build } = call;
  const [middle, out] = [widthAt(call, 0, 0), widthAt(call, 1, 0)];
  const half = fixed(Math.floor(middle.value / 2));
  const none = { before: 0, after: 0 };
  const behind = { before: 0, after: 1 };
  const padded = (input: ValueId): ValueId =>
    build.op('pad', 'pad', { kind: 'pad', padding: [none, none, behind, behind], mode: 'constant', value: 0 }, [input]);
  const first = padded(build.convolution('stem1', inputOf(call), middle, { kernel: 3, stride: 2, activation: 'relu' }));
  const second = padded(build.convolution('stem2a', first, half, { kernel: 2, padding: 0, activation: 'relu' }));
  const beside = build.convolution('stem2b', second, middle, { kernel: 2, padding: 0, activation: 'relu' });
  const joined = build.concat('cat', [build.pool('pool', first, 'max', 2, 1, 0, true), beside]);
  const third = build.convolution('stem3', joined, middle, { kernel: 3, stride: 2, activation: 'relu' });
  return build.convolution('stem4', third, out, { activation: 'relu' });
};

export const hgBlock: Module = (call) => {
  const { build } = call;
  const [middle, out] = [widthAt(call, 0, 0), widthAt(call, 1, 0)];
  const [kernel, isLight, isAdded] = [numberAt(call, 2, 3), numberAt(call, 3, 0) !== 0, numberAt(call, 4, 0) !== 0];
  const input = inputOf(call);
  const parts = [input];
  for (let i = 0; i < call.repeats; i++) {
    const last = parts.at(-1) ?? input;
    const part = `m.${String(i)}`;
    parts.push(
      isLight
        ? build.depthwise(
            `${part}.conv2`,
            build.convolution(`${part}.conv1`, last, middle, { activation: false }),
            middle,
            {
              kernel,
              activation: 'relu',
            },
          )
        : build.convolution(part, last, middle, { kernel, activation: 'relu' }),
    );
  }
  const half = fixed(Math.floor(out.value / 2));
  const squeezed = build.convolution('sc', build.concat('cat', parts), half, { activation: 'relu' });
  const made = build.convolution('ec', squeezed, out, { activation: 'relu' });
  return isAdded && build.channelsOf(input) === out.value ? build.add('add', made, input) : made;
};

/** Bottlenecks of a ResNet, or its first convolution with the pool. Rows name the input's channels themselves. */
export const resNetLayer: Module = (call) => {
  const { build } = call;
  const width = widthAt(call, 1, 64);
  const [stride, isFirst, count, factor] = [
    numberAt(call, 2, 1),
    numberAt(call, 3, 0) !== 0,
    numberAt(call, 4, 1),
    numberAt(call, 5, 4),
  ];
  if (isFirst) {
    const made = build.convolution('layer.0', inputOf(call), width, { kernel: 7, stride: 2, padding: 3 });
    return build.pool('layer.1', made, 'max', 3, 2, 1);
  }
  let value = inputOf(call);
  const wide = fixed(factor * width.value, 'the package takes a multiple of the block’s width');
  for (let i = 0; i < Math.min(count, 1000); i++) {
    const part = `layer.${String(i)}`;
    const step = i === 0 ? stride : 1;
    const first = build.convolution(`${part}.cv1`, value, width);
    const second = build.convolution(`${part}.cv2`, first, width, { kernel: 3, stride: step, padding: 1 });
    const third = build.convolution(`${part}.cv3`, second, wide, { activation: false });
    const isSame = step === 1 && build.channelsOf(value) === wide.value;
    const beside = isSame
      ? value
      : build.convolution(`${part}.shortcut.0`, value, wide, { stride: step, activation: false });
    value = build.activated(`${part}.relu`, build.add(`${part}.add`, third, beside), 'relu');
  }
  return value;
};

/** An encoder layer of a transformer over the places of an image. */
export const aifi: Module = (call) => {
  const { build } = call;
  const input = inputOf(call);
  const dim = build.channelsOf(input);
  const [middle, heads] = [widthAt(call, 0, 2048), numberAt(call, 1, 8)];
  const [height, width] = build.spaceOf(input);
  const places = height * width;
  const each = Math.floor(dim / heads);
  const rows = build.permute('permute', build.reshape('flatten', input, [1, dim, places]), [0, 2, 1]);
  const projected = (part: string): ValueId =>
    build.permute(
      'heads',
      build.reshape('view', build.dense(`ma.${part}`, rows, fixed(dim)), [1, places, heads, each]),
      [0, 2, 1, 3],
    );
  const [query, key, value] = ['query', 'key', 'value'].map((part) => projected(part));
  if (query === undefined || key === undefined || value === undefined) throw new Misfit('attention has three parts');
  const scores = build.softmax(
    'ma.softmax',
    build.product('ma.scores', query, build.permute('ma.transpose', key, [0, 1, 3, 2])),
  );
  const mixed = build.reshape('view', build.permute('heads', build.product('ma.mix', scores, value), [0, 2, 1, 3]), [
    1,
    places,
    dim,
  ]);
  const first = build.layerNorm('norm1', build.add('add', rows, build.dense('ma.out_proj', mixed, fixed(dim))));
  const wide = build.activated('act', build.dense('fc1', first, middle), 'gelu');
  const second = build.layerNorm('norm2', build.add('add', first, build.dense('fc2', wide, fixed(dim))));
  return build.reshape('view', build.permute('permute', second, [0, 2, 1]), [1, dim, height, width]);
};

export const classify: Module = (call) => {
  const { build } = call;
  const classes = widthAt(call, 0, 1000);
  const input = call.inputs.length > 1 ? build.concat('cat', call.inputs) : inputOf(call);
  const wide = build.convolution('conv', input, fixed(1280), {
    kernel: numberAt(call, 1, 1),
    stride: numberAt(call, 2, 1),
  });
  const pooled = build.op(
    'pool',
    'AdaptiveAvgPool2d',
    { kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 },
    [wide],
  );
  const row = build.op('drop', 'Dropout', { kind: 'dropout', rate: 0 }, [build.reshape('flatten', pooled, [1, 1280])]);
  return build.dense('linear', row, classes);
};

type Branch = (name: string, input: ValueId) => ValueId;

/** What each level gives, as places side by side. */
function overLevels(call: RowCall, name: string, branch: Branch): ValueId {
  const { build, inputs } = call;
  const parts = inputs.map((input, level) => {
    const made = branch(`${name}.${String(level)}`, input);
    const [height, width] = build.spaceOf(made);
    return build.reshape(`${name}.view`, made, [1, build.channelsOf(made), height * width]);
  });
  return build.concat(`${name}.cat`, parts, 2);
}

/** Two convolutions and one that gives so many channels. */
const branchOf =
  (call: RowCall, hidden: number, out: number): Branch =>
  (name, input) => {
    const { build } = call;
    const first = build.convolution(`${name}.0`, input, fixed(hidden), { kernel: 3 });
    const second = build.convolution(`${name}.1`, first, fixed(hidden), { kernel: 3 });
    return build.plainConvolution(`${name}.2`, second, fixed(out));
  };

const lightBranchOf =
  (call: RowCall, hidden: number, out: number): Branch =>
  (name, input) => {
    const { build } = call;
    const own = fixed(build.channelsOf(input));
    const first = build.convolution(
      `${name}.0.1`,
      build.depthwise(`${name}.0.0`, input, own, { kernel: 3 }),
      fixed(hidden),
    );
    const second = build.convolution(
      `${name}.1.1`,
      build.depthwise(`${name}.1.0`, first, fixed(hidden), { kernel: 3 }),
      fixed(hidden),
    );
    return build.plainConvolution(`${name}.2`, second, fixed(out));
  };

interface HeadSettings {
  readonly classes: number;
  /** Branches beside boxes and classes: their names, and what they are. */
  readonly more?: readonly (readonly [name: string, branch: Branch])[];
  readonly isLight?: boolean;
  readonly isEndToEnd?: boolean;
  readonly regMax?: number;
}

/** Boxes and classes at each level; models without a last selection by overlap have every branch twice. */
function detection(call: RowCall, settings: HeadSettings): readonly ValueId[] {
  const { build, inputs, model } = call;
  const {
    classes,
    more = [],
    isLight = !model.isLegacy,
    isEndToEnd = model.isEndToEnd,
    regMax = model.regMax,
  } = settings;
  const [first] = inputs;
  if (first === undefined) throw new Misfit('the head takes no input');
  const narrow = build.channelsOf(first);
  const boxWidth = Math.max(16, Math.floor(narrow / 4), 4 * regMax);
  const classWidth = Math.max(narrow, Math.min(classes, 100));
  const boxes = branchOf(call, boxWidth, 4 * regMax);
  const scores = (isLight ? lightBranchOf : branchOf)(call, classWidth, classes);
  const branches = [['cv2', boxes] as const, ['cv3', scores] as const, ...more];
  const outputs = branches.map(([name, branch]) => overLevels(call, name, branch));
  const last = isEndToEnd ? branches.map(([name, branch]) => overLevels(call, `one2one_${name}`, branch)) : outputs;
  const [box, ...others] = last;
  if (box === undefined) return outputs;
  return [...(isEndToEnd ? outputs : []), regMax > 1 ? distribution(call, box, regMax) : box, ...others];
}

/** The mean of a distribution over distances, as a convolution with fixed weights. */
function distribution(call: RowCall, boxes: ValueId, regMax: number): ValueId {
  const { build } = call;
  const places = build.shapeOf(boxes)[2];
  if (typeof places !== 'number') throw new Misfit('the number of places is not known');
  const split = build.permute('dfl.transpose', build.reshape('dfl.view', boxes, [1, 4, regMax, places]), [0, 2, 1, 3]);
  const made = build.plainConvolution('dfl.conv', build.softmax('dfl.softmax', split, 1), fixed(1), { bias: false });
  return build.reshape('dfl.view', made, [1, 4, places]);
}

export const detect: Module = (call) => {
  if (call.anchors !== undefined) return anchored(call, call.anchors, numberAt(call, 0, 80) + 5);
  return detection(call, { classes: numberAt(call, 0, 80) });
};

/** YOLOv5's own head: of each anchor a box, whether there is one, and what it is, in one convolution a level. */
function anchored({ build, inputs }: RowCall, anchors: number, outputs: number): readonly ValueId[] {
  return inputs.map((input, i) => build.plainConvolution(`m.${String(i)}`, input, fixed(anchors * outputs)));
}

/** YOLOv5's own head for masks; it makes prototypes larger without weights. */
function anchoredSegment(call: RowCall, anchors: number): readonly ValueId[] {
  const { build } = call;
  const [classes, masks] = [numberAt(call, 0, 80), numberAt(call, 2, 32)];
  const hidden = fixed(8 * Math.ceil((numberAt(call, 3, 256) * call.model.widthFactor) / 8));
  const first = build.convolution('proto.cv1', inputOf(call), hidden, { kernel: 3 });
  const [height, width] = build.spaceOf(first);
  const larger = build.resize('proto.upsample', first, [2 * height, 2 * width]);
  const second = build.convolution('proto.cv2', larger, hidden, { kernel: 3 });
  return [build.convolution('proto.cv3', second, fixed(masks)), ...anchored(call, anchors, classes + 5 + masks)];
}

/** The older head without a last selection, whose branches are always light. */
export const v10Detect: Module = (call) =>
  detection(call, { classes: numberAt(call, 0, 80), isLight: true, isEndToEnd: true, regMax: 16 });

/** Prototypes of masks, from the finest level. */
function prototypes(call: RowCall, input: ValueId, hidden: number, masks: number): ValueId {
  const { build } = call;
  const first = build.convolution('proto.cv1', input, fixed(hidden), { kernel: 3 });
  const larger = build.transposed('proto.upsample', first, fixed(hidden), 2, 2, 0, true);
  const second = build.convolution('proto.cv2', larger, fixed(hidden), { kernel: 3 });
  return build.convolution('proto.cv3', second, fixed(masks));
}

/** The same from all levels, with a branch of classes that only training uses. */
function refinedPrototypes(call: RowCall, hidden: number, masks: number, classes: number): ValueId {
  const { build, inputs } = call;
  const [finest, ...coarser] = inputs;
  if (finest === undefined) throw new Misfit('the head takes no input');
  const own = build.channelsOf(finest);
  let feature = finest;
  for (const [i, input] of coarser.entries()) {
    const part = `proto.feat_refine.${String(i)}`;
    const refined = build.convolution(part, input, fixed(own));
    feature = build.add('proto.add', feature, build.resize('proto.resize', refined, build.spaceOf(finest)));
  }
  call.build.idle('proto.semseg', [
    [hidden, own, 3, 3],
    [hidden],
    [hidden],
    [hidden, hidden, 3, 3],
    [hidden],
    [hidden],
    [classes, hidden, 1, 1],
    [classes],
  ]);
  return prototypes(call, build.convolution('proto.feat_fuse', feature, fixed(hidden), { kernel: 3 }), hidden, masks);
}

export const segment =
  (isRefined: boolean): Module =>
  (call) => {
    if (call.anchors !== undefined && !isRefined) return anchoredSegment(call, call.anchors);
    const [classes, masks] = [numberAt(call, 0, 80), numberAt(call, 1, 32)];
    const { mostChannels, widthFactor } = call.model;
    const hidden = 8 * Math.ceil((Math.min(numberAt(call, 2, 256), mostChannels) * widthFactor) / 8);
    const input = inputOf(call);
    const width = Math.max(Math.floor(call.build.channelsOf(input) / 4), masks);
    const outputs = detection(call, { classes, more: [['cv4', branchOf(call, width, masks)]] });
    const masksOut = isRefined
      ? refinedPrototypes(call, hidden, masks, classes)
      : prototypes(call, input, hidden, masks);
    return [...outputs, masksOut];
  };

export const obb: Module = (call) => {
  const angles = numberAt(call, 1, 1);
  const width = Math.max(Math.floor(call.build.channelsOf(inputOf(call)) / 4), angles);
  return detection(call, { classes: numberAt(call, 0, 80), more: [['cv4', branchOf(call, width, angles)]] });
};

export const pose: Module = (call) => {
  const second = call.arguments[1];
  const listed =
    second?.kind === 'list' ? second.value.flatMap((each) => (each.kind === 'number' ? [each.value] : [])) : [];
  const [points = 17, values = 3] = listed.length === 2 ? listed : call.model.keypoints;
  const width = Math.max(Math.floor(call.build.channelsOf(inputOf(call)) / 4), points * values);
  return detection(call, { classes: numberAt(call, 0, 80), more: [['cv4', branchOf(call, width, points * values)]] });
};

export const semantic: Module = (call) => {
  const { build, inputs } = call;
  const [finest, second] = inputs;
  if (finest === undefined) throw new Misfit('the head takes no input');
  const classes = numberAt(call, 0, 19);
  const width = build.channelsOf(finest);
  if (second !== undefined)
    build.idle('aux_head', [
      [width, build.channelsOf(second), 3, 3],
      [width],
      [width],
      [classes, width, 1, 1],
      [classes],
    ]);
  const made = build.convolution('classifier.0', finest, fixed(width), { kernel: 3 });
  return build.plainConvolution('classifier.1', made, fixed(classes));
};

export const depth: Module = (call) => {
  const { build, inputs } = call;
  const width = numberAt(call, 0, 256);
  const features = inputs.map((input, level) => build.convolution(`proj.${String(level)}`, input, fixed(width)));
  let value = features.at(-1);
  if (value === undefined) throw new Misfit('the head takes no input');
  for (let level = features.length - 2; level >= 0; level--) {
    const feature = features[level];
    if (feature === undefined) break;
    const [height, columns] = build.spaceOf(value);
    const sum = build.add('add', build.resize('resize', value, [2 * height, 2 * columns], 'linear'), feature);
    const first = build.convolution(`refine.${String(level)}.0`, sum, fixed(width), { kernel: 3 });
    value = build.convolution(`refine.${String(level)}.1`, first, fixed(width), { kernel: 3 });
  }
  const [half, quarter] = [fixed(Math.floor(width / 2)), fixed(Math.floor(width / 4))];
  const first = build.convolution('head.0', value, half, { kernel: 3 });
  const larger = build.transposed('head.1', first, half, 2, 2, 0, true);
  const second = build.convolution('head.2', larger, quarter, { kernel: 3 });
  return build.plainConvolution('head.3', second, fixed(1));
};
