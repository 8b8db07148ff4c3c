// Loss and accuracy on test images.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import type { Batches } from '../data/batches.ts';
import type { TrainingSession } from '../engines/engine.ts';

export interface TestResult {
  readonly loss: number;
  /** Absent where no output tells classes apart. */
  readonly accuracy?: number;
  readonly images: number;
}

/** Evaluates on at most `limit` test images; undefined when it was cancelled. Fails when too many files are unreadable. */
export async function evaluateOnTest(
  session: TrainingSession,
  batches: Batches,
  limit: number,
  cancellation: Cancellation,
): Promise<Result<TestResult | undefined>> {
  let images = 0;
  let correct: number | undefined;
  let loss = 0;
  for await (const next of batches.test(limit)) {
    if (!next.ok) return next;
    const batch = next.value;
    // The engine blocks while it computes: this is where a word from the parent is heard.
    await new Promise((resolve) => setImmediate(resolve));
    if (cancellation.isCancellationRequested) return { ok: true, value: undefined };
    const result = await session.evaluate(batch);
    const count = batch.labels.length;
    images += count;
    if (result.correct !== undefined) correct = (correct ?? 0) + result.correct;
    loss += result.loss * count;
  }
  const mean = (sum: number): number => (images === 0 ? 0 : sum / images);
  return {
    ok: true,
    value: { images, loss: mean(loss), ...(correct !== undefined && { accuracy: mean(correct) }) },
  };
}
