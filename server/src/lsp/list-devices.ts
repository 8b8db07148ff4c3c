// The devices that latencies can be estimated for.

import { deviceDescription, knownDevices } from '../analysis/latency-device.ts';
import type { DeviceSummary } from '../protocol/lsp-extensions.ts';
import type { ServerContext } from './server-context.ts';

export async function listDevices(context: ServerContext): Promise<readonly DeviceSummary[]> {
  const settings = await context.settings.of();
  return knownDevices(settings).map((device) => ({
    name: device.name,
    description: deviceDescription(device),
    builtIn: device.builtIn,
  }));
}
