// Which rule each op kind has. A kind without one of its own keeps its channels whole: nothing is tied silently.

import { assertUnreachable } from '../../common/assert.ts';
import { resolveAxis } from '../../network/dimensions.ts';
import type { Op } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';
import {
  channelShuffleRule,
  depthToSpaceRule,
  expandRule,
  padRule,
  permuteRule,
  reduceRule,
  sliceRule,
  softmaxRule,
  spaceToDepthRule,
} from './arrangement-rules.ts';
import { concatRule, elementwiseRule, matmulRule } from './elementwise-rules.ts';
import { inputOn, passThrough, type CustomRules } from './op-rule.ts';
import { reshapeRule } from './reshape-rule.ts';
import {
  batchNormRule,
  convolutionRule,
  denseRule,
  embeddingRule,
  groupNormRule,
  layerNormRule,
  transposedConvolutionRule,
} from './weighted-rules.ts';

/** Applies the rule of an op. Its outputs that get no layout are kept whole with a reason that names the op. */
export function applyRule(layouts: LayoutBuilder, op: Op, custom: CustomRules = {}): void {
  const { attributes } = op;
  const names = 'operation' in attributes ? [attributes.operation, attributes.kind] : [attributes.kind];
  const name = names.find((one) => Object.hasOwn(custom, one));
  const own = name === undefined ? undefined : custom[name];
  const layout = own === undefined ? outputLayout(layouts, op) : own(layouts, op);
  for (const [index, value] of op.outputs.entries()) {
    if (index === 0 && layout !== undefined) layouts.set(value, layout);
    else if (
      op.attributes.kind !== 'constant' &&
      layouts.layoutOf(value) === undefined &&
      !isLateConstant(layouts, op)
    ) {
      layouts.whole(value, { kind: 'blocked', reason: wholeReason(op), op: op.id });
    }
  }
}

/** A constant that only changes its shape gets its channels, as constants do, from what it is combined with. */
function isLateConstant(layouts: LayoutBuilder, op: Op): boolean {
  const { kind } = op.attributes;
  return (kind === 'expand' || kind === 'identity' || kind === 'dropout') && layouts.inputLayout(op) === undefined;
}

function wholeReason(op: Op): string {
  if (op.attributes.kind === 'opaque') return `${op.name} (${op.label}) is not understood: ${op.attributes.reason}`;
  return `${op.name} (${op.label}) gives channels that cannot be told from its input's`;
}

function outputLayout(layouts: LayoutBuilder, op: Op): ChannelLayout | undefined {
  const { attributes } = op;
  switch (attributes.kind) {
    case 'input':
    case 'constant':
      return undefined;
    case 'convolution':
      return convolutionRule(layouts, op, attributes);
    case 'transposed-convolution':
      return transposedConvolutionRule(layouts, op, attributes);
    case 'dense':
      return denseRule(layouts, op, attributes);
    case 'embedding':
      return embeddingRule(layouts, op, attributes);
    case 'batch-norm':
      return batchNormRule(layouts, op, attributes);
    case 'group-norm':
      return groupNormRule(layouts, op, attributes);
    case 'layer-norm':
      return layerNormRule(layouts, op, attributes);
    case 'local-response-norm':
    case 'activation':
    case 'dropout':
    case 'identity':
      return passThrough(layouts, op);
    case 'pool':
    case 'adaptive-pool':
    case 'resize':
      return inputOn(layouts, op, resolveAxis(attributes.channelAxis, layouts.shapeOf(op.inputs[0] ?? 0).length));
    case 'reduce':
      return reduceRule(layouts, op, attributes);
    case 'elementwise':
      return elementwiseRule(layouts, op, attributes);
    case 'concat':
      return concatRule(layouts, op, attributes);
    case 'slice':
      return sliceRule(layouts, op, attributes);
    case 'reshape':
      return reshapeRule(layouts, op, attributes);
    case 'permute':
      return permuteRule(layouts, op, attributes);
    case 'expand':
      return expandRule(layouts, op, attributes);
    case 'pad':
      return padRule(layouts, op, attributes);
    case 'matmul':
      return matmulRule(layouts, op, attributes);
    case 'softmax':
      return softmaxRule(layouts, op, attributes);
    case 'channel-shuffle':
      return channelShuffleRule(layouts, op, attributes);
    case 'depth-to-space':
      return depthToSpaceRule(layouts, op, attributes);
    case 'space-to-depth':
      return spaceToDepthRule(layouts, op, attributes);
    case 'rearrange':
    case 'opaque':
      for (const value of op.inputs) layouts.block(layouts.layoutOf(value), op, unknownUse(op));
      return undefined;
    default:
      return assertUnreachable(attributes);
  }
}

function unknownUse(op: Op): string {
  if (op.attributes.kind === 'opaque') return `is not understood: ${op.attributes.reason}`;
  return 'moves elements about in a way that is not followed';
}
