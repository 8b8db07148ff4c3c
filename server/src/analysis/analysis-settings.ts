// The settings that features look at. The wire's settings fit as they are; analysis does not import the wire.

import type { Precision } from '../costs/latency/execution.ts';
import type { NamedConvention } from '../costs/named-convention.ts';
import type { MeasuredMachine } from './machine-device.ts';

/** What a hint can show. */
export type HintQuantity = 'shape' | 'operations' | 'params' | 'latency';

export interface AnalysisSettings {
  readonly hints: {
    readonly enabled: boolean;
    readonly quantities: readonly HintQuantity[];
    readonly dataFlow: boolean;
  };
  /** How operations are counted: MACs, FLOPs, or as a public counter does. */
  readonly convention: NamedConvention;
  /** All findings, those only that say that a model can't be made or run, or none. */
  readonly problems: 'all' | 'model only' | 'off';
  /**
   * A built-in profile's name, one of `devices`, or `auto`; an unknown name falls back to the default profile and is reported.
   */
  readonly device: string;
  /** Images in a step; 0: as the device was measured. */
  readonly batch?: number;
  readonly precision?: 'auto' | Precision;
  /** This machine, once it is measured; settings don't hold it, whoever reads its file adds it. */
  readonly thisMachine?: MeasuredMachine;
  /** GFLOP/s and GB/s by name. */
  readonly devices: Readonly<
    Record<string, { readonly peakGflopsPerSecond: number; readonly memoryGigabytesPerSecond: number }>
  >;
}
