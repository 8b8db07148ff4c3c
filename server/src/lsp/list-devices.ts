// The devices that latencies can be estimated for, with those of the project that a document belongs to.

import { deviceDescription, knownDevices } from '../analysis/latency-device.ts';
import type { DeviceSummary } from '../protocol/lsp-extensions.ts';
import type { AnalysisContext } from './analysis-context.ts';

export function listDevices({ settings }: AnalysisContext): readonly DeviceSummary[] {
  return knownDevices(settings).map((device) => ({
    name: device.name,
    description: deviceDescription(device),
    builtIn: device.builtIn,
  }));
}
