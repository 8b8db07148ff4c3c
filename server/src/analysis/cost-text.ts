// Costs in words, as hints, hovers and lenses show them; every number names its unit and how sure it is.

import type { Count } from '../common/count.ts';
import { formatCount, formatLatency } from '../common/number-format.ts';
import type { Cost } from '../costs/cost-report.ts';
import { unitOfConvention } from '../costs/named-convention.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import { formatShape, type Shape } from '../network/shape.ts';
import type { AnalysisSettings } from './analysis-settings.ts';

/** `37.7 MMACs`, `≥ 75.4 MFLOPs`, `? MACs`. */
export function operationsText(cost: Cost, convention: AnalysisSettings['convention']): string {
  return formatCount(cost.operations, unitOfConvention(convention));
}

/** The convention behind a total that MACs or FLOPs alone don't name: ` (fvcore)`. */
export function conventionMark(convention: AnalysisSettings['convention']): string {
  return convention === 'macs' || convention === 'flops' ? '' : ` (${convention})`;
}

/** `36.9 k`, `≥ 36.9 k` or `?`; hints and lenses add the word. */
export function paramsText(cost: Cost): string {
  return formatCount(cost.params);
}

/** `0.21 ms`. */
export function latencyText(cost: Cost): string {
  return formatLatency(cost.latencyMs);
}

/** The part's share of the whole's operations: `12.5 %`, `< 0.1 %`, `?`. Of a lower bound a share is an upper one. */
export function shareText(part: Cost, whole: Cost): string {
  if (part.operations.kind === 'unknown' || whole.operations.kind === 'unknown') return '?';
  const percent = whole.operations.value === 0 ? 0 : (100 * part.operations.value) / whole.operations.value;
  const share = percent === 0 ? '0 %' : percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
  return whole.operations.kind === 'exact' ? share : `≤ ${share}`;
}

/** `555 MMACs → 420 MMACs (−24 %), 11.2 M → 8.41 M params (−25 %)`. */
export function savingText(before: Cost, after: Cost, convention: AnalysisSettings['convention']): string {
  const operations = `${operationsText(before, convention)} → ${operationsText(after, convention)}`;
  return `${operations}${changeText(before.macs, after.macs)}, ${paramsText(before)} → ${paramsText(after)} params${changeText(before.params, after.params)}`;
}

function changeText(before: Count, after: Count): string {
  const change = percentChange(before, after);
  return change === '' ? '' : ` (${change})`;
}

/** `−24 %`, `+0.4 %`; nothing where one of them is not known, or nothing changes. */
export function percentChange(before: Count, after: Count): string {
  if (before.kind !== 'exact' || after.kind !== 'exact' || before.value === 0) return '';
  const percent = (100 * (after.value - before.value)) / before.value;
  if (percent === 0) return '';
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(digits)} %`;
}

/** The shape of one image: `64×32×32`. */
export function imageShapeText(shape: Shape): string {
  return shape.length <= 1 ? formatShape(shape) : formatShape(shape.slice(1));
}

/** One shape, or the first and the last where several differ: `16×32×32 … 64×8×8`. */
export function shapesText(shapes: readonly Shape[]): string {
  const texts = shapes.map(imageShapeText);
  const first = texts[0] ?? '';
  const last = texts.at(-1) ?? first;
  return texts.every((text) => text === first) ? first : `${first} … ${last}`;
}

/** An entry's input: `3×32×32`, with `(assumed)` where nothing in the project says it. */
export function inputText({ input }: ModelEntry): string {
  const shapes = input.shapes.map(formatShape).join(', ');
  return input.from === 'default' ? `${shapes} (assumed)` : shapes;
}
