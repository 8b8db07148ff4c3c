// What the client asks about models before a run: which there are, and which devices latencies can be estimated for.

import { totalsText } from '../analysis/code-lenses.ts';
import { knownDevices } from '../analysis/latency-device.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { DeviceSummary, ModelSummary } from '../protocol/lsp-extensions.ts';
import { evaluateInTurns } from './analysis-turns.ts';
import { positionsIn, type ServerContext } from './server-context.ts';

export async function listModels(
  context: ServerContext,
  { uri }: { readonly uri: string },
  cancellation: Cancellation,
): Promise<readonly ModelSummary[]> {
  const settings = await context.settings.of(uri);
  await evaluateInTurns(context, uri, 'all-models', cancellation);
  const positions = positionsIn(context.session, uri);
  if (positions === undefined) return [];
  return context.session.analyze(uri, cancellation).models.map((model) => {
    const { entry } = model;
    const span = model.place(entry.span);
    const here = span?.document === uri ? span : { start: 0, end: 0 };
    return {
      uri,
      entry: entry.name,
      chosen: entry.from === 'request' || entry.from === 'config' || entry.from === 'directive',
      range: positions.range(here.start, here.end),
      input: entry.input.shapes,
      totals: totalsText(context.session, model, settings),
    };
  });
}

export async function listDevices(context: ServerContext): Promise<readonly DeviceSummary[]> {
  const settings = await context.settings.of();
  return knownDevices(settings).map(({ name, peakGflopsPerSecond, memoryGigabytesPerSecond, builtIn }) => ({
    name,
    peakGflopsPerSecond,
    memoryGigabytesPerSecond,
    builtIn,
  }));
}
