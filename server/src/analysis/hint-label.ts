// The text of a hint. VS Code cuts what a line shows in hints at 43 characters (`editor.inlayHints.maximumLength`), in the
// middle of a number if need be, so a hint is made to fit: what matters least is left to the hover.

import type { Cost } from '../costs/cost-report.ts';
import type { Shape } from '../network/shape.ts';
import type { AnalysisSettings } from './analysis-settings.ts';
import { latencyText, operationsText, paramsText, shapesText } from './cost-text.ts';

/** Characters of the longest hint, with room for the space in front of it. */
export const longestHint = 40;

export interface HintContent {
  readonly cost: Cost;
  /** Output shapes with the batch, one a layer, in network order. */
  readonly shapes: readonly Shape[];
  /** How many layers the line makes. */
  readonly layers: number;
  /** Widths that a run proposes for layers of the line, as present and proposed channels. */
  readonly proposals: readonly { readonly before: number; readonly after: number }[];
  /** Whether the input's size is assumed, since nothing in the project tells it. */
  readonly assumed: boolean;
  /** What a statement of the line gives a name to; see `flowText`. */
  readonly flow?: string | undefined;
  /** Whether the figures are of the last text that could be read. */
  readonly stale: boolean;
}

/**
 * `245 MMACs · 4.72 M params · 16 → 8 · ×8`, at most `longestHint` characters. The wanted quantities come in the order of the
 * settings; where not all fit, the last ones go first, then the number of layers.
 */
export function hintLabel(content: HintContent, { hints, convention }: AnalysisSettings): string {
  const { cost, shapes, layers, stale } = content;
  const quantities = hints.quantities.map((quantity) => {
    switch (quantity) {
      case 'shape':
        return shapesText(shapes);
      case 'operations':
        return `${content.assumed ? '~' : ''}${operationsText(cost, convention)}`;
      case 'params':
        return `${paramsText(cost)} params`;
      case 'latency':
        return `${content.assumed ? '~' : ''}${latencyText(cost)}`;
    }
  });
  // The shape of what flows is of less use here than behind a line without layers; of the same shape it is said once.
  const flow = content.flow !== undefined && !quantities.includes(content.flow) ? [content.flow] : [];
  const wanted = [...quantities, ...flow].filter((text) => text !== '');
  const proposal = proposalText(content.proposals);
  const number = layers > 1 ? [`×${String(layers)}`] : [];
  const mark = stale ? ['stale'] : [];
  // Not the unit `params` and no other is given up for a whole figure: without it the number says nothing.
  for (let kept = wanted.length; kept > 0; kept--) {
    const label = [...wanted.slice(0, kept), ...proposal, ...number, ...mark].join(' · ');
    if (label.length <= longestHint) return label;
  }
  const label = [...wanted.slice(0, 1), ...proposal, ...mark].join(' · ');
  return label.length <= longestHint ? label : (wanted[0] ?? '').slice(0, longestHint);
}

/** `~64×32×32 +7`: the shape of what a statement gives a name to, behind a line without layers. */
export function flowLabel({
  text,
  assumed,
  stale,
}: {
  readonly text: string;
  readonly assumed: boolean;
  readonly stale: boolean;
}): string {
  const mark = stale ? ' · stale' : '';
  const label = `${assumed ? '~' : ''}${text}`;
  return label.length + mark.length <= longestHint ? `${label}${mark}` : `${label.slice(0, longestHint - 1)}…`;
}

/** `16 → 8`; of several different ones the first, with `…`. */
function proposalText(proposals: HintContent['proposals']): readonly string[] {
  const texts = new Set(proposals.map(({ before, after }) => `${String(before)} → ${String(after)}`));
  const [first] = texts;
  if (first === undefined) return [];
  return [texts.size > 1 ? `${first} …` : first];
}
