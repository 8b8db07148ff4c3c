// Cooperative cancellation without a dependency: the shape that VS Code's tokens have too.

/** Asked inside long loops; always the last parameter. */
export interface Cancellation {
  readonly isCancellationRequested: boolean;
}

/** For callers that never cancel. */
export const neverCancelled: Cancellation = { isCancellationRequested: false };
