// Inlay hints: what each line costs, for the lines that the editor shows. Tooltips and the place that a width is written
// at are asked for one by one.

import type { InlayHint, InlayHintParams, Location } from 'vscode-languageserver/node';
import * as v from 'valibot';
import { hover } from '../analysis/hover.ts';
import { inlayHints } from '../analysis/inlay-hints.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { SourceSpan } from '../common/source-span.ts';
import { editableLeaves } from '../network/width-origin.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

/** What a hint carries to its resolution. The client sends it back as it pleases, so it is checked. */
const hintDataSchema = v.object({ uri: v.string(), offset: v.number(), version: v.number() });

export function provideInlayHints(
  { session, settings }: AnalysisContext,
  { textDocument: { uri }, range }: InlayHintParams,
  cancellation: Cancellation,
): InlayHint[] {
  const positions = positionsIn(session, uri);
  if (positions === undefined) return [];
  const wanted = { start: positions.offset(range.start), end: positions.offset(range.end) };
  const version = session.versionOf(uri) ?? 0;
  return inlayHints(session, uri, settings, wanted, cancellation).map((hint) => ({
    position: positions.position(hint.offset),
    label: [{ value: hint.label }],
    paddingLeft: true,
    data: { uri, offset: hint.hoverOffset, version } satisfies v.InferOutput<typeof hintDataSchema>,
  }));
}

/** Adds the hover of the hint's line and a way to where its width is written, unless the text has changed since. */
export function resolveInlayHint(context: AnalysisContext, hint: InlayHint, cancellation: Cancellation): InlayHint {
  const data = v.safeParse(hintDataSchema, hint.data);
  if (!data.success || context.session.versionOf(data.output.uri) !== data.output.version) return hint;
  const { uri, offset } = data.output;
  const found = hover(context.session, uri, offset, context.settings, cancellation);
  if (found === undefined) return hint;
  const location = widthLocation(context, uri, offset, cancellation);
  return {
    ...hint,
    tooltip: { kind: 'markdown', value: found.markdown },
    ...(location !== undefined &&
      typeof hint.label !== 'string' && { label: hint.label.map((part) => ({ ...part, location })) }),
  };
}

/** Where the widths of the layers made at an offset are written, if that is one place. */
function widthLocation(
  context: AnalysisContext,
  uri: string,
  offset: number,
  cancellation: Cancellation,
): Location | undefined {
  const places = new Map<string, SourceSpan>();
  for (const model of context.session.modelsIn(uri, cancellation)) {
    for (const op of model.graph.ops) {
      const site = op.site?.span.document === uri ? model.place(op.site.span) : undefined;
      if (site?.start !== offset || op.outWidth === undefined) continue;
      for (const { span } of editableLeaves(op.outWidth)) {
        const placed = model.place(span);
        if (placed !== undefined) places.set(`${placed.document}:${String(placed.start)}`, placed);
      }
    }
  }
  const [only] = places.values();
  const positions = only === undefined ? undefined : positionsIn(context.session, only.document);
  if (only === undefined || positions === undefined || places.size > 1) return undefined;
  return { uri: only.document, range: positions.range(only.start, only.end) };
}
