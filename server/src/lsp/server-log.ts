// Where the server's own troubles go: the client's output channel, each once.

/** The connection's console has this shape. */
export interface LogSink {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
}

/** Enough different failures to tell what is wrong; more would only fill memory. */
const maxRemembered = 500;

export class ServerLog {
  readonly #sink: LogSink;
  readonly #seen = new Set<string>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  /** A bug of ours in a feature: said once with its cause, since the same text would fail at every key stroke. */
  failure(feature: string, cause: unknown): void {
    const reason = describeFailure(cause);
    if (this.#once(`${feature}\n${reason}`)) this.#sink.error(`${feature} failed: ${reason}`);
  }

  /** Something that the user can mend but that no document shows. */
  warning(message: string): void {
    if (this.#once(message)) this.#sink.warn(message);
  }

  #once(key: string): boolean {
    if (this.#seen.has(key)) return false;
    if (this.#seen.size >= maxRemembered) this.#seen.clear();
    this.#seen.add(key);
    return true;
  }
}

/** An error with its causes. */
export function describeFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause === undefined ? '' : `\nCaused by: ${describeFailure(cause.cause)}`;
  return (cause.stack ?? cause.message) + inner;
}
