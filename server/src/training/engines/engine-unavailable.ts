// Why an engine can't be had on a machine, and what the user can do about it.

export class EngineUnavailable extends Error {
  /** A sentence. */
  readonly remedy: string;

  /** `reason` follows the engine's name and a colon. */
  constructor(reason: string, remedy: string) {
    super(reason);
    this.name = 'EngineUnavailable';
    this.remedy = remedy;
  }
}
