// A model's network as a drawing has it: boxes, and links along which tensors flow. What only follows a layer, such as its
// normalization and its activation, stands in the layer's box.

import type { SourceSpan } from '../common/source-span.ts';
import { opOf, valueOf, type NetworkGraph } from '../network/network-graph.ts';
import { keepsChannels, multiplies } from '../network/op-traits.ts';
import type { Op } from '../network/op.ts';
import type { AnalysisSession } from './analysis-session.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { isCosted } from './cost-table.ts';
import { imageShapeText } from './cost-text.ts';
import { outputShape } from './inlay-hints.ts';

export interface GraphBox {
  /** The name of its first op. */
  readonly name: string;
  /** What its ops are, in order: `Conv2d · BatchNorm2d · ReLU`. */
  readonly label: string;
  /** Of one image, as its last op gives it. */
  readonly shape: string;
  /** Which rows of the table of costs are its own. */
  readonly rows: readonly number[];
  /** Where its ops stand in the text as it is now, each place once. */
  readonly spans: readonly SourceSpan[];
}

export interface CostGraph {
  readonly boxes: readonly GraphBox[];
  /** Places in `boxes`, each pair once. */
  readonly links: readonly { readonly from: number; readonly to: number }[];
}

export function costGraph(session: AnalysisSession, model: AnalyzedModel, settings: AnalysisSettings): CostGraph {
  const { graph } = model;
  const report = session.costs(graph, settings);
  const rowOf = new Map<number, number>();
  for (const op of graph.ops) if (isCosted(op, report.ops[op.id])) rowOf.set(op.id, rowOf.size);
  const { members, boxOf } = boxesOf(graph);
  const boxes = members.map((ops): GraphBox => {
    const places = ops.flatMap(({ site }) => (site === undefined ? [] : (model.place(site.span) ?? [])));
    return {
      name: ops[0]?.name ?? '',
      label: ops.map(({ label }) => label).join(' · '),
      shape: imageShapeText(outputShape(graph, ops[ops.length - 1] ?? opOf(graph, 0))),
      rows: ops.flatMap(({ id }) => rowOf.get(id) ?? []),
      spans: [...new Map(places.map((span) => [`${span.document}:${String(span.start)}`, span])).values()],
    };
  });
  const links = new Map<string, { readonly from: number; readonly to: number }>();
  for (const { producer, consumers } of graph.values)
    for (const consumer of consumers) {
      const [from, to] = [boxOf[producer] ?? 0, boxOf[consumer] ?? 0];
      if (from !== to) links.set(`${String(from)} ${String(to)}`, { from, to });
    }
  return { boxes, links: [...links.values()] };
}

/** The ops of each box, and the box of each op. */
function boxesOf(graph: NetworkGraph): { readonly members: readonly Op[][]; readonly boxOf: readonly number[] } {
  const members: Op[][] = [];
  const boxOf: number[] = [];
  for (const op of graph.ops) {
    const before = followed(graph, op);
    const box = before === undefined ? undefined : boxOf[before.id];
    if (box === undefined) members.push([op]);
    else members[box]?.push(op);
    boxOf[op.id] = box ?? members.length - 1;
  }
  return { members, boxOf };
}

/** The op in whose box this one stands: it does something to each number of one tensor, which nothing else reads. */
function followed(graph: NetworkGraph, op: Op): Op | undefined {
  const [input, ...others] = op.inputs;
  if (input === undefined || others.length > 0 || multiplies(op.attributes) || !keepsChannels(op.attributes))
    return undefined;
  const { producer, consumers, shape } = valueOf(graph, input);
  const before = opOf(graph, producer);
  if (consumers.length !== 1 || graph.outputs.includes(input) || before.attributes.kind === 'input') return undefined;
  const given = outputShape(graph, op);
  return given.length === shape.length && given.every((size, axis) => size === shape[axis]) ? before : undefined;
}
