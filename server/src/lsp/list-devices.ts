// The devices that latencies can be estimated for.

import { knownDevices } from '../analysis/latency-device.ts';
import type { DeviceSummary } from '../protocol/lsp-extensions.ts';
import type { ServerContext } from './server-context.ts';

export async function listDevices(context: ServerContext): Promise<readonly DeviceSummary[]> {
  const settings = await context.settings.of();
  return knownDevices(settings).map(({ name, peakGflopsPerSecond, memoryGigabytesPerSecond, builtIn }) => ({
    name,
    peakGflopsPerSecond,
    memoryGigabytesPerSecond,
    builtIn,
  }));
}
