// `morphnet graph`: the network as it was read, an op a line, for reports of bugs and for looking at what analysis sees.

import { valueOf } from '../network/network-graph.ts';
import { formatShape } from '../network/shape.ts';
import { parseInputArgument, parseModelArgument } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface GraphOptions {
  readonly input?: string;
  readonly json?: boolean;
}

export async function graphCommand(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  options: GraphOptions,
): Promise<void> {
  const file = parseModelArgument(argument, terminal.folder);
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const { graph } = (await openModel(terminal, openSession, file, input)).model;
  if (options.json === true) {
    terminal.write(`${JSON.stringify(graph, undefined, 2)}\n`);
    return;
  }
  const nameOf = (value: number): string => graph.ops[valueOf(graph, value).producer]?.name ?? '?';
  const rows = graph.ops.map((op) => [
    op.name,
    op.attributes.kind,
    op.inputs.map(nameOf).join(', '),
    op.outputs.map((value) => formatShape(valueOf(graph, value).shape)).join(', '),
  ]);
  const columns = ['op', 'kind', 'inputs', 'outputs'].map((title) => ({ title, align: 'left' as const }));
  terminal.write(`${textTable(columns, rows).join('\n')}\n`);
}
