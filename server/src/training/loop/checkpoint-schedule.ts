// When a training saves its state: every so many steps, and more often where steps are long. The engine hears nothing while it
// computes, so a run that is to end soon is ended in the middle of a long step and goes on from its last checkpoint.

/** Shorter steps, in milliseconds, come to their end in the time in which a run has to hear that it should end. */
const longStep = 500;
/** Saving takes at most one part in so many of the time, whatever a step takes. */
const savingShare = 10;

export class CheckpointSchedule {
  readonly #every: number;
  readonly #now: () => number;
  readonly #first: number;
  #lastStepMs = 0;
  #savingMs = 0;
  #savedAt: number;

  /** A checkpoint every `every` steps at least; `first` is where this process begins, and `now` a clock in milliseconds. */
  constructor(every: number, first: number, now: () => number) {
    this.#every = every;
    this.#first = first;
    this.#now = now;
    this.#savedAt = now();
  }

  /** Whether the state is to be saved before a step. */
  isDue(step: number): boolean {
    if (step === this.#first) return false;
    if (step % this.#every === 0) return true;
    return this.#lastStepMs >= longStep && this.#now() - this.#savedAt >= savingShare * this.#savingMs;
  }

  /** To be told what each step took. */
  stepTook(milliseconds: number): void {
    this.#lastStepMs = milliseconds;
  }

  /** Saves, and notes what that took. */
  async save<T>(write: () => Promise<T>): Promise<T> {
    const started = this.#now();
    const written = await write();
    this.#savedAt = this.#now();
    this.#savingMs = this.#savedAt - started;
    return written;
  }
}
