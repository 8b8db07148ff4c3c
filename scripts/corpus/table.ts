// The corpus's results as text: one row a builder, and the four figures of every group.

import type { Count } from '../../server/src/common/count.ts';
import type { Layers, Outcome, Row } from './compare.ts';

const columns = [
  'builder',
  'group',
  'outcome',
  'params',
  'true params',
  'MACs',
  'true MACs',
  'layers',
  'names equal',
  'lines equal',
  'layer MACs equal',
  'backbone layers equal',
  'ms',
  'first difference or reason',
] as const;

function countText(count: Count | undefined): string {
  if (count === undefined || count.kind === 'unknown') return 'unknown';
  return count.kind === 'exact' ? String(count.value) : `>= ${String(count.value)}`;
}

/** How many layers have the name, the line and the multiply-adds that they should. */
const allEqual = ({ namesEqual, linesEqual, macsEqual }: Layers): number => Math.min(namesEqual, linesEqual, macsEqual);

const backboneText = (layers: Layers | undefined): string =>
  layers === undefined ? '' : `${allEqual(layers)}/${layers.count}`;

function cells(row: Row): readonly string[] {
  return [
    row.name,
    row.group,
    row.outcome,
    countText(row.params),
    String(row.trueParams ?? ''),
    countText(row.macs),
    String(row.trueMacs ?? ''),
    String(row.layers.count),
    String(row.layers.namesEqual),
    String(row.layers.linesEqual),
    String(row.layers.macsEqual),
    backboneText(row.backbone),
    row.milliseconds.toFixed(0),
    [row.layers.difference, row.reason].filter(Boolean).join('; ').replaceAll(/\s+/g, ' '),
  ];
}

/** Tab-separated, one line a builder, for a spreadsheet or `sort`. */
export function tableText(rows: readonly Row[]): string {
  return [columns, ...rows.map(cells)].map((line) => `${line.join('\t')}\n`).join('');
}

/** One line for the terminal. */
export function rowText(row: Row): string {
  const { layers, outcome } = row;
  const uneven = layers.namesEqual < layers.count || layers.linesEqual < layers.count ? layers.difference : undefined;
  const why = [uneven, outcome === 'exact' ? undefined : row.reason].filter(Boolean).join('; ');
  return `${outcome.padEnd(8)} ${row.milliseconds.toFixed(0).padStart(5)} ms  ${row.name}${why && `  ${why.slice(0, 200)}`}`;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}

function sum(rows: readonly Row[], pick: (layers: Layers) => number): number {
  return rows.reduce((total, { layers }) => total + pick(layers), 0);
}

/** Rounded down, so that only all is 100 %. */
const share = (part: number, whole: number): string =>
  whole === 0 ? '' : `${(Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;

function summaryCells(name: string, rows: readonly Row[]): readonly string[] {
  const judged = rows.filter(({ outcome }) => outcome !== 'no truth');
  const number = (wanted: Outcome): number => judged.filter(({ outcome }) => outcome === wanted).length;
  const layers = sum(judged, (each) => each.count);
  const backbones = judged.flatMap(({ backbone }) => backbone ?? []);
  const exactBackbones = backbones.filter((each) => allEqual(each) === each.count);
  return [
    name,
    String(judged.length),
    `${number('exact')} (${share(number('exact'), judged.length)})`,
    String(number('at least')),
    String(number('wrong')),
    String(number('none')),
    String(rows.length - judged.length),
    String(layers),
    share(
      sum(judged, (each) => each.namesEqual),
      layers,
    ),
    share(
      sum(judged, (each) => each.linesEqual),
      layers,
    ),
    backbones.length === 0 ? '' : `${exactBackbones.length} of ${backbones.length}`,
    `${median(rows.map(({ milliseconds }) => milliseconds)).toFixed(0)} ms`,
  ];
}

/** The figures of every group as a Markdown table. */
export function summaryText(rows: readonly Row[]): string {
  const heads = [
    'group',
    'builders',
    'exact',
    'at least',
    'wrong',
    'none',
    'no truth',
    'layers',
    'names',
    'lines',
    'exact backbones',
    'time',
  ];
  const groups = [...new Set(rows.map(({ group }) => group))];
  const timm = rows.filter(({ group }) => group.startsWith('timm'));
  const lines = [
    heads,
    heads.map(() => '---'),
    ...groups.map((name) =>
      summaryCells(
        name,
        rows.filter(({ group }) => group === name),
      ),
    ),
    ...(timm.length > 0 ? [summaryCells('timm, all', timm)] : []),
    summaryCells('all', rows),
  ];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}
