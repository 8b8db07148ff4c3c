// Devices that nobody measured for us: published peak and bandwidth, with the efficiency of a fitted device like them.

import type { DeviceSpecification } from './device-specification.ts';
import { specifications } from './device-specification.ts';
import type { Rates } from './fit-rates.ts';
import type { PublishedRates } from './published-device.ts';
import type { RatedDevice } from './rated-device.ts';
import { termMeanings, termNames, type Term } from './terms.ts';

/** In 16-bit formats on GPUs, in float32 on CPUs. */
export const estimatedSpecifications: readonly DeviceSpecification[] = [
  {
    name: 'A100',
    processor: 'gpu',
    peakGflopsPerSecond: 312_000,
    memoryGigabytesPerSecond: 2_039,
    source: 'NVIDIA A100 80GB SXM data sheet',
  },
  {
    name: 'H100',
    processor: 'gpu',
    peakGflopsPerSecond: 989_000,
    memoryGigabytesPerSecond: 3_350,
    source: 'NVIDIA H100 SXM data sheet, without sparsity',
  },
  {
    name: 'L4',
    processor: 'gpu',
    peakGflopsPerSecond: 121_000,
    memoryGigabytesPerSecond: 300,
    source: 'NVIDIA L4 data sheet, without sparsity',
  },
  {
    name: 'Jetson Orin Nano',
    processor: 'gpu',
    peakGflopsPerSecond: 10_000,
    memoryGigabytesPerSecond: 68,
    source: 'NVIDIA Jetson Orin Nano 8GB data sheet: 40 sparse int8 TOPS are 10 dense float16 TFLOPS',
  },
  {
    name: 'Ryzen 7 7840U',
    processor: 'cpu',
    peakGflopsPerSecond: 845,
    memoryGigabytesPerSecond: 89.6,
    source: '8 cores × 3.3 GHz × 32 FLOPs; 2 channels of DDR5-5600 (AMD product page)',
  },
  {
    name: 'Snapdragon 8 Gen 2',
    processor: 'cpu',
    peakGflopsPerSecond: 329,
    memoryGigabytesPerSecond: 67,
    source:
      'Cortex-X3 3.2 GHz × 32 FLOPs, 4 × 2.8 GHz × 16, 3 × 2.0 GHz × 8; 64 bits of LPDDR5X-8400 (Qualcomm product brief)',
  },
  {
    name: 'Raspberry Pi 5',
    processor: 'cpu',
    peakGflopsPerSecond: 154,
    memoryGigabytesPerSecond: 17,
    source: '4 Cortex-A76 × 2.4 GHz × 16 FLOPs; 32 bits of LPDDR4X-4267 (Raspberry Pi product brief)',
  },
];

/** The rates of a device, from those of one like it: compute by the peaks, memory by the bandwidths, start-up as it is. */
export function estimateDevice(wanted: DeviceSpecification, like: PublishedRates): RatedDevice | undefined {
  const known = specifications.find(({ name }) => name === like.device);
  if (known === undefined) return undefined;
  const factors = {
    compute: known.peakGflopsPerSecond / wanted.peakGflopsPerSecond,
    memory: known.memoryGigabytesPerSecond / wanted.memoryGigabytesPerSecond,
    'start-up': 1,
  };
  const rates: Rates = Object.fromEntries(
    termNames.flatMap((term): [Term, number][] => {
      const rate = like.rates[term];
      return rate === undefined ? [] : [[term, rate * factors[termMeanings[term].binding]]];
    }),
  );
  const { processor, precision, fusion, channelsLast, batches } = like;
  return {
    knowledge: { kind: 'estimate', source: `${wanted.source}; efficiency of ${like.name}` },
    execution: { processor, precision, fusion, channelsLast },
    batches,
    rates,
  };
}
