// Folders of runs for tests: temporary ones that go when the test ends, and a config that says nothing special.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { URI } from 'vscode-uri';
import type { RunConfig } from '../../server/src/protocol/run-config.ts';

/** An empty folder for the test that runs. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'morphnet-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The URI of a model in a workspace folder. */
export function modelIn(workspace: string, name = 'models/small net.py'): string {
  return URI.file(join(workspace, name)).toString();
}

/** The settings of a run that a workspace holds; see `runConfig`. */
export function runConfigIn(workspace: string, changes: Partial<RunConfig> = {}): RunConfig {
  return runConfig({ model: { document: modelIn(workspace), entry: 'Small', input: [[1, 1, 8, 8]] }, ...changes });
}

/** A whole config: few steps, one thread, and the changes. Its model lies in the folder that the tests work in. */
export function runConfig(changes: Partial<RunConfig> = {}): RunConfig {
  return {
    version: 1,
    model: { document: modelIn(process.cwd()), entry: 'Small', input: [[1, 1, 8, 8]] },
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
