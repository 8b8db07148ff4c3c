// The learning rate of trainings from scratch.

/** Falls from the full rate at step 0 to zero at the end, along half a cosine. */
export function fallingRate(learningRate: number, step: number, steps: number): number {
  return learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
}
