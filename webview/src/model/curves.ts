// The four curves of a run: loss, accuracy, regularization, and the cost of the proposed structure.

import { formatAmount } from '../../../server/src/common/number-format.ts';
import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { convention, type Convention } from './counting.ts';
import { effectiveEvents, latest } from './run-log.ts';

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/** Which of the lines of a chart it is. */
export type SeriesRank = 0 | 1 | 2 | 3 | 4 | 5;

/** The rank of the line at a place; there are as many as looks. */
export function seriesRank(place: number): SeriesRank {
  const ranks = [0, 1, 2, 3, 4, 5] as const;
  return ranks[place % ranks.length] ?? 0;
}

/** One line of a chart; `rank` decides its colour and its dashes, so that colour is never the only difference. */
export interface Series {
  readonly name: string;
  readonly rank: SeriesRank;
  readonly points: readonly CurvePoint[];
}

/** A level that the curve is meant to reach. */
interface TargetLine {
  readonly name: string;
  readonly value: number;
}

export interface Curve {
  readonly id: 'loss' | 'accuracy' | 'regularization' | 'cost';
  readonly title: string;
  readonly series: readonly Series[];
  readonly target?: TargetLine;
  /** The step that the axis ends at. */
  readonly lastStep: number;
  /** A value as the table and the text alternative print it. */
  readonly format: (value: number) => string;
  /** A value as the axis prints it, where the title says the unit; `format` if absent. */
  readonly formatTick?: (value: number) => string;
}

/** The curves, in the order that they are shown. */
export function curvesOf(run: RunSnapshot, conventionName: CountingConventionName): readonly Curve[] {
  const events = effectiveEvents(run.events);
  const lastStep = Math.max(latest(events, 'started')?.totalSteps ?? run.config.steps, 1);
  const points: PointsOf = (kind, value) =>
    events.flatMap((event) => {
      if (!isKind(event, kind)) return [];
      const found = value(event);
      return found !== undefined && Number.isFinite(found) ? [{ step: stepOf(event), value: found }] : [];
    });
  const trained = (value: (event: Extract<RunEvent, { kind: 'progress' }>) => number | undefined): Series => ({
    name: 'training',
    rank: 0,
    points: points('progress', value),
  });
  const tested = (
    value: (event: Extract<RunEvent, { kind: 'evaluated' }>) => number | undefined,
  ): readonly Series[] => {
    const found = points('evaluated', value);
    return found.length === 0 ? [] : [{ name: 'test', rank: 1, points: found }];
  };
  return [
    {
      id: 'loss',
      title: 'Loss',
      series: [trained(({ loss }) => loss), ...tested(({ loss }) => loss)],
      lastStep,
      format: threeDigits,
    },
    {
      id: 'accuracy',
      title: 'Accuracy',
      series: [trained(({ accuracy }) => accuracy), ...tested(({ accuracy }) => accuracy)],
      lastStep,
      format: (value) => `${(100 * value).toFixed(1)} %`,
    },
    {
      id: 'regularization',
      title: 'Regularization',
      series: [trained(({ regularization }) => regularization)],
      lastStep,
      format: threeDigits,
    },
    costCurve(run, points, convention(conventionName), lastStep),
  ];
}

type PointsOf = <Kind extends RunEvent['kind']>(
  kind: Kind,
  value: (event: Extract<RunEvent, { kind: Kind }>) => number | undefined,
) => readonly CurvePoint[];

const costTitles = { activations: 'Activations', latency: 'Latency', memory: 'Memory traffic' } as const;

/** Cost of the proposed structure in the resource that the run aims at, from the counts of alive channels. */
function costCurve(run: RunSnapshot, points: PointsOf, { perMac, unit }: Convention, lastStep: number): Curve {
  const { resource, fraction } = run.config.target;
  if (resource !== 'flops' && resource !== 'params') {
    return {
      id: 'cost',
      title: `${costTitles[resource]} of the proposed structure, share of the seed's`,
      series: [{ name: 'proposed', rank: 0, points: points('progress', ({ cost, seedCost }) => cost / seedCost) }],
      ...(fraction !== undefined && { target: { name: `target, ${percent(fraction)} of the seed`, value: fraction } }),
      lastStep,
      format: percent,
    };
  }
  const seed = latest(run.events, 'started')?.seed;
  const ofParams = resource === 'params';
  const amount = (totals: { readonly macs: number; readonly params: number }): number =>
    ofParams ? totals.params : totals.macs * perMac;
  return {
    id: 'cost',
    title: ofParams ? 'Parameters of the proposed structure' : `${unit} of the proposed structure`,
    series: [{ name: 'proposed', rank: 0, points: points('alive', ({ totals }) => amount(totals)) }],
    ...(fraction !== undefined &&
      seed !== undefined && {
        target: { name: `target, ${percent(fraction)} of the seed`, value: fraction * amount(seed) },
      }),
    lastStep,
    format: (value) => formatAmount(value, ofParams ? '' : unit),
    formatTick: formatAmount,
  };
}

function isKind<Kind extends RunEvent['kind']>(
  event: RunEvent,
  kind: Kind,
): event is Extract<RunEvent, { kind: Kind }> {
  return event.kind === kind;
}

function stepOf(event: RunEvent): number {
  return event.kind === 'notice' ? 0 : event.step;
}

/** `50 %`, `33.3 %`. */
export function percent(share: number): string {
  // 100 × 0.14 is not quite 14.
  const value = Number((100 * share).toFixed(9));
  return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/** What a chart says to those who do not see it. */
export function describeCurve({ title, series, target, format }: Curve): string {
  const parts = series.map(({ name, points }) => {
    const [first] = points;
    const last = points.at(-1);
    if (first === undefined || last === undefined) return `${name}: nothing yet`;
    if (points.length === 1) return `${name}: ${format(first.value)} at step ${first.step}`;
    const values = points.map(({ value }) => value);
    const low = format(values.reduce((least, value) => Math.min(least, value)));
    const high = format(values.reduce((most, value) => Math.max(most, value)));
    return `${name}: from ${format(first.value)} at step ${first.step} to ${format(last.value)} at step ${last.step}, lowest ${low}, highest ${high}`;
  });
  if (target !== undefined) parts.push(`${target.name}: ${format(target.value)}`);
  return `${title}. ${parts.join('. ')}.`;
}
