// Rules that a user declares in a word for kinds of ops, or for ops that are not understood (spec 9, custom handler by op type).

import type { Op } from '../../network/op.ts';
import type { ChannelLayout, LayoutBuilder } from '../layout-builder.ts';
import type { CustomRules } from './op-rule.ts';

/** `pass-through`: the output's channels are those of the first input, on the same axis; `whole`: neither's may go. */
export type DeclaredRule = 'pass-through' | 'whole';

/** Declared rules as the analysis applies them. */
export function declaredRules(declared: Readonly<Record<string, DeclaredRule>>): CustomRules {
  return Object.fromEntries(
    Object.entries(declared).map(([kind, rule]) => [kind, rule === 'whole' ? keptWhole : handedOn]),
  );
}

function handedOn(layouts: LayoutBuilder, op: Op): ChannelLayout | undefined {
  const layout = layouts.inputLayout(op);
  const [output] = op.outputs;
  if (layout === undefined || output === undefined) return undefined;
  if (layouts.sizeOn(output, layout.axis) === layout.atoms.length) return layout;
  layouts.block(layout, op, 'is said to hand channels on, but its output has another number of them');
  return undefined;
}

function keptWhole(layouts: LayoutBuilder, op: Op): undefined {
  for (const value of op.inputs) layouts.block(layouts.layoutOf(value), op, 'is said to need all of them');
}
