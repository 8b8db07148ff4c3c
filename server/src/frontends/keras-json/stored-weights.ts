// Whether the weights that TensorFlow.js keeps beside a topology are still those of its layers: their shapes stand in the manifest
// of the same file.

import type { Problem } from '../../common/problem.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import { elementCount } from '../../network/shape.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';

/** A finding that names the first weight that does not fit and the files that it stands in; undefined where all fit. */
export function misfittingWeights(root: ConfigValue | undefined, graph: NetworkGraph): Problem | undefined {
  const sizes = new Map(
    graph.ops.flatMap(({ parameters }) =>
      parameters.map(({ id, shape }) => [id.split('/').slice(-2).join('/'), elementCount(shape)] as const),
    ),
  );
  let first: { readonly weight: ConfigValue; readonly text: string; readonly files: string } | undefined;
  let count = 0;
  for (const group of itemsOf(valueAt(root, 'weightsManifest'))) {
    const files = itemsOf(valueAt(group, 'paths')).flatMap((path) => textOf(path) ?? []);
    for (const weight of itemsOf(valueAt(group, 'weights'))) {
      const name = textOf(valueAt(weight, 'name')) ?? '';
      const wanted = sizes.get(name.split('/').slice(-2).join('/'));
      const shape = itemsOf(valueAt(weight, 'shape')).flatMap((size) => numberOf(size) ?? []);
      if (wanted === undefined || wanted === shape.reduce((all, size) => all * size, 1)) continue;
      count++;
      first ??= {
        weight,
        text: `${name} is stored as ${shape.join('×')}, and its layer has ${String(wanted)} numbers there`,
        files: files.join(', '),
      };
    }
  }
  if (first === undefined) return undefined;
  const more = count === 1 ? '' : ` (and ${String(count - 1)} more)`;
  const message = `The weights in ${first.files} fit this topology no more: ${first.text}${more}. Train the model again, or write the widths back.`;
  return {
    code: 'weights-do-not-fit',
    severity: 'warning',
    message,
    span: valueAt(first.weight, 'name')?.span ?? first.weight.span,
  };
}
