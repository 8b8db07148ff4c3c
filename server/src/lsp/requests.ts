// Every handler goes through here, so that one broken feature ends neither the server nor the other features.

import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Cancellation } from '../common/cancellation.ts';
import type { ServerLog } from './server-log.ts';

/** A message is read, decoded and put into the queue, and handled, each in a round of its own; one more for good measure. */
const roundsToHear = 4;

/** Lets messages that wait already (a cancellation, a newer text) be handled first. */
export async function yieldToMessages(): Promise<void> {
  for (let round = 0; round < roundsToHear; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** Asked anew each time: tokens change while we wait, which the compiler does not know. */
const isCancelled = (cancellation: Cancellation): boolean => cancellation.isCancellationRequested;

const cancelled = (): ResponseError => new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled');

/**
 * Wraps a request's handler. It answers `fallback` when the handler throws, which is logged once; a cancelled request gets
 * the protocol's code for that. The parameters come from outside: handlers of our own requests check them.
 */
export function guardRequest<Params, Result>(
  log: ServerLog,
  name: string,
  fallback: Result,
  handle: (params: Params, cancellation: Cancellation) => Result | Promise<Result>,
): (params: Params, cancellation: Cancellation) => Promise<Result | ResponseError> {
  return async (params, cancellation) => {
    await yieldToMessages();
    if (isCancelled(cancellation)) return cancelled();
    try {
      const result = await handle(params, cancellation);
      return isCancelled(cancellation) ? cancelled() : result;
    } catch (error) {
      log.failure(name, error);
      return fallback;
    }
  };
}

/** Wraps a notification's handler or a piece of work that nobody waits for. */
export function guardEvent<Params extends readonly unknown[]>(
  log: ServerLog,
  name: string,
  handle: (...params: Params) => void | Promise<void>,
): (...params: Params) => Promise<void> {
  return async (...params) => {
    try {
      await handle(...params);
    } catch (error) {
      log.failure(name, error);
    }
  };
}
