// Layers that are called several times, and weights that several layers share: all calls have one width (spec 4.8).

import { valueOf } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { LayoutBuilder } from './layout-builder.ts';

/** Which atoms stand along an axis of a parameter. */
interface ParameterAxis {
  readonly axis: number;
  readonly atoms: Int32Array;
}

/** Ties the channels of all ops that share a parameter, axis by axis. */
export function tieSharedParameters(layouts: LayoutBuilder, inScope: readonly boolean[]): void {
  const known = new Map<string, Int32Array>();
  for (const op of layouts.graph.ops) {
    if (inScope[op.id] !== true) continue;
    for (const parameter of op.parameters) {
      for (const { axis, atoms } of parameterAxes(layouts, op, parameter.role, parameter.shape.length)) {
        if (parameter.shape[axis] !== atoms.length) continue;
        const key = `${String(axis)} ${parameter.id}`;
        const first = known.get(key);
        if (first === undefined) known.set(key, atoms);
        else layouts.atoms.tieAll(first, atoms);
      }
    }
  }
}

function parameterAxes(layouts: LayoutBuilder, op: Op, role: string, rank: number): readonly ParameterAxis[] {
  const [inValue] = op.inputs;
  const [outValue] = op.outputs;
  const input = inValue === undefined ? undefined : layouts.layoutOf(inValue);
  const output = outValue === undefined ? undefined : layouts.layoutOf(outValue);
  const along = (axis: number, atoms: Int32Array | undefined): readonly ParameterAxis[] =>
    atoms === undefined ? [] : [{ axis, atoms }];
  switch (op.attributes.kind) {
    case 'convolution':
    case 'transposed-convolution': {
      const { groups, inChannels, outChannels } = op.attributes;
      if (role !== 'weight') return along(0, output?.atoms);
      const isTransposed = op.attributes.kind === 'transposed-convolution';
      // A grouped weight has one group's share on its second axis; the groups' channels are tied to one another.
      const share = (isTransposed ? outChannels : inChannels) / groups;
      const [first, second] = isTransposed ? [input, output] : [output, input];
      return groups > 1 && groups === inChannels
        ? along(0, first?.atoms)
        : [...along(0, first?.atoms), ...along(1, second?.atoms.subarray(0, share))];
    }
    case 'dense': {
      if (role !== 'weight') return along(0, output?.atoms);
      const isOnFeatures =
        input !== undefined && inValue !== undefined && input.axis === valueOf(layouts.graph, inValue).shape.length - 1;
      return [...along(0, output?.atoms), ...along(1, isOnFeatures ? input.atoms : undefined)];
    }
    case 'embedding':
      return along(1, output?.atoms);
    case 'constant':
      return output === undefined ? [] : along(output.axis, output.atoms);
    default:
      return rank === 1 ? along(0, output?.atoms) : [];
  }
}
