// How the public counters count: one rule each, from an op to its number, with where the rule stands in the counter's source.
// A counter's faults are part of its rule. Held against the counters themselves by `npm run check:conventions`.

import { scaleCount, sumCounts, type Count } from '../common/count.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import { CountedOp, nothing, type Rule } from './counted-op.ts';
import { flopsPerMac } from './counting-convention.ts';
import { deepspeed, ptflopsModules } from './patching-counters.ts';
import { countRecurrent, isRecurrent } from './recurrent-calls.ts';
import { tensorFlowProfiler } from './tensorflow-profiler.ts';

/** The names, as `--convention` takes them. */
export const namedConventions = [
  'macs',
  'flops',
  'morphnet',
  'fvcore',
  'torch',
  'torchvision',
  'thop',
  'ultralytics',
  'torchinfo',
  'ptflops',
  'ptflops-pytorch',
  'deepspeed',
  'keras',
  'darknet',
] as const;
export type NamedConvention = (typeof namedConventions)[number];

/** What a counter calls its figure. */
export function unitOfConvention(convention: NamedConvention): 'MACs' | 'FLOPs' {
  switch (convention) {
    case 'macs':
    case 'thop':
    case 'torchinfo':
    case 'ptflops':
    case 'ptflops-pytorch':
    case 'torchvision':
      return 'MACs';
    case 'flops':
    case 'morphnet':
    case 'fvcore':
    case 'torch':
    case 'deepspeed':
    case 'keras':
    case 'darknet':
    case 'ultralytics':
      return 'FLOPs';
  }
}

const twice: Rule = ({ macs }) => scaleCount(macs, flopsPerMac);

/** An LSTM is one call for PyTorch on a CPU, into which its dispatcher does not see. */
const unlessFused =
  (rule: Rule): Rule =>
  (counted) =>
    /^LSTM(Cell)?$/.test(counted.op.label) ? nothing : rule(counted);

/** The method's: products of activations cost nothing (spec 3.3). */
const morphnet: Rule = (counted) => (counted.op.attributes.kind === 'matmul' ? nothing : twice(counted));

/** fvcore/nn/flop_count.py and jit_handles.py: a multiply-add is one FLOP; one call of attention is not seen. */
const fvcore: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  // It traces a recurrent layer as one operation, for which it has no formula.
  if (isRecurrent(counted)) return nothing;
  switch (op.attributes.kind) {
    case 'matmul':
      return isPartOfCall ? nothing : macs;
    case 'batch-norm':
      return counted.read(counted.has('scale') ? 2 : 1);
    case 'layer-norm':
    case 'group-norm':
      return counted.read(counted.has('scale') ? 5 : 4);
    case 'adaptive-pool':
      return op.attributes.mode === 'average' && op.attributes.outputSize.length === 2 ? counted.read() : nothing;
    case 'resize':
      if (op.attributes.outputSize.length !== 2) return nothing;
      return op.attributes.mode === 'nearest'
        ? counted.written()
        : op.attributes.mode === 'linear'
          ? counted.written(4)
          : nothing;
    default:
      return macs;
  }
};

const convolutions = ['Conv1d', 'Conv2d', 'Conv3d'];
const transposedConvolutions = ['ConvTranspose1d', 'ConvTranspose2d', 'ConvTranspose3d'];
const batchNorms = ['BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d', 'SyncBatchNorm'];

/**
 * thop 0.1.1, vision/basic_hooks.py: modules only, never functions. A transposed convolution counts by its output's size, which
 * is stride² too much.
 */
const thop: Rule = (counted) => {
  const { op, macs } = counted;
  // rnn_hooks.py: one for each number that a gate gives, and four a step for the states of LSTM and GRU.
  if (isRecurrent(counted)) return countRecurrent(counted, 1, { 4: 8, 3: 7, 1: 1 });
  const { attributes } = op;
  switch (attributes.kind) {
    case 'convolution':
      return counted.isCalledAs(...convolutions) ? macs : nothing;
    case 'transposed-convolution':
      return counted.isCalledAs(...transposedConvolutions)
        ? counted.written(
            attributes.kernel.reduce((left, right) => left * right, attributes.inChannels / attributes.groups),
          )
        : nothing;
    case 'dense':
      return counted.isCalledAs('Linear') ? macs : nothing;
    case 'batch-norm':
    case 'layer-norm':
      return counted.isCalledAs(...batchNorms, 'LayerNorm') ? counted.read(counted.has('scale') ? 4 : 2) : nothing;
    case 'softmax': {
      if (!counted.isCalledAs('Softmax')) return nothing;
      const features = counted.size(attributes.axis);
      return counted.read((3 * features - 1) / features);
    }
    case 'activation':
      return counted.isCalledAs('PReLU') ? counted.read() : nothing;
    case 'pool':
      return counted.isCalledAs('AvgPool1d', 'AvgPool2d', 'AvgPool3d') ? counted.written() : nothing;
    case 'adaptive-pool':
      return counted.isCalledAs('AdaptiveAvgPool1d', 'AdaptiveAvgPool2d', 'AdaptiveAvgPool3d')
        ? counted.written(counted.window + 1)
        : nothing;
    case 'resize': {
      if (!counted.isCalledAs('Upsample', 'UpsamplingBilinear2d', 'UpsamplingNearest2d')) return nothing;
      const factor = { nearest: 1, linear: 11, cubic: 259, area: 0 }[attributes.mode];
      return counted.written(factor);
    }
    case 'opaque':
      return macs;
    default:
      return nothing;
  }
};

/**
 * torchinfo 1.8, layer_info.py: parameters of modules times the places of a convolution; every other module's parameters count
 * once an image, whatever number of tokens a dense layer is applied to. Parameters that a module of one's own hands to functions
 * count there, and are left out here.
 */
const torchinfo: Rule = (counted) => {
  const { op, params, macs } = counted;
  const { attributes } = op;
  if (attributes.kind === 'opaque') return macs;
  const isModule = /^[A-Z]\w*$/.test(op.label) && op.label !== 'Parameter';
  if (!isModule || op.parameters.length === 0) return nothing;
  const isOverPlaces = attributes.kind === 'convolution' || attributes.kind === 'transposed-convolution';
  const width = isOverPlaces
    ? attributes.outChannels
    : attributes.kind === 'dense' && isRecurrent(counted)
      ? attributes.outFeatures
      : undefined;
  if (width === undefined) return params;
  const places = counted.places(width);
  if (places.kind !== 'exact') return places;
  return scaleCount(params, places.value);
};

/** ptflops 0.7.5 with its ATen back end, aten_ops.py: products with their biases; one call of attention is not seen. */
const ptflops: Rule = (counted) => {
  const { op, macs, isPartOfCall } = counted;
  switch (op.attributes.kind) {
    case 'convolution':
    case 'transposed-convolution':
    case 'dense':
      return counted.has('bias') ? sumCounts([macs, counted.written()]) : macs;
    case 'matmul':
      return isPartOfCall ? nothing : macs;
    default:
      return macs;
  }
};

/** darknet, convolutional_layer.c: what it prints a layer as BFLOPs, which are of convolutions only. */
const darknet: Rule = (counted) =>
  counted.op.attributes.kind === 'convolution'
    ? twice(counted)
    : counted.op.attributes.kind === 'opaque'
      ? counted.macs
      : nothing;

const rules: Readonly<Record<NamedConvention, Rule>> = {
  macs: ({ macs }) => macs,
  flops: twice,
  morphnet,
  fvcore,
  // torch/utils/flop_counter.py: two for each multiply-add of convolutions, products and attention (which it overlooks where
  // PyTorch takes its fused kernel for CPUs).
  torch: unlessFused(twice),
  // What torchvision publishes with its weights as GFLOPS: half of torch's counter.
  torchvision: unlessFused(({ macs }) => macs),
  thop,
  // ultralytics/utils/torch_utils.py, get_flops: twice what thop counts.
  ultralytics: (counted) => scaleCount(thop(counted), flopsPerMac),
  torchinfo,
  ptflops: unlessFused(ptflops),
  'ptflops-pytorch': ptflopsModules,
  deepspeed,
  keras: tensorFlowProfiler,
  darknet,
};

export interface ConventionReport {
  readonly convention: NamedConvention;
  /** By op id. */
  readonly ops: readonly Count[];
  readonly total: Count;
  /** What differs from MACs by kind of op, the largest first; amounts of the convention's unit less the MACs. */
  readonly differences: readonly { readonly kind: string; readonly amount: number }[];
}

/** Counts a network as a counter does. */
export function countAs(graph: NetworkGraph, convention: NamedConvention): ConventionReport {
  const calls = partsOfCalls(graph);
  const differences = new Map<string, number>();
  const ops = graph.ops.map((op) => {
    const counted = new CountedOp(graph, op, calls.has(op.id));
    const count = rules[convention](counted);
    if (count.kind === 'exact' && counted.macs.kind === 'exact' && count.value !== counted.macs.value) {
      const { kind } = op.attributes;
      differences.set(kind, (differences.get(kind) ?? 0) + count.value - counted.macs.value);
    }
    return count;
  });
  const missing = graph.unknowns.map(({ reason }): Count => ({ kind: 'unknown', reason }));
  return {
    convention,
    ops,
    total: sumCounts([...ops, ...missing]),
    differences: [...differences]
      .map(([kind, amount]) => ({ kind, amount }))
      .sort((left, right) => Math.abs(right.amount) - Math.abs(left.amount)),
  };
}

/** Products that share their place in the source with a softmax, and that: one call computes them. */
function partsOfCalls(graph: NetworkGraph): ReadonlySet<number> {
  // Ops that no text makes share no place.
  const place = ({ id, site }: Op): string =>
    site === undefined ? String(id) : `${site.span.document}:${String(site.span.start)}-${String(site.span.end)}`;
  const softmaxes = new Set(graph.ops.filter(({ attributes }) => attributes.kind === 'softmax').map(place));
  const products = graph.ops.filter((op) => op.attributes.kind === 'matmul' && softmaxes.has(place(op)));
  const called = new Set(products.map(place));
  return new Set([
    ...products.map(({ id }) => id),
    ...graph.ops.filter((op) => op.attributes.kind === 'softmax' && called.has(place(op))).map(({ id }) => id),
  ]);
}
