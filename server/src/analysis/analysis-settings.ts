// The settings that features look at. The wire's settings fit as they are; analysis does not import the wire.

/** What a hint can show. */
export type HintQuantity = 'shape' | 'operations' | 'params' | 'latency';

/** MACs, or FLOPs = 2 × MACs. */
type OperationConvention = 'macs' | 'flops';

export interface AnalysisSettings {
  readonly hints: { readonly enabled: boolean; readonly quantities: readonly HintQuantity[] };
  readonly convention: OperationConvention;
  /** A built-in profile's name or one of `devices`; an unknown name falls back to the default profile and is reported. */
  readonly device: string;
  /** GFLOP/s and GB/s by name. */
  readonly devices: Readonly<
    Record<string, { readonly peakGflopsPerSecond: number; readonly memoryGigabytesPerSecond: number }>
  >;
}
