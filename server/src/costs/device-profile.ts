// Devices that latency is estimated for: the reference implementation's table (spec 3.5) and the user's own rows.

import type { Result } from '../common/problem.ts';

/** What a roofline needs of a device. */
export interface DeviceProfile {
  readonly name: string;
  readonly peakGflopsPerSecond: number;
  readonly memoryGigabytesPerSecond: number;
}

/** A user's devices by name, as settings and `morphnet.json` hold them. */
export type UserDevices = Readonly<Record<string, Omit<DeviceProfile, 'name'>>>;

const profile = (name: string, peakGflopsPerSecond: number, memoryGigabytesPerSecond: number): DeviceProfile => ({
  name,
  peakGflopsPerSecond,
  memoryGigabytesPerSecond,
});

/** Published peaks, float32 (V100: tensor cores). The last two are pseudo devices: latency counts FLOPs, or bytes. */
export const builtInDevices: readonly DeviceProfile[] = [
  profile('K80', 8_740, 480),
  profile('P4', 5_500, 192),
  profile('T4', 8_100, 300),
  profile('P100', 9_300, 732),
  profile('V100', 125_000, 900),
  profile('TPUv2', 22_500, 300),
  profile('FLOP_LATENCY', 1, 1e20),
  profile('MEMORY_LATENCY', 1e20, 1),
];

export const defaultDeviceName = 'V100';

/** The device of this name, the user's own first. The failure lists the names there are. */
export function findDevice(name: string, own: UserDevices = {}): Result<DeviceProfile> {
  const mine = Object.hasOwn(own, name) ? own[name] : undefined;
  if (mine !== undefined) {
    const { peakGflopsPerSecond, memoryGigabytesPerSecond } = mine;
    if (!(peakGflopsPerSecond > 0) || !(memoryGigabytesPerSecond > 0)) {
      return { ok: false, error: `Device ${name} needs a peak compute and a memory bandwidth above 0` };
    }
    return { ok: true, value: profile(name, peakGflopsPerSecond, memoryGigabytesPerSecond) };
  }
  const known = builtInDevices.find((device) => device.name.toLowerCase() === name.toLowerCase());
  if (known !== undefined) return { ok: true, value: known };
  const names = [...new Set([...Object.keys(own), ...builtInDevices.map((device) => device.name)])];
  return { ok: false, error: `There is no device ${name}; known are ${names.join(', ')}` };
}
