// `morphnet engines --json`, which the trainer prints when it is asked for its engines; and how it is told where to look for one.

import * as v from 'valibot';

/** The engines by name, the embedded one first. */
export const engineNames = ['onnx', 'tfjs', 'torch'] as const;

const name = v.picklist(engineNames);

/** One engine; the figure is of a small convolutional network that is built in. */
const engineSchema = v.variant('available', [
  v.object({
    name,
    available: v.literal(true),
    version: v.string(),
    /** `cpu` or `gpu`. */
    device: v.string(),
    threads: v.number(),
    /** Why it is not the device that was meant. */
    note: v.optional(v.string()),
    stepsPerSecond: v.number(),
  }),
  v.object({ name, available: v.literal(false), reason: v.string(), remedy: v.string() }),
]);

export const engineReportSchema = v.object({
  version: v.literal(1),
  /** The embedded one first. */
  engines: v.array(engineSchema),
  /** The fastest by its figure; absent when none loads. A run measures on its own network what `auto` is. */
  auto: v.optional(name),
});

export type EngineReport = v.InferOutput<typeof engineReportSchema>;

/** The word that the trainer takes in place of a run's folder to print its engines, with the number of threads behind it. */
export const enginesWord = '--engines';

/** The trainer's environment variable that names a folder whose `node_modules` has TensorFlow.js for Node. */
export const tfjsPathVariable = 'MORPHNET_TFJS_PATH';

/** The trainer's environment variable that names the Python whose PyTorch the engine `torch` uses; without it `python3` of the path. */
export const pythonVariable = 'MORPHNET_PYTHON';

/** The Python of the engine `torch`: the one that is named, else that of the path, which Windows calls by another name. */
export function pythonOf(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment[pythonVariable];
  if (named !== undefined && named !== '') return named;
  return environment['OS'] === 'Windows_NT' ? 'python' : 'python3';
}
