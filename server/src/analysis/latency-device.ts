// The device that latencies are shown for: the settings' if there is one of that name, else the default, said aloud.

import { defaultDeviceName, findDevice, type DeviceProfile } from '../costs/device-profile.ts';
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
