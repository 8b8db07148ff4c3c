// Folders of runs for tests: temporary ones that go when the test ends, and a config that says nothing special.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';

/** An empty folder for the test that runs. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A whole config: few steps, one thread, and the changes. */
export function runConfig(changes: Partial<RunConfig> = {}): RunConfig {
  return {
    version: 1,
    model: { document: 'file:///models/small%20net.py', entry: 'Small', input: [[1, 1, 8, 8]] },
    data: { kind: 'idx', path: '/no/such/data' },
    target: { resource: 'flops', fraction: 0.5 },
    algorithm: 'auto',
    threshold: 0.01,
    batchSize: 8,
    learningRate: 0.01,
    optimizer: 'adam',
    weightDecay: 0,
    steps: 40,
    seed: 1,
    engine: 'auto',
    threads: 1,
    aliveEvery: 5,
    checkpointEvery: 10,
    device: { name: 'Test', peakGflopsPerSecond: 100, memoryGigabytesPerSecond: 10 },
    ...changes,
  };
}
