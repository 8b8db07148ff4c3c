// The shapes of the tensors that statements give names to: one statement, as many shapes as it ran in different calls.

import type { LineIndex } from '../common/line-index.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { Shape } from '../network/shape.ts';
import type { AnalyzedModel } from './analyzed-model.ts';
import { imageShapeText } from './cost-text.ts';

/** What one statement gave names to, each time that it ran. `span` is where it stands now. */
export interface StatementFlow {
  readonly model: AnalyzedModel;
  readonly span: SourceSpan;
  /** In the order of the calls; `within` names the layer whose forward ran, empty for the model itself. */
  readonly calls: readonly { readonly shapes: readonly Shape[]; readonly within: string }[];
}

/** The statements of a document that give tensors of a model names, in text order. */
export function flowsIn(model: AnalyzedModel, document: string): readonly StatementFlow[] {
  const statements = new Map<number, { span: SourceSpan; calls: { shapes: readonly Shape[]; within: string }[] }>();
  for (const { span, shapes, within } of model.flows) {
    if (span.document !== document) continue;
    const known = statements.get(span.start);
    if (known === undefined) statements.set(span.start, { span, calls: [{ shapes, within }] });
    else known.calls.push({ shapes, within });
  }
  return [...statements.values()]
    .flatMap(({ span, calls }): readonly StatementFlow[] => {
      const placed = model.place(span);
      return placed === undefined ? [] : [{ model, span: placed, calls }];
    })
    .sort((left, right) => left.span.start - right.span.start);
}

/** The statements by the line that closes them, of the first model that has any there; a line's first statement. */
export function flowLines(
  models: readonly AnalyzedModel[],
  document: string,
  lines: LineIndex,
): ReadonlyMap<number, StatementFlow> {
  const byLine = new Map<number, StatementFlow>();
  for (const flow of models.flatMap((model) => flowsIn(model, document))) {
    const { line } = lines.positionAt(flow.span.end);
    if (!byLine.has(line)) byLine.set(line, flow);
  }
  return byLine;
}

/** `64×32×32`; `64×32×32 +7` where seven more calls follow. */
export function flowText({ calls }: StatementFlow): string {
  const [first, ...others] = calls;
  if (first === undefined) return '';
  return `${shapesList(first.shapes)}${others.length > 0 ? ` +${String(others.length)}` : ''}`;
}

/** One shape a tensor: `64×32×32`, `2 × 64×32×32` of equal ones, `64×32×32, 128×16×16`. */
export function shapesList(shapes: readonly Shape[]): string {
  const texts = shapes.map(imageShapeText);
  const [first = ''] = texts;
  const isAlike = texts.length > 1 && texts.every((text) => text === first);
  return isAlike ? `${String(texts.length)} × ${first}` : texts.join(', ');
}
