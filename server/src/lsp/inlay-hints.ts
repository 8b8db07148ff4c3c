// Inlay hints: what each line costs, for the lines that the editor shows. Tooltips are asked for one by one.

import { MarkupKind, type InlayHint, type InlayHintParams } from 'vscode-languageserver/node';
import * as v from 'valibot';
import { hover } from '../analysis/hover.ts';
import { inlayHints } from '../analysis/inlay-hints.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { positionsIn, type ServerContext } from './server-context.ts';

/** What a hint carries to its resolution. The client sends it back as it pleases, so it is checked. */
const hintDataSchema = v.object({ uri: v.string(), offset: v.number(), version: v.number() });

export async function provideInlayHints(
  context: ServerContext,
  { textDocument: { uri }, range }: InlayHintParams,
  cancellation: Cancellation,
): Promise<InlayHint[]> {
  const { session } = context;
  const settings = await context.settings.of(uri);
  const positions = positionsIn(session, uri);
  if (positions === undefined || cancellation.isCancellationRequested) return [];
  const wanted = { start: positions.offset(range.start), end: positions.offset(range.end) };
  const version = session.versionOf(uri) ?? 0;
  return inlayHints(session, uri, settings, wanted, cancellation).map((hint) => ({
    position: positions.position(hint.offset),
    label: hint.label,
    paddingLeft: true,
    data: { uri, offset: hint.hoverOffset, version } satisfies v.InferOutput<typeof hintDataSchema>,
  }));
}

/** Adds the hover of the hint's line as tooltip, unless the text has changed since. */
export async function resolveInlayHint(
  context: ServerContext,
  hint: InlayHint,
  cancellation: Cancellation,
): Promise<InlayHint> {
  const data = v.safeParse(hintDataSchema, hint.data);
  if (!data.success || context.session.versionOf(data.output.uri) !== data.output.version) return hint;
  const { uri, offset } = data.output;
  const settings = await context.settings.of(uri);
  const found = hover(context.session, uri, offset, settings, cancellation);
  if (found === undefined) return hint;
  return { ...hint, tooltip: { kind: MarkupKind.Markdown, value: found.markdown } };
}
