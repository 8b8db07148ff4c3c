// Running figures of a training: means since the last report, speed, and the time that is left.

export class Averages {
  #images = 0;
  #correct = 0;
  #loss = 0;
  #steps = 0;
  #elapsedMs = 0;
  /** Smoothed over reports, so that one slow step does not make the time left jump. */
  #stepMs: number | undefined;

  add(loss: number, correct: number, images: number, elapsedMs: number): void {
    this.#loss += loss;
    this.#correct += correct;
    this.#images += images;
    this.#elapsedMs += elapsedMs;
    this.#steps++;
  }

  /** The figures since the last call, which starts anew. */
  take(stepsLeft: number): {
    readonly loss: number;
    readonly accuracy: number;
    readonly stepMs: number;
    readonly secondsLeft: number;
  } {
    const steps = Math.max(1, this.#steps);
    const recent = this.#elapsedMs / steps;
    this.#stepMs = this.#stepMs === undefined ? recent : 0.7 * this.#stepMs + 0.3 * recent;
    const figures = {
      loss: this.#loss / steps,
      accuracy: this.#images === 0 ? 0 : this.#correct / this.#images,
      stepMs: recent,
      secondsLeft: (this.#stepMs * stepsLeft) / 1000,
    };
    this.#images = this.#correct = this.#loss = this.#steps = this.#elapsedMs = 0;
    return figures;
  }
}
