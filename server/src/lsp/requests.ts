// Every handler goes through here, so that one broken feature ends neither the server nor the other features.

import { ResponseError, type CancellationToken } from 'vscode-languageserver/node';
import type { ServerLog } from './server-log.ts';

/**
 * Wraps a request's handler. It answers `fallback` when the handler throws, which is logged once; an error of the protocol's
 * (cancelled, outdated) is the answer. The parameters come from outside: handlers of our own requests check them.
 */
export function guardRequest<Params, Result, ErrorData = void>(
  log: ServerLog,
  name: string,
  fallback: Result,
  handle: (params: Params, token: CancellationToken) => Result | Promise<Result>,
): (params: Params, token: CancellationToken) => Promise<Result | ResponseError<ErrorData>> {
  return async (params, token) => {
    try {
      return await handle(params, token);
    } catch (error) {
      if (error instanceof ResponseError) return error;
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
