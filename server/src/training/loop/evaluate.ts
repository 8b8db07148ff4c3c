// Loss and accuracy on test images.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Result } from '../../common/problem.ts';
import type { Batches } from '../data/batches.ts';
import type { TrainingSession } from '../engines/engine.ts';

export interface TestResult {
  readonly loss: number;
  readonly accuracy: number;
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
  let correct = 0;
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
    correct += result.correct;
    loss += result.loss * count;
  }
  const value = { images, accuracy: images === 0 ? 0 : correct / images, loss: images === 0 ? 0 : loss / images };
  return { ok: true, value };
}
