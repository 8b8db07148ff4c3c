// Running figures of a training: means since the last report, speed, and the time that is left. Only time in which this
// process trained counts: a run that was interrupted or paused does not get slower by it.

/** The first steps of a process allocate and load; they say nothing of those to come. */
const warmUpSteps = 3;
/** The pace is the mean of about as many steps: enough to spread checkpoints, few enough to follow a machine that slows down. */
const paceSteps = 200;
/** What testing a batch takes of training on it: of forward pass and both products of the backward pass, the forward pass. */
const testShare = 1 / 3;

export class Averages {
  readonly #testSteps: number;
  #images = 0;
  #correct: number | undefined;
  #loss = 0;
  #steps = 0;
  #elapsedMs = 0;
  #allSteps = 0;
  #paceMs = 0;

  /** `testBatches` are tested after the last step, which is part of the time that is left. */
  constructor(testBatches = 0) {
    this.#testSteps = testBatches * testShare;
  }

  add(loss: number, correct: number | undefined, images: number, elapsedMs: number): void {
    this.#images += images;
    if (correct !== undefined) this.#correct = (this.#correct ?? 0) + correct;
    this.#loss += loss;
    this.#elapsedMs += elapsedMs;
    this.#steps++;
    this.#allSteps++;
    // While there is nothing better, the last step of the warm-up is the pace.
    const counted = Math.min(paceSteps, Math.max(1, this.#allSteps - warmUpSteps));
    this.#paceMs += (elapsedMs - this.#paceMs) / counted;
  }

  /** The figures since the last call, which starts anew. */
  take(stepsLeft: number): {
    readonly loss: number;
    readonly accuracy?: number;
    readonly stepMs: number;
    readonly secondsLeft: number;
  } {
    const steps = Math.max(1, this.#steps);
    const figures = {
      loss: this.#loss / steps,
      ...(this.#correct !== undefined && { accuracy: this.#images === 0 ? 0 : this.#correct / this.#images }),
      stepMs: this.#elapsedMs / steps,
      secondsLeft: (this.#paceMs * (stepsLeft + this.#testSteps)) / 1000,
    };
    this.#correct = undefined;
    this.#images = this.#loss = this.#steps = this.#elapsedMs = 0;
    return figures;
  }
}
