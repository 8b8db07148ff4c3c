// What the libraries have compiled and no text shows: torchvision's operators on boxes, and PyTorch's own core.

import type { Dimension } from '../../../../network/shape.ts';
import { bool, builtin, none, pyFalse } from '../../evaluator/values.ts';
import { without } from '../../standard-library/module-table.ts';
import { asBuiltins, type Table } from './library-table.ts';
import { emitOn, fn, giveUp, unknownCount, type TracedCall, type TracedFunction } from '../../tracing/traced-call.ts';
import type { PyValue } from '../../evaluator/machine.ts';

/** `nms`: which boxes are kept, by their scores; their number is known to nobody who has not seen the image. */
function suppression(call: TracedCall): PyValue {
  const shape = [unknownCount('How many boxes overlap', call.span)];
  return emitOn(call, call.args.tensor('dets'), { kind: 'rearrange', operation: 'nms', shape }, undefined, 'int');
}

/** Pooling of regions of a feature map: one output of a fixed size for each region. */
function regionPool(call: TracedCall): PyValue {
  const [input, regions] = [call.args.tensor('input'), call.args.tensor('rois')];
  const [height, width] = [call.args.integer('pooled_height'), call.args.integer('pooled_width')];
  if (!input || !regions || height === undefined || width === undefined)
    return giveUp(call, 'The regions that are pooled are not known');
  const [count = 0]: readonly Dimension[] = regions.shape;
  const shape = [count, input.shape[1] ?? 1, height, width];
  const inputs = regions.id === undefined ? [input] : [input, regions];
  const attributes = { kind: 'rearrange', operation: call.label, shape } as const;
  return call.network.emit(call.machine, { label: call.label, attributes, inputs, span: call.span });
}

const operators: Readonly<Record<string, TracedFunction>> = {
  nms: fn('dets scores iou_threshold', suppression),
  roi_align: fn('input rois spatial_scale pooled_height pooled_width sampling_ratio=-1 aligned=False', regionPool),
};

/** Tables of modules by dotted name. */
export const compiledTables: Readonly<Record<string, Table>> = {
  'torch.ops': () => [['load_library', without('load_library')]],
  'torch.ops.torchvision': ({ network }) => asBuiltins(network, 'torch.ops.torchvision.', operators),
  // It loads the operators from a compiled file.
  'torchvision.extension': () => [
    ['_has_ops', builtin('_has_ops', () => bool(true))],
    ['_assert_has_ops', without('_assert_has_ops')],
  ],
  'torch._C': () => [
    ['_get_tracing_state', builtin('_get_tracing_state', () => none)],
    ['_log_api_usage_once', without('_log_api_usage_once')],
    ['_is_tracing', builtin('_is_tracing', () => pyFalse)],
  ],
};
