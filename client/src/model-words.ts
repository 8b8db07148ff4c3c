// What the client says of models and picks among their layers. No editor in here.

import { modelSources } from '../../server/src/protocol/languages.ts';
import type { ModelSummary } from '../../server/src/protocol/lsp-extensions.ts';
import type { CostTable, CostTableRow, TriedCosts } from '../../server/src/protocol/cost-table.ts';

/** The layer with the most operations among those that stand in the source. */
export function mostExpensive(rows: readonly CostTableRow[]): CostTableRow | undefined {
  const amount = ({ operations }: CostTableRow): number => operations.value ?? 0;
  return rows
    .filter((row) => row.place !== null && amount(row) > 0)
    .toSorted((one, other) => amount(other) - amount(one))[0];
}

/** Colours of lines by their share of the operations, the smallest first; what costs less has none. */
export const heatSteps = [
  { atLeast: 0.03, color: 'charts.yellow' },
  { atLeast: 0.1, color: 'charts.orange' },
  { atLeast: 0.25, color: 'charts.red' },
] as const;

/** The lines of a document that make layers of a model, each with the colour of their share; none where the total is not known. */
export function heatLines(
  { rows, totals }: Pick<CostTable, 'rows' | 'totals'>,
  uri: string,
): readonly { readonly line: number; readonly step: number }[] {
  const total = totals.operations;
  if (total.value === null || total.value === 0 || total.atLeast) return [];
  const sums = new Map<number, number>();
  for (const { place, operations } of rows) {
    if (place?.uri === uri) sums.set(place.line, (sums.get(place.line) ?? 0) + (operations.value ?? 0));
  }
  const whole = total.value;
  return [...sums].flatMap(([line, sum]) => {
    const step = heatSteps.findLastIndex(({ atLeast }) => sum / whole >= atLeast);
    return step === -1 ? [] : [{ line, step }];
  });
}

/** `ResNet18() · 3×32×32`; a file of one model without a name is named by its input alone. */
export function statusText(models: readonly ModelSummary[]): string {
  const [chosen] = models;
  if (chosen === undefined) return 'MorphNet';
  const input = chosen.input.map((shape) => shape.join('×')).join(', ');
  return [chosen.entry, input].filter((part) => part !== '').join(' · ');
}

/** Why a file has no model to work with, what is read, and the way on. `uri` is absent where no file is open. */
export function noModelWords(uri: string | undefined): string {
  const endings = modelSources.flatMap((source) => source.endings);
  const formats = `Models are read in files that end in ${endings.join(', ')}.`;
  if (uri === undefined) return `MorphNet: No file is open. ${formats} Open one, or choose a model in the view Models.`;
  const file = decodeURIComponent(uri.split('/').at(-1) ?? uri);
  if (!endings.some((ending) => file.toLowerCase().endsWith(ending)))
    return `MorphNet: ${file} is of a kind that models are not read from. ${formats} Choose one in the view Models.`;
  if (!file.toLowerCase().endsWith('.py'))
    return `MorphNet: ${file} holds no model that is read. Choose one in the view Models.`;
  return `MorphNet: No model was found in ${file}: neither a class or function that makes one without arguments nor a call of one. Name the one that is meant in a comment: # morphnet: entry=Model(10) input=3x32x32`;
}

/** `conv1 with 2 tied to it: 64 → 48`; of several groups the first, and how many more follow. */
export function changedWords(changed: TriedCosts['changed']): string {
  const [first] = changed;
  if (first === undefined) return '';
  const [name = '', ...others] = first.layers;
  const tied = others.length === 0 ? '' : ` with ${String(others.length)} tied to it`;
  const own = `${name}${tied}: ${String(first.before)} → ${String(first.after)}`;
  return changed.length === 1 ? own : `${own}; ${String(changed.length - 1)} more widths change`;
}
