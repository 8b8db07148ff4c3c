// `morphnet entries`: the models that a file holds, best first, as they can be written after `::`.

import { formatShape } from '../network/shape.ts';
import { parseModelArgument } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface EntriesOptions {
  readonly json?: boolean;
}

export async function entriesCommand(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  options: EntriesOptions,
): Promise<void> {
  const file = parseModelArgument(argument, terminal.folder);
  const { session } = await openModel(terminal, openSession, file, undefined);
  const entries = session.analyze(file.document).models.map(({ entry: { name, from, input } }) => ({
    name,
    from,
    input: { shapes: input.shapes, from: input.from },
  }));
  if (options.json === true) {
    terminal.write(`${JSON.stringify(entries, undefined, 2)}\n`);
    return;
  }
  const columns = ['entry', 'found in', 'input', 'from'].map((title) => ({ title, align: 'left' as const }));
  const rows = entries.map(({ name, from, input }) => [
    name,
    from,
    input.shapes.map(formatShape).join(', '),
    input.from,
  ]);
  terminal.write(`${textTable(columns, rows).join('\n')}\n`);
}
