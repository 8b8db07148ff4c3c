// What the Python frontend made of a text, drawn beside it: layers where they stand, problems, and parts it could not follow.

import { macsOf, parameterElements, isTrained } from '../../server/src/costs/op-cost.ts';
import { formatCount } from '../../server/src/common/number-format.ts';
import { sumCounts } from '../../server/src/common/count.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { Op } from '../../server/src/network/op.ts';
import { formatShape } from '../../server/src/network/shape.ts';
import type { Annotation } from './annotated-source.ts';
import { mainDocument, type PythonReading } from './python-model.ts';

/** `conv1 Conv2d 1×8×4×4 · 224 · 3.46 k`: name, label, shape, and parameters and MACs where it has any. */
export function layerLabel(graph: NetworkGraph, op: Op): string {
  const shapes = op.outputs.map((id) => formatShape(graph.values[id]?.shape ?? []));
  const params = sumCounts(op.parameters.filter(isTrained).map(parameterElements));
  const shapesOf = (ids: readonly number[]) => ids.map((id) => graph.values[id]?.shape ?? []);
  const macs = macsOf(op.attributes, shapesOf(op.inputs), shapesOf(op.outputs));
  const amounts = [params, macs].filter((count) => count.kind !== 'exact' || count.value > 0);
  return [
    `${op.name} ${op.label} ${shapes.join(', ')}`,
    ...amounts.map((count) => formatCount(count, count === macs ? 'MACs' : 'params')),
  ].join(' · ');
}

/** Every op but inputs and constants, every idle layer, problem and unknown part that stands in the main file. */
export function annotationsOf(
  { graph, problems }: PythonReading,
  label: (graph: NetworkGraph, op: Op) => string,
): readonly Annotation[] {
  const found: Annotation[] = [];
  const add = (span: { document: string; start: number; end: number } | undefined, text: string): void => {
    if (span?.document === mainDocument) found.push({ start: span.start, end: span.end, label: text });
  };
  for (const op of graph?.ops ?? [])
    if (op.attributes.kind !== 'input' && op.attributes.kind !== 'constant') add(op.site!.span, label(graph!, op));
  for (const { name, label: type, site } of graph?.idle ?? []) add(site.span, `${name} ${type} is idle`);
  for (const { code, message, span } of problems) add(span, `${code}: ${message}`);
  for (const { reason, span } of graph?.unknowns ?? []) add(span, `at least: ${reason}`);
  return found;
}
