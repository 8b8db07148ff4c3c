// `morphnet engines`: the training engines of this machine, what they do a second, and how to get those that are missing.

import type { EngineReport } from '../protocol/engine-report.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';
import type { TrainingService } from '../experiments/run-service.ts';

export interface EnginesOptions {
  readonly threads?: string;
  readonly json?: boolean;
}

export async function enginesCommand(
  terminal: Terminal,
  training: TrainingService,
  options: EnginesOptions,
): Promise<void> {
  const threads = Number(options.threads ?? 0);
  if (!Number.isInteger(threads) || threads < 0)
    throw wrongArguments(`--threads takes a whole number, 0 for all cores but one, not "${options.threads ?? ''}".`);
  const report = await training.engines(threads);
  if (!report.ok) throw workFailed(report.error);
  if (options.json === true) {
    terminal.write(`${JSON.stringify(report.value, undefined, 2)}\n`);
    return;
  }
  terminal.write(`${formatReport(report.value).join('\n')}\n`);
}

function formatReport({ engines, auto }: EngineReport): readonly string[] {
  const columns = [
    { title: 'engine', align: 'left' },
    { title: 'version', align: 'left' },
    { title: 'device', align: 'left' },
    { title: 'threads', align: 'right' },
    { title: 'steps/s', align: 'right' },
  ] as const;
  const rows = engines.map((engine) =>
    engine.available
      ? [engine.name, engine.version, engine.device, String(engine.threads), engine.stepsPerSecond.toFixed(1)]
      : [engine.name, 'not available'],
  );
  const missing = engines.flatMap((engine) =>
    engine.available ? [] : ['', `${engine.name}: ${engine.reason}.`, engine.remedy],
  );
  const notes = engines.flatMap((engine) =>
    engine.available && engine.note !== undefined ? ['', `${engine.name}: ${engine.note}.`] : [],
  );
  const choice =
    auto === undefined ? [] : ['', `By this figure auto takes ${auto}; a run measures them on its own network.`];
  return [...textTable(columns, rows), ...choice, ...notes, ...missing];
}
