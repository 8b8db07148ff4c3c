// Devices that latency is estimated for: fitted to measurements, estimated, the reference implementation's rooflines (spec
// 3.5), this machine once it is measured, and the user's own rows.

import type { Result } from '../common/problem.ts';
import { estimatedSpecifications, estimateDevice } from './latency/estimated-devices.ts';
import type { Precision } from './latency/execution.ts';
import type { PublishedRates } from './latency/published-device.ts';
import { publishedProfiles, publishedSource } from './latency/published-profiles.ts';
import { gflopsOf, gigabytesOf, type RatedDevice } from './latency/rated-device.ts';

/** A device. Without `rated` its time is a roofline of the two figures. */
export interface DeviceProfile {
  readonly name: string;
  readonly peakGflopsPerSecond: number;
  readonly memoryGigabytesPerSecond: number;
  readonly rated?: RatedDevice;
}

/** A user's devices by name, as settings and `morphnet.json` hold them. */
export type UserDevices = Readonly<
  Record<string, Pick<DeviceProfile, 'peakGflopsPerSecond' | 'memoryGigabytesPerSecond'>>
>;

const profile = (name: string, peakGflopsPerSecond: number, memoryGigabytesPerSecond: number): DeviceProfile => ({
  name,
  peakGflopsPerSecond,
  memoryGigabytesPerSecond,
});

/**
 * The reference's table: published peaks, float32 (V100: tensor cores). The last two are pseudo devices: latency counts
 * FLOPs, or bytes.
 */
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

/** What is measured at one image a step, and best predicted. */
export const defaultDeviceName = 'Core i7-12700H';

/** The name of the machine that the user measured. */
export const thisMachineName = 'this machine';

/** A device with rates, and the peak and bandwidth that those come to. */
export function ratedProfile(name: string, rated: RatedDevice): DeviceProfile {
  return { ...profile(name, gflopsOf(rated.rates), gigabytesOf(rated.rates)), rated };
}

function published({
  name,
  processor,
  precision,
  fusion,
  channelsLast,
  batches,
  error,
  rates,
}: PublishedRates): DeviceProfile {
  return ratedProfile(name, {
    knowledge: { kind: 'fitted', error, source: publishedSource },
    execution: { processor, precision, fusion, channelsLast },
    batches,
    rates,
  });
}

/** Devices that published measurements were fitted to, the plainest and newest way of running each first. */
const fittedDevices: readonly DeviceProfile[] = publishedProfiles
  .toSorted((left, right) => plainness(left) - plainness(right))
  .map(published);

function plainness({ fusion, channelsLast, precision, pytorch, processor }: PublishedRates): number {
  const isPlain = processor === 'cpu' || fusion === 'none';
  return (
    (isPlain ? 0 : 4) +
    (channelsLast ? 2 : 0) +
    (precision === 'amp' || precision === 'fp32' ? 0 : 1) -
    Number(pytorch) / 10
  );
}

/** Devices with published figures and the efficiency of a fitted device like them. */
const estimatedDevices: readonly DeviceProfile[] = estimatedSpecifications.flatMap((specification) => {
  const likeName = specification.processor === 'gpu' ? 'RTX 4090' : defaultDeviceName;
  const like = publishedProfiles
    .toSorted((left, right) => plainness(left) - plainness(right))
    .find(({ device }) => device === likeName);
  const rated = like && estimateDevice(specification, like);
  return rated === undefined ? [] : [ratedProfile(specification.name, rated)];
});

/** Every device that is known without the user's help. */
export const knownDevices: readonly DeviceProfile[] = [...fittedDevices, ...estimatedDevices, ...builtInDevices];

export interface DeviceQuestion {
  readonly name: string;
  readonly own?: UserDevices;
  /** This machine, once it is measured. */
  readonly measured?: DeviceProfile | undefined;
  /** Undefined takes the device's first. */
  readonly precision?: Precision | undefined;
}

/**
 * The device of this name, the user's own first: `RTX 4090, amp, PyTorch 2.9, compiled`, or the beginning of such a name up to
 * a comma. The failure lists the names there are.
 */
export function findDevice(name: string, own: UserDevices = {}): Result<DeviceProfile> {
  return askForDevice({ name, own });
}

/** See `findDevice`. */
export function askForDevice({ name, own = {}, measured, precision }: DeviceQuestion): Result<DeviceProfile> {
  const mine = Object.hasOwn(own, name) ? own[name] : undefined;
  if (mine !== undefined) {
    const { peakGflopsPerSecond, memoryGigabytesPerSecond } = mine;
    const problem = absurdity(name, peakGflopsPerSecond, memoryGigabytesPerSecond);
    if (problem !== undefined) return { ok: false, error: problem };
    return { ok: true, value: profile(name, peakGflopsPerSecond, memoryGigabytesPerSecond) };
  }
  const wanted = name.toLowerCase();
  if (wanted === thisMachineName) {
    if (measured !== undefined) return { ok: true, value: measured };
    return {
      ok: false,
      error: 'This machine is not measured yet. Run morphnet calibrate',
    };
  }
  const named = knownDevices.filter(
    (device) => device.name.toLowerCase() === wanted || device.name.toLowerCase().startsWith(`${wanted},`),
  );
  const known =
    precision === undefined
      ? named[0]
      : named.find(({ rated }) => rated === undefined || rated.execution.precision === precision);
  if (known !== undefined) return { ok: true, value: known };
  const first = named[0];
  if (first !== undefined) {
    const there = [...new Set(named.flatMap(({ rated }) => rated?.execution.precision ?? []))];
    return { ok: false, error: `${name} is known in ${there.join(' and ')}, not in ${String(precision)}` };
  }
  const names = new Set([
    ...Object.keys(own),
    ...knownDevices.map((device) => device.name.split(',')[0] ?? device.name),
  ]);
  return { ok: false, error: `There is no device ${name}; known are ${[...names].join(', ')}` };
}

/** Why a device of the user's can't be, or undefined. From a microcontroller to a rack, and some. */
function absurdity(name: string, gflops: number, gigabytes: number): string | undefined {
  if (!(gflops > 0) || !(gigabytes > 0)) return `Device ${name} needs a peak compute and a memory bandwidth above 0`;
  if (gflops < 1e-3 || gflops > 1e8)
    return `Device ${name} has ${String(gflops)} GFLOP/s, which no device has: give GFLOP/s between 0.001 and 100,000,000`;
  if (gigabytes < 1e-3 || gigabytes > 1e6)
    return `Device ${name} has ${String(gigabytes)} GB/s, which no device has: give GB/s between 0.001 and 1,000,000`;
  return undefined;
}

/** Whether two profiles give the same latencies; the user's rows and the measured machine are made anew with each reading. */
export function isSameDevice(left: DeviceProfile, right: DeviceProfile): boolean {
  return (
    left === right ||
    (left.rated?.knowledge.source === right.rated?.knowledge.source &&
      left.name === right.name &&
      left.peakGflopsPerSecond === right.peakGflopsPerSecond &&
      left.memoryGigabytesPerSecond === right.memoryGigabytesPerSecond)
  );
}
