// Times networks in the user's own PyTorch, which computes on its GPU where it has one. Networks go there as modules, written
// from their graphs: nothing of the user's is run.

import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Result } from '../../common/problem.ts';
import { valueOf, type NetworkGraph } from '../../network/network-graph.ts';
import type { PytorchChoice } from '../../protocol/machine-profile.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface TorchTiming extends PytorchChoice {
  /** torch_timing.py. */
  readonly script: string;
  readonly threads: number;
  /** A network as a module, or which operation can't be written. */
  readonly write: (graph: NetworkGraph) => Result<{ readonly text: string; readonly className: string }>;
}

const aboutSchema = v.object({ version: v.string(), device: v.picklist(['cpu', 'gpu']), name: v.string() });
const timedSchema = v.union([
  v.object({ milliseconds: v.number(), spread: v.number() }),
  v.object({ error: v.string() }),
]);

/** Starts PyTorch; the failure says what is missing. */
export async function torchStopwatch(timing: TorchTiming): Promise<Result<Stopwatch>> {
  const { python, script, precision, threads, write } = timing;
  const child = spawn(python, [script, precision, String(threads)], {
    cwd: dirname(script),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    windowsHide: true,
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const nextLine = async (): Promise<Result<unknown>> => {
    try {
      const line = await Promise.race([lines.next(), failed]);
      if (line.done !== true) return { ok: true, value: JSON.parse(line.value) };
    } catch (error) {
      errors ||= error instanceof Error ? error.message : String(error);
    }
    const reason = errors.trim().split('\n').at(-1) ?? '';
    return {
      ok: false,
      error: `${python}: ${reason}. Name a Python with PyTorch with --python, in the setting morphnet.training.python, or in MORPHNET_PYTHON`,
    };
  };
  const said = await nextLine();
  if (!said.ok) return said;
  const about = v.parse(aboutSchema, said.value);
  return {
    ok: true,
    value: {
      execution: { precision, fusion: 'none', channelsLast: false, processor: about.device },
      runtime: about.version,
      pytorch: { device: about.device, name: about.name, precision },
      async time(network, batch, patience) {
        const written = write(network);
        if (!written.ok) return written;
        const inputs = network.inputs.map((id) => [batch, ...valueOf(network, id).shape.slice(1)]);
        const { text, className } = written.value;
        child.stdin.write(`${JSON.stringify({ module: text, class: className, inputs, ...patience })}\n`);
        const answer = await nextLine();
        if (!answer.ok) return answer;
        const timed = v.parse(timedSchema, answer.value);
        return 'error' in timed ? { ok: false, error: timed.error } : { ok: true, value: timed };
      },
      close: () => void child.kill(),
    },
  };
}
