// Ops whose weights mix channels (convolutions, dense layers) and ops that act on each channel by itself with weights
// (normalisations). Depthwise convolutions belong to the second kind: they hand channels on.

import { resolveAxis } from '../../network/dimensions.ts';
import type { Op } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';
import { inputOn, outputOf, passThrough, type OpRule } from './op-rule.ts';

/** Ties channel j of each group to channel j of every other group, so that groups stay equally wide. */
function tieAcrossGroups(layouts: LayoutBuilder, layout: ChannelLayout, groups: number): void {
  const share = layout.atoms.length / groups;
  for (const [index, atom] of layout.atoms.entries()) {
    if (index >= share) layouts.atoms.tie(layout.atoms[index % share] ?? atom, atom);
  }
}

function convolved(
  layouts: LayoutBuilder,
  op: Op,
  attributes: {
    readonly inChannels: number;
    readonly outChannels: number;
    readonly groups: number;
    readonly channelAxis: number;
  },
): ChannelLayout | undefined {
  const { inChannels, outChannels, groups } = attributes;
  const output = outputOf(op);
  const axis = resolveAxis(attributes.channelAxis, layouts.shapeOf(output).length);
  if (axis === undefined) return undefined;
  const input = inputOn(layouts, op, axis);
  if (groups > 1 && groups === inChannels) {
    if (input === undefined) return undefined;
    const multiplier = outChannels / inChannels;
    const atoms = Int32Array.from({ length: outChannels }, (_, k) => input.atoms[Math.floor(k / multiplier)] ?? 0);
    return { axis, atoms };
  }
  if (groups === 1 || layouts.mode === 'reference') return layouts.fresh(output, axis);
  if (input !== undefined) tieAcrossGroups(layouts, input, groups);
  // The same atoms for each group, so that what regroups channels sees that they go together.
  const share = layouts.atoms.fresh(outChannels / groups);
  return { axis, atoms: Int32Array.from({ length: outChannels }, (_, k) => share[k % share.length] ?? 0) };
}

export const convolutionRule: OpRule<'convolution'> = (layouts, op, attributes) => convolved(layouts, op, attributes);
export const transposedConvolutionRule: OpRule<'transposed-convolution'> = (layouts, op, attributes) =>
  convolved(layouts, op, attributes);

export const denseRule: OpRule<'dense'> = (layouts, op) => {
  const output = outputOf(op);
  const axis = layouts.shapeOf(output).length - 1;
  inputOn(layouts, op, axis);
  return layouts.fresh(output, axis);
};

export const embeddingRule: OpRule<'embedding'> = (layouts, op) => {
  const output = outputOf(op);
  return layouts.fresh(output, layouts.shapeOf(output).length - 1);
};

export const batchNormRule: OpRule<'batch-norm'> = (layouts, op, attributes) =>
  inputOn(layouts, op, resolveAxis(attributes.channelAxis, layouts.shapeOf(outputOf(op)).length));

/** With one group a channel each layer is an instance norm and hands channels on; fewer groups must stay equally wide. */
export const groupNormRule: OpRule<'group-norm'> = (layouts, op, attributes) => {
  const { groups, channels, channelAxis } = attributes;
  const input = inputOn(layouts, op, resolveAxis(channelAxis, layouts.shapeOf(outputOf(op)).length));
  if (input !== undefined && groups > 1 && groups < channels && layouts.mode === 'exact') {
    tieAcrossGroups(layouts, input, groups);
  }
  return input;
};

export const layerNormRule: OpRule<'layer-norm'> = passThrough;
