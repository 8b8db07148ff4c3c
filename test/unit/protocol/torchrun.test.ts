// How PyTorch's launcher is called, and the script for SLURM, which a shell runs with stand-ins for its commands.

import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slurmScript, torchrunWords } from '../../../server/src/protocol/torchrun.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

test('a process alone needs no launcher, several meet by themselves, machines by numbers', () => {
  expect(torchrunWords(1, undefined)).toEqual([]);
  expect(torchrunWords(4, undefined)).toEqual(['-m', 'torch.distributed.run', '--nproc-per-node=4', '--standalone']);
  expect(torchrunWords(2, { nodes: 3, node: 1, rendezvous: 'gpu-7.local:29400' })).toEqual([
    ...['-m', 'torch.distributed.run', '--nproc-per-node=2', '--nnodes=3', '--node-rank=1'],
    ...['--master-addr=gpu-7.local', '--master-port=29400'],
  ]);
});

test.runIf(process.platform === 'linux')('the script runs on the first machine and joins from the others', () => {
  const folder = temporaryFolder();
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('scontrol', 'echo first; echo second');
  program('srun', 'for SLURM_NODEID in 0 1; do export SLURM_NODEID; "$@"; done');
  program('morphnet', `printf '%s\\n' "$*" >> ${join(folder, 'calls')}`);
  const script = slurmScript(['run', 'net.py::Net(a=1, b="it\'s")', '--data', 'my data'], 2, 4);
  writeFileSync(join(folder, 'job.sh'), script);
  const path = `${folder}:${process.env['PATH'] ?? ''}`;
  execFileSync('bash', [join(folder, 'job.sh')], { env: { PATH: path, SLURM_JOB_NODELIST: 'both' } });
  expect(readFileSync(join(folder, 'calls'), 'utf8').split('\n')).toEqual([
    'run net.py::Net(a=1, b="it\'s") --data my data --nnodes 2 --nproc-per-node 4 --rdzv-endpoint first:29400',
    'join --nnodes 2 --nproc-per-node 4 --rdzv-endpoint first:29400 --node-rank 1',
    '',
  ]);
  expect(script).toContain('#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=1\n#SBATCH --gpus-per-node=4\n');
});
