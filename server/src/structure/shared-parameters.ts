// Layers that are called several times, and weights that several layers share: all calls have one width (spec 4.8).

import { valueOf } from '../network/network-graph.ts';
import { channelAxisOf, hasOwnWidth, isWeighted, parameterAxesOf } from '../network/op-traits.ts';
import type { Op, Parameter } from '../network/op.ts';
import type { LayoutBuilder } from './layout-builder.ts';

/** Which atoms stand along an axis of a parameter. */
interface AtomsOnAxis {
  readonly axis: number;
  readonly atoms: Int32Array;
}

/** Ties the channels of all ops that share a parameter, axis by axis. */
export function tieSharedParameters(layouts: LayoutBuilder, inScope: readonly boolean[]): void {
  const known = new Map<string, Int32Array>();
  for (const op of layouts.graph.ops) {
    if (inScope[op.id] !== true) continue;
    for (const parameter of op.parameters) {
      for (const { axis, atoms } of atomsAlong(layouts, op, parameter)) {
        if (parameter.shape[axis] !== atoms.length) continue;
        const key = `${String(axis)} ${parameter.id}`;
        const first = known.get(key);
        if (first === undefined) known.set(key, atoms);
        else layouts.atoms.tieAll(first, atoms);
      }
    }
  }
}

function atomsAlong(layouts: LayoutBuilder, op: Op, parameter: Parameter): readonly AtomsOnAxis[] {
  const [inValue] = op.inputs;
  const [outValue] = op.outputs;
  const output = outValue === undefined ? undefined : layouts.layoutOf(outValue);
  // A free tensor's channels stand where those of its value do.
  if (op.attributes.kind === 'constant') return output === undefined ? [] : [output];
  const inShape = inValue === undefined ? [] : valueOf(layouts.graph, inValue).shape;
  const read = inValue === undefined ? undefined : layouts.layoutOf(inValue);
  const input = read?.axis === channelAxisOf(op, inShape.length) ? read : undefined;
  const isDepthwise = hasOwnWidth(op) && !isWeighted(op);
  return parameterAxesOf(op, parameter).flatMap(({ axis, end, groups }): readonly AtomsOnAxis[] => {
    const layout = end === 'in' ? input : output;
    // A depthwise weight has one group's single channel on its second axis, which says nothing of the others.
    if (layout === undefined || (isDepthwise && groups > 1)) return [];
    // A grouped weight has one group's share there; the groups' channels are tied to one another.
    return [{ axis, atoms: layout.atoms.subarray(0, layout.atoms.length / groups) }];
  });
}
