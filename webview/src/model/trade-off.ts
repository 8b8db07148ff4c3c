// A sweep as a curve of accuracy over cost, and as the rows of the table beside it.

import type { SweepFile, SweepPoint } from '../../../server/src/protocol/sweep-file.ts';
import { percent } from './curves.ts';

/** A structure that was measured. Shares are of 1: of the seed's cost, of images told right. */
export interface TradeOffPoint {
  /** Its run, within the sweep's folder. */
  readonly run: string;
  readonly strength: string;
  readonly costShare: number;
  readonly accuracy: number;
}

/** `rank` decides colour and shape, so that colour is never the only difference. */
export interface TradeOffSeries {
  readonly name: string;
  readonly rank: 0 | 1;
  /** By ascending cost. */
  readonly points: readonly TradeOffPoint[];
}

export interface TradeOffRow {
  /** The point's run: strengths may look alike. */
  readonly run: string;
  readonly strength: string;
  readonly status: string;
  readonly cost: string;
  readonly params: string;
  readonly accuracy: string;
  readonly retrained: string;
  /** Whether no other came nearer to the target. */
  readonly isNearest: boolean;
  /** Whether it led to a structure that can be applied. */
  readonly isDone: boolean;
  /** Why the point failed. */
  readonly message?: string;
}

export interface TradeOff {
  readonly model: string;
  readonly summary: string;
  /** What the horizontal axis counts. */
  readonly resource: string;
  readonly hasRetrained: boolean;
  /** Whether no strength is left to train. */
  readonly isOver: boolean;
  readonly series: readonly TradeOffSeries[];
  /** The share of the seed's cost that was asked for, and the run that came nearest to it. */
  readonly target?: { readonly share: number; readonly run: string };
  readonly rows: readonly TradeOffRow[];
}

const resources: Readonly<Record<SweepFile['resource'], string>> = {
  flops: 'FLOPs',
  params: 'Parameters',
  activations: 'Activations',
  latency: 'Latency',
  memory: 'Memory traffic',
};

const statuses: Readonly<Record<SweepPoint['status'], string>> = {
  waiting: 'Waiting',
  running: 'Running',
  interrupted: 'Interrupted',
  finished: 'Finished',
  failed: 'Failed',
};

/** What a page shows of a sweep. */
export function tradeOffOf(sweep: SweepFile): TradeOff {
  const { points, model, resource, steps, retrain } = sweep;
  const target = nearest(sweep);
  const texts = strengthTexts(points.map(({ strength }) => strength));
  const textOf = new Map(points.map(({ run }, index) => [run, texts[index] ?? '']));
  const series = (
    [
      ['as learned', 0, ({ accuracy }) => accuracy],
      ['trained from scratch', 1, ({ retrainedAccuracy }) => retrainedAccuracy],
    ] satisfies readonly [string, 0 | 1, (point: SweepPoint) => number | undefined][]
  ).flatMap(([name, rank, accuracyOf]): readonly TradeOffSeries[] => {
    const measured = points.flatMap((point): readonly TradeOffPoint[] => {
      const accuracy = accuracyOf(point);
      if (accuracy === undefined || point.costShare === undefined) return [];
      return [{ run: point.run, strength: textOf.get(point.run) ?? '', costShare: point.costShare, accuracy }];
    });
    return measured.length === 0 ? [] : [{ name, rank, points: measured.sort((a, b) => a.costShare - b.costShare) }];
  });
  const done = points.filter(({ status }) => status === 'finished').length;
  return {
    model: model.entry === '' ? fileName(model.document) : model.entry,
    summary: `${done} of ${points.length} strengths done, ${steps} steps each`,
    resource: resources[resource],
    hasRetrained: retrain || series.some(({ rank }) => rank === 1),
    isOver: points.every(({ status }) => status === 'finished' || status === 'failed'),
    series,
    ...(target && { target }),
    rows: points.map((point) => ({
      run: point.run,
      strength: textOf.get(point.run) ?? '',
      status: statuses[point.status],
      cost: share(point.costShare),
      params: point.totals === undefined ? '–' : point.totals.params.toLocaleString('en'),
      accuracy: share(point.accuracy),
      retrained: share(point.retrainedAccuracy),
      isNearest: point.run === target?.run,
      isDone: point.status === 'finished',
      ...(point.message !== undefined && { message: point.message }),
    })),
  };
}

/** The measured point whose cost is nearest to the target, if a share was asked for and something is measured. */
function nearest({ targetShare, points }: SweepFile): TradeOff['target'] {
  if (targetShare === undefined) return undefined;
  const away = ({ costShare = NaN }: SweepPoint): number => Math.abs(costShare - targetShare);
  const measured = points.filter(({ costShare, accuracy }) => costShare !== undefined && accuracy !== undefined);
  const [first] = measured.toSorted((one, other) => away(one) - away(other));
  return first && { share: targetShare, run: first.run };
}

/** Accuracies are drawn over at least this much, so that less than a percent of difference is no cliff. */
const leastSpan = 0.05;

/** The accuracies that the axis shows; it begins above zero, which it has to say, where `isBroken`. */
export function accuracyAxis(accuracies: readonly number[]): {
  readonly low: number;
  readonly high: number;
  readonly isBroken: boolean;
} {
  const [least, most] = [Math.min(1, ...accuracies), Math.max(0, ...accuracies)];
  const span = Math.max(leastSpan, 1.2 * (most - least));
  const middle = (least + most) / 2;
  const high = Math.min(1, middle + span / 2);
  const low = Math.max(0, high - span);
  return { low, high, isBroken: low > 0 };
}

/** What the chart says to those who do not see it. */
export function describeTradeOff({ resource, series, target, rows }: TradeOff): string {
  const lines = series.map(({ name, points }) => {
    const told = points.map(({ costShare, accuracy }) => `${share(accuracy)} at ${share(costShare)}`);
    return `${name}: ${told.join(', ')}`;
  });
  const near = rows.find(({ isNearest }) => isNearest);
  const told =
    target === undefined || near === undefined
      ? ''
      : ` Nearest to the target of ${share(target.share)}: strength ${near.strength}, ${near.accuracy} at ${near.cost}.`;
  return `Accuracy over ${resource}, in shares of the seed's. ${lines.join('. ')}.${told}`;
}

function share(value: number | undefined): string {
  return value === undefined ? '–' : percent(Math.round(value * 1000) / 1000);
}

/** With as many digits as tell the strengths of a sweep apart. */
function strengthTexts(strengths: readonly number[]): readonly string[] {
  for (let digits = 1; ; digits++) {
    const texts = strengths.map((strength) => (strength === 0 ? '0' : strength.toExponential(digits)));
    if (digits === mostDigits || new Set(texts).size === new Set(strengths).size) return texts;
  }
}

/** Of a float64, behind the first. */
const mostDigits = 16;

function fileName(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}
