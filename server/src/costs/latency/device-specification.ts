// What makers publish of devices: peak compute and memory bandwidth. Where a fit starts from, and what a roofline needs.

export interface DeviceSpecification {
  readonly name: string;
  readonly processor: 'cpu' | 'gpu';
  /** Dense GFLOP/s, two for each multiply-add, in the format that the precision's products run in. */
  readonly peakGflopsPerSecond: number;
  readonly memoryGigabytesPerSecond: number;
  /** Where the figures are from. */
  readonly source: string;
}

/** Devices with published measurements, in the precision of those: 16-bit products summed in 32 bits, on CPUs 32 bits. */
export const specifications: readonly DeviceSpecification[] = [
  {
    name: 'RTX 3090',
    processor: 'gpu',
    peakGflopsPerSecond: 71_000,
    memoryGigabytesPerSecond: 936,
    source: 'NVIDIA Ampere GA102 whitepaper, table 2',
  },
  {
    name: 'RTX 4090',
    processor: 'gpu',
    peakGflopsPerSecond: 165_200,
    memoryGigabytesPerSecond: 1_008,
    source: 'NVIDIA Ada GPU architecture whitepaper, appendix A',
  },
  {
    name: 'RTX 5090',
    processor: 'gpu',
    peakGflopsPerSecond: 209_500,
    memoryGigabytesPerSecond: 1_792,
    source: 'NVIDIA RTX Blackwell GPU architecture whitepaper, appendix',
  },
  {
    name: 'RTX PRO 6000 Max-Q',
    processor: 'gpu',
    peakGflopsPerSecond: 219_000,
    memoryGigabytesPerSecond: 1_792,
    source: 'NVIDIA RTX PRO 6000 Blackwell Max-Q data sheet; compute at its power limit as for the RTX 5090',
  },
  {
    name: 'Core i9-10940X',
    processor: 'cpu',
    peakGflopsPerSecond: 2_957,
    memoryGigabytesPerSecond: 94,
    source: '14 cores × 3.3 GHz × 64 FLOPs of two AVX-512 units; 4 channels of DDR4-2933 (Intel ARK)',
  },
  {
    name: 'Core i7-12700H',
    processor: 'cpu',
    peakGflopsPerSecond: 1_350,
    memoryGigabytesPerSecond: 76.8,
    source: '6 cores × 4.7 GHz × 32 FLOPs and 8 × 3.5 GHz × 16; 2 channels of DDR5-4800 (Intel ARK)',
  },
];
