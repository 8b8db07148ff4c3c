// Statements about our own code. A user's input never reaches these.

/** Closes an exhaustive switch; a value that arrives here is a bug of ours. */
export function assertUnreachable(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
