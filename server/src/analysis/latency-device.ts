// The device and batch that latencies are shown for: the settings' if there is one of that name, else the default, said aloud.

import {
  askForDevice,
  defaultDeviceName,
  knownDevices as everyDevice,
  thisMachineName,
  type DeviceProfile,
} from '../costs/device-profile.ts';
import type { Precision } from '../costs/latency/execution.ts';
import { knowledgeWords, precisionWords } from '../costs/latency/rated-device.ts';
import { usualBatch } from '../costs/cost-report.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { thisMachineProfile } from './machine-device.ts';

export type LatencySettings = Pick<AnalysisSettings, 'device' | 'devices'> &
  Partial<Pick<AnalysisSettings, 'batch' | 'precision' | 'thisMachine'>>;

export interface ChosenDevice {
  readonly device: DeviceProfile;
  /** Images in the step that latencies are of. */
  readonly batch: number;
  /** Why it is not the one asked for. */
  readonly problem?: string;
}

/** `auto` is this machine once it is measured, and a device of published measurements before. */
export function chooseDevice(settings: LatencySettings): ChosenDevice {
  const { devices: own } = settings;
  const measured = settings.thisMachine && thisMachineProfile(settings.thisMachine);
  const precision = asPrecision(settings.precision);
  const automatic = measured === undefined ? defaultDeviceName : thisMachineName;
  const name = settings.device === 'auto' ? automatic : settings.device;
  const wanted = askForDevice({ name, own, measured, precision });
  if (wanted.ok) return { device: wanted.value, batch: settings.batch || usualBatch(wanted.value) };
  const standard = askForDevice({ name: automatic, measured });
  if (!standard.ok) throw new Error(standard.error);
  return {
    device: standard.value,
    batch: settings.batch || usualBatch(standard.value),
    problem: `${wanted.error}. Latencies are for ${standard.value.name}; set morphnet.device or morphnet.precision.`,
  };
}

function asPrecision(text: LatencySettings['precision']): Precision | undefined {
  return text === undefined || text === 'auto' ? undefined : text;
}

/** A device as a run's settings keep it: the run goes on with the same rates, whatever is measured meanwhile. */
export function writtenDevice({ name, peakGflopsPerSecond, memoryGigabytesPerSecond, rated }: DeviceProfile) {
  const roofline = { name, peakGflopsPerSecond, memoryGigabytesPerSecond };
  if (rated === undefined) return roofline;
  const { knowledge, execution, batches, rates } = rated;
  const [least, most] = batches;
  const written: [number, number] = [least, most];
  return { ...roofline, rated: { knowledge, execution, batches: written, rates: { ...rates } } };
}

/** Where latencies are from: `V100`, `RTX 4090 (batch 1024)`. */
export function deviceText({ device, batch }: Pick<ChosenDevice, 'device' | 'batch'>): string {
  const name = device.name.split(',')[0] ?? device.name;
  return batch === 1 ? name : `${name} (batch ${String(batch)})`;
}

/** What the figures are worth, as a sentence for hovers and notes. */
export function latencySentence({ device, batch }: Pick<ChosenDevice, 'device' | 'batch'>): string {
  const { rated } = device;
  if (rated === undefined)
    return `Latency on ${device.name} is a roofline of its peak and bandwidth: it ranks, it does not measure.`;
  const { knowledge, execution, batches } = rated;
  const [least, most] = batches;
  const outside =
    batch < least || batch > most ? ` It was known for batches of ${String(least)} to ${String(most)} only.` : '';
  return `Latency on ${device.name}: ${knowledgeWords(knowledge)}, ${precisionWords(execution.precision)}, batch ${String(batch)}.${outside}`;
}

/** The devices to choose from, the user's own first. The pseudo devices of the reference are no hardware to plan for. */
export function knownDevices(
  settings: Pick<AnalysisSettings, 'devices'> & Partial<Pick<AnalysisSettings, 'thisMachine'>>,
): readonly (DeviceProfile & { readonly builtIn: boolean })[] {
  const own = Object.entries(settings.devices).map(([name, rates]) => ({ name, ...rates, builtIn: false }));
  const measured =
    settings.thisMachine === undefined ? [] : [{ ...thisMachineProfile(settings.thisMachine), builtIn: true }];
  const others = everyDevice.filter(({ name }) => !name.endsWith('_LATENCY') && !Object.hasOwn(settings.devices, name));
  return [...measured, ...own, ...others.map((device) => ({ ...device, builtIn: true }))];
}

/** How a device is described where one is chosen. */
export function deviceDescription({ rated, peakGflopsPerSecond, memoryGigabytesPerSecond }: DeviceProfile): string {
  if (rated === undefined)
    return `roofline of ${String(peakGflopsPerSecond)} GFLOP/s and ${String(memoryGigabytesPerSecond)} GB/s`;
  return `${knowledgeWords(rated.knowledge)}, ${precisionWords(rated.execution.precision)}; ${rated.knowledge.source}`;
}
