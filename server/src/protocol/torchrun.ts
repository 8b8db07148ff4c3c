// How PyTorch's own launcher is called: processes on one machine, or on several that meet at an address.

/** Where a process of torchrun stands among machines. */
export interface Machines {
  /** How many there are. */
  readonly nodes: number;
  /** Which of them this is; the trainer's is 0. */
  readonly node: number;
  /** Where they meet, on the trainer's machine: host:port. */
  readonly rendezvous: string;
}

/** What Python is called with in front of the program; nothing for a process alone. */
export function torchrunWords(processes: number, machines: Machines | undefined): readonly string[] {
  const launcher = ['-m', 'torch.distributed.run', `--nproc-per-node=${String(processes)}`];
  if (machines === undefined) return processes > 1 ? [...launcher, '--standalone'] : [];
  const { nodes, node, rendezvous } = machines;
  // By numbers that are said, not found: the trainer talks to the first process, which has to be on its machine.
  const colon = rendezvous.lastIndexOf(':');
  return [
    ...launcher,
    `--nnodes=${String(nodes)}`,
    `--node-rank=${String(node)}`,
    `--master-addr=${rendezvous.slice(0, colon)}`,
    `--master-port=${rendezvous.slice(colon + 1)}`,
  ];
}

/** `host:port`. */
export const rendezvousForm = /^[^\s:]+:\d{1,5}$/;

/** A script for SLURM's sbatch: the first machine runs, the others join it. `words` are those of the run, without the launcher's. */
export function slurmScript(words: readonly string[], nodes: number, processes: number): string {
  const quoted = words.map((word) =>
    /^[\w./:=,*+@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  const launcher = `--nnodes ${String(nodes)} --nproc-per-node ${String(processes)} --rdzv-endpoint "$head:29400"`;
  return `#!/bin/bash
#SBATCH --nodes=${String(nodes)}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=${String(processes)}
# Add what your cluster asks for: --partition, --account, --time, --cpus-per-task. MORPHNET is the command, MORPHNET_PYTHON the Python with PyTorch.
export MORPHNET="\${MORPHNET:-morphnet}"
export head="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"
srun bash -c 'if [ "$SLURM_NODEID" = 0 ]; then exec $MORPHNET "$@" ${launcher}; else exec $MORPHNET join ${launcher} --node-rank "$SLURM_NODEID"; fi' morphnet ${quoted.join(' ')}
`;
}
