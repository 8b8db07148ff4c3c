// `morphnet measure`: times a model on this machine, layer by layer and as a whole, beside what is predicted.

import type { AnalysisSettings } from '../analysis/analysis-settings.ts';
import { costReport } from '../analysis/cost-report.ts';
import { formatMilliseconds } from '../common/number-format.ts';
import { defaultSettings } from '../protocol/settings.ts';
import { parseInputArgument, parseModelArgument, shownDocument } from './model-argument.ts';
import type { MeasuringService } from '../experiments/measuring-service.ts';
import { measured, measuringOptions } from './measured.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { measuredMachine, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface MeasureOptions {
  readonly input?: string;
  readonly threads?: string;
  readonly batch?: string;
  readonly json?: boolean;
}

export async function measureCommand(
  terminal: Terminal,
  openSession: OpenSession,
  measuring: MeasuringService,
  argument: string,
  options: MeasureOptions,
): Promise<void> {
  const file = parseModelArgument(argument, terminal.folder);
  const wanted = measuringOptions(options);
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const settings: AnalysisSettings = {
    ...defaultSettings,
    batch: wanted.batch,
    ...measuredMachine(terminal),
  };
  const { session, model } = await openModel(terminal, openSession, file, input);
  const report = costReport(session, model, settings, (document) => shownDocument(document, terminal.folder), 'macs');
  const times = await measured(terminal, 'the model', (onProgress) => measuring.model(model.graph, wanted, onProgress));
  const predicted = new Map(report.layers.map(({ name, latencyMs }) => [name, latencyMs]));
  if (options.json === true) {
    const layers = times.layers.map((layer) => ({ ...layer, predictedMs: predicted.get(layer.name) ?? null }));
    const whole = { ...times, predictedMs: report.totals.latencyMs.value, device: report.device, layers };
    terminal.write(`${JSON.stringify(whole, undefined, 2)}\n`);
    return;
  }
  const shown = (value: number | null | undefined): string =>
    typeof value === 'number' ? formatMilliseconds(value) : '?';
  const rows = times.layers.map(({ name, milliseconds }) => [name, shown(milliseconds), shown(predicted.get(name))]);
  terminal.write(
    [
      ...textTable(
        [
          { title: 'layer', align: 'left' },
          { title: 'measured alone', align: 'right' },
          { title: `predicted for ${report.device}`, align: 'right' },
        ],
        rows,
      ),
      '',
      `whole model: ${shown(times.milliseconds)} measured (${times.threads === 1 ? 'one thread' : `${String(times.threads)} threads`}, batch ${String(times.batch)}, repetitions vary by ${String(Math.round(100 * times.spread))} %) · ${shown(report.totals.latencyMs.value)} predicted for ${report.device}`,
      'A layer that the runtime joins to its neighbor takes longer alone, so layers do not add up to the whole.',
      ...(settings.thisMachine === undefined
        ? ['Predictions are of this machine once `morphnet calibrate` has measured it.']
        : []),
      '',
    ].join('\n'),
  );
}
