// `morphnet engines`: what it prints of a report, and that the report is asked for as the arguments say.

import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { TrainingService } from '../../../server/src/experiments/run-service.ts';
import type { EngineReport } from '../../../server/src/protocol/engine-report.ts';
import { morphnetIn, noTraining } from '../../support/command-line.ts';

const report: EngineReport = {
  version: 1,
  engines: [
    { name: 'tfjs', available: false, reason: 'it is not installed', remedy: 'Install it.' },
    { name: 'onnx', available: true, version: '1.30.0', device: 'cpu', threads: 3, stepsPerSecond: 41.234 },
  ],
  auto: 'onnx',
};

function service(answer: Awaited<ReturnType<TrainingService['engines']>>, asked: number[] = []): TrainingService {
  return {
    ...noTraining,
    engines: (threads) => {
      asked.push(threads);
      return Promise.resolve(answer);
    },
  };
}

describe('engines', () => {
  test('prints a table, what auto takes, and reason and remedy of what is missing', async () => {
    const { status, output } = await morphnetIn(tmpdir(), ['engines'], service({ ok: true, value: report }));
    expect(status).toBe(0);
    expect(output).toBe(`\
engine  version        device  threads  steps/s
──────  ─────────────  ──────  ───────  ───────
tfjs    not available
onnx    1.30.0         cpu           3     41.2

By this figure auto takes onnx; a run measures them on its own network.

tfjs: it is not installed.
Install it.
`);
  });

  test('prints JSON, and measures with the threads that it is told', async () => {
    const asked: number[] = [];
    const words = ['engines', '--json', '--threads', '3'];
    const { output } = await morphnetIn(tmpdir(), words, service({ ok: true, value: report }, asked));
    expect(JSON.parse(output)).toEqual(report);
    expect(asked).toEqual([3]);
  });

  test('refuses threads that are no number, and says why nothing could be asked', async () => {
    const wrong = await morphnetIn(tmpdir(), ['engines', '--threads', 'all'], service({ ok: true, value: report }));
    expect(wrong).toMatchObject({ status: 2, output: '' });
    expect(wrong.notes).toContain('not "all"');
    const failed = await morphnetIn(tmpdir(), ['engines'], service({ ok: false, error: 'The engines are asleep' }));
    expect(failed).toEqual({ status: 1, output: '', notes: 'The engines are asleep\n' });
  });
});
