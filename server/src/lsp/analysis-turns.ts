// Evaluation is done in turns of one model each: between two of them messages are heard, so that a request that nobody wants
// any more and a text that was replaced cost no more than the model that was being evaluated when they came.

import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Cancellation } from '../common/cancellation.ts';
import { guardRequest, yieldToMessages } from './requests.ts';
import type { ServerContext } from './server-context.ts';

interface AboutDocument {
  readonly textDocument: { readonly uri: string };
}

/** A request's handler; what it needs of the analysis is there when it is called. */
type Provide<Params, Result> = (
  context: ServerContext,
  params: Params,
  cancellation: Cancellation,
) => Result | Promise<Result>;

/** What a request wants: the document's models and those that show in it, or as many as can be shown at once. */
type Wanted = 'all-models' | 'models-to-show';

/**
 * Wraps the handler of a request about a document as `guardRequest` does. Asking about a document is looking at it, which
 * `lookedAt` is told. If a newer text comes in before the models are evaluated, the request gets the protocol's answer for
 * that, and the client asks again.
 */
export function guardDocumentRequest<Params extends AboutDocument, Result>(
  { context, lookedAt }: { readonly context: ServerContext; readonly lookedAt: (uri: string) => void },
  name: string,
  fallback: Result,
  wanted: Wanted,
  provide: Provide<Params, Result>,
): (params: Params, cancellation: Cancellation) => Promise<Result | ResponseError> {
  return guardRequest<Params, Result | ResponseError>(context.log, name, fallback, async (params, cancellation) => {
    const { uri } = params.textDocument;
    lookedAt(uri);
    if (!(await evaluateInTurns(context, uri, wanted, cancellation)))
      return new ResponseError(LSPErrorCodes.ContentModified, 'The document has changed.');
    return provide(context, params, cancellation);
  });
}

/**
 * Evaluates what a request will want. False when a newer text has come in: the answer would be to the older one. For a
 * request that is cancelled nothing more is evaluated.
 */
export async function evaluateInTurns(
  { session }: ServerContext,
  uri: string,
  wanted: Wanted,
  cancellation: Cancellation,
): Promise<boolean> {
  const version = session.versionOf(uri);
  const next = (): boolean =>
    wanted === 'all-models' ? session.analyzeNext(uri, cancellation) : session.analyzeNextToShow(uri, cancellation);
  while (!cancellation.isCancellationRequested && next()) {
    await yieldToMessages();
    if (session.versionOf(uri) !== version) return false;
  }
  return true;
}
