// Cooperative cancellation without a dependency: the shape that VS Code's tokens have too.

/** Asked inside long loops; always the last parameter. */
export interface Cancellation {
  readonly isCancellationRequested: boolean;
}

/** Asked anew each time: a token changes while work goes on, which the compiler does not know. */
export function isCancelled(cancellation: Cancellation): boolean {
  return cancellation.isCancellationRequested;
}

/** For callers that never cancel. */
export const neverCancelled: Cancellation = { isCancellationRequested: false };
