// The device that latencies are shown for: the settings' if there is one of that name, else the default, said aloud.

import { builtInDevices, defaultDeviceName, findDevice, type DeviceProfile } from '../costs/device-profile.ts';
import type { AnalysisSettings } from './analysis-settings.ts';

export interface ChosenDevice {
  readonly device: DeviceProfile;
  /** Why it is not the one asked for. */
  readonly problem?: string;
}

export function chooseDevice(settings: Pick<AnalysisSettings, 'device' | 'devices'>): ChosenDevice {
  const wanted = findDevice(settings.device, settings.devices);
  if (wanted.ok) return { device: wanted.value };
  const standard = findDevice(defaultDeviceName);
  if (!standard.ok) throw new Error(standard.error);
  return {
    device: standard.value,
    problem: `${wanted.error}. Latencies are for ${standard.value.name}; set morphnet.device.`,
  };
}

/** The devices to choose from, the user's own first. The pseudo devices of the reference are no hardware to plan for. */
export function knownDevices(
  settings: Pick<AnalysisSettings, 'devices'>,
): readonly (DeviceProfile & { readonly builtIn: boolean })[] {
  const own = Object.entries(settings.devices).map(([name, rates]) => ({ name, ...rates, builtIn: false }));
  const others = builtInDevices.filter(
    ({ name }) => !name.endsWith('_LATENCY') && !Object.hasOwn(settings.devices, name),
  );
  return [...own, ...others.map((device) => ({ ...device, builtIn: true }))];
}
