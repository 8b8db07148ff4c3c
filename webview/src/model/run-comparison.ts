// Runs side by side: what each came to, their curves in one chart, and the widths that each proposes. Ready to show.

import { formatAmount, formatMilliseconds } from '../../../server/src/common/number-format.ts';
import type { RunProposal, RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { convention } from './counting.ts';
import { curvesOf, percent, seriesRank, type Curve, type Series } from './curves.ts';
import { headerOf } from './run-header.ts';
import { effectiveEvents, latest } from './run-log.ts';

export interface ComparedRun {
  readonly id: string;
  /** `A`, `B`, and so on: what tables and charts call it. */
  readonly letter: string;
  /** Model, target and name of the run. */
  readonly description: string;
  readonly hasProposal: boolean;
}

export interface ComparedFigure {
  readonly name: string;
  /** One a run; a dash where a run has none. */
  readonly values: readonly string[];
  /** The runs whose figure is the best; empty where none is, or all are. */
  readonly best: readonly number[];
}

export interface ComparedWidths {
  readonly layer: string;
  /** The width that all runs began with, where it is one. */
  readonly seed: string;
  /** One a run. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

export interface RunComparison {
  readonly runs: readonly ComparedRun[];
  readonly figures: readonly ComparedFigure[];
  readonly curves: readonly Curve[];
  readonly widths: readonly ComparedWidths[];
}

const nothing = '–';

export function comparisonOf(runs: readonly RunSnapshot[], conventionName: CountingConventionName): RunComparison {
  const letters = runs.map((_, index) => String.fromCharCode('A'.charCodeAt(0) + index));
  return {
    runs: runs.map((run, index) => {
      const { model, facts } = headerOf(run);
      const target = facts.find(({ name }) => name === 'Target')?.value ?? '';
      return {
        id: run.id,
        letter: letters[index] ?? '',
        description: `${model} · ${target} · ${run.id}`,
        hasProposal: run.proposal !== undefined,
      };
    }),
    figures: figuresOf(runs, conventionName),
    curves: comparedCurves(runs, letters, conventionName),
    widths: widthsOf(runs),
  };
}

interface Measured {
  readonly value: number | undefined;
  readonly text: string;
}

function figuresOf(runs: readonly RunSnapshot[], conventionName: CountingConventionName): readonly ComparedFigure[] {
  const { perMac, unit } = convention(conventionName);
  const figure = (name: string, measure: (run: RunSnapshot) => Measured, better?: 'more' | 'less'): ComparedFigure => {
    const measured = runs.map(measure);
    return { name, values: measured.map(({ text }) => text), best: bestOf(measured, better) };
  };
  const cost = (key: keyof RunProposal['totals'], text: (value: number) => string) => (run: RunSnapshot) => {
    const total = run.proposal?.totals[key];
    if (total === undefined) return { value: undefined, text: nothing };
    const share = total.before > 0 ? `, ${(100 * (total.after / total.before)).toFixed(1)} %` : '';
    return { value: total.after, text: `${text(total.after)}${share}` };
  };
  const accuracy = (value: number | undefined): Measured => ({
    value,
    text: value === undefined ? nothing : `${(100 * value).toFixed(2)} %`,
  });
  const retrained = (which: 'seed' | 'proposal') => (run: RunSnapshot) => {
    const { retraining } = run;
    const found = retraining?.structures.find(({ name }) => name === which);
    if (found === undefined || retraining?.measure === 'loss') return { value: undefined, text: nothing };
    return accuracy(found.mean);
  };
  return [
    figure('Status', (run) => ({ value: undefined, text: headerOf(run).statusText })),
    figure('Steps', (run) => {
      const { step, totalSteps } = headerOf(run);
      return { value: undefined, text: `${String(step)} of ${String(totalSteps)}` };
    }),
    figure(
      `${unit} proposed`,
      cost('macs', (macs) => formatAmount(macs * perMac)),
      'less',
    ),
    figure('Parameters proposed', cost('params', formatAmount), 'less'),
    figure('Latency proposed', cost('latencyMs', formatMilliseconds), 'less'),
    figure(
      'Accuracy while shrinking',
      (run) => accuracy(latest(effectiveEvents(run.events), 'evaluated')?.accuracy),
      'more',
    ),
    figure('Accuracy of the proposal, trained from scratch', retrained('proposal'), 'more'),
    figure('Accuracy of the seed, trained from scratch', retrained('seed'), 'more'),
  ].filter(({ values }) => values.some((value) => value !== nothing));
}

function bestOf(measured: readonly Measured[], better: 'more' | 'less' | undefined): readonly number[] {
  const known = measured.flatMap(({ value }) => value ?? []);
  if (better === undefined || known.length < 2) return [];
  const best = better === 'more' ? Math.max(...known) : Math.min(...known);
  const those = measured.flatMap(({ value }, index) => (value === best ? index : []));
  return those.length === known.length ? [] : those;
}

/** One chart a quantity, with a line for each run. */
function comparedCurves(
  runs: readonly RunSnapshot[],
  letters: readonly string[],
  conventionName: CountingConventionName,
): readonly Curve[] {
  const all = runs.map((run) => curvesOf(run, conventionName));
  const lastStep = Math.max(1, ...all.flatMap((curves) => curves.map((curve) => curve.lastStep)));
  const seriesOf = (curves: readonly Curve[], id: Curve['id'], name: string): Series | undefined =>
    curves.find((curve) => curve.id === id)?.series.find((series) => series.name === name);
  // What was tested says more than what was trained on, where all runs have a curve of it.
  const sourceOf = (id: Curve['id']): 'test' | 'training' =>
    all.every((curves) => (seriesOf(curves, id, 'test')?.points.length ?? 0) > 1) ? 'test' : 'training';
  const lines = (id: Curve['id']): readonly Series[] =>
    all.map((curves, index) => ({
      name: letters[index] ?? '',
      rank: seriesRank(index),
      points: seriesOf(curves, id, sourceOf(id))?.points ?? [],
    }));
  const title = (words: string, id: Curve['id']): string =>
    sourceOf(id) === 'test' ? `${words} on test images` : `${words} while training`;
  const shares = runs.map((run, index): Series => ({
    name: letters[index] ?? '',
    rank: seriesRank(index),
    points: effectiveEvents(run.events).flatMap((event) =>
      event.kind === 'progress' && event.seedCost > 0 ? [{ step: event.step, value: event.cost / event.seedCost }] : [],
    ),
  }));
  const own = (id: Curve['id']): Curve | undefined => all[0]?.find((curve) => curve.id === id);
  const format = (id: Curve['id']): Curve['format'] => own(id)?.format ?? String;
  return [
    { id: 'loss', title: title('Loss', 'loss'), series: lines('loss'), lastStep, format: format('loss') },
    {
      id: 'accuracy',
      title: title('Accuracy', 'accuracy'),
      series: lines('accuracy'),
      lastStep,
      format: format('accuracy'),
    },
    {
      id: 'cost',
      title: 'Cost of the proposed structure, share of the seed’s, in what each run aims at',
      series: shares,
      lastStep,
      format: percent,
    },
  ];
}

/** Every layer that a run proposes a width for, in network order of the first run that has it. */
function widthsOf(runs: readonly RunSnapshot[]): readonly ComparedWidths[] {
  const proposed = runs.map(
    ({ proposal }) => new Map(proposal?.layers.map(({ name, width }) => [name, width] as const) ?? []),
  );
  const names = [...new Set(proposed.flatMap((layers) => [...layers.keys()]))];
  return names.map((layer) => {
    const widths = proposed.map((layers) => layers.get(layer));
    const seeds = new Set(widths.flatMap((width) => width?.before ?? []));
    const values = widths.map((width) => (width === undefined ? nothing : String(width.after)));
    return {
      layer,
      seed: seeds.size === 1 ? String([...seeds][0]) : nothing,
      values,
      differs: new Set(values).size > 1,
    };
  });
}
