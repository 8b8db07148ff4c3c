// Modules that are no network that somebody looks at first: losses, metrics, activations, wrappers for export.

import type { ClassDefinition } from '../syntax/ast.ts';
import type { Definitions } from './definitions.ts';
import { calleeName, callsIn } from './syntax-search.ts';

const losses = /(loss|criterion|metric|perceptual|regulari[sz]er|discrepancy|penalty|lpips|ssim|psnr)/i;
const wrappers =
  /(wrapper|export|onnx|tflite|coreml|trt|jit|deploy|ema|postprocess\w*|preprocess\w*|augment\w*|transform)$/i;
const activations =
  /^(\w*swish|h?mish|\w*[a-z]?gelu|\w*relu\w*|\w*sigmoid|activation\w*|identity|normali[sz]e|flatten|reshape|view|lambda\w*|print\w*|permute)$/i;

/** 0 for a network, 1 for what is shown after the networks of its file. */
export function rankOf(name: string, definitions: Definitions): 0 | 1 {
  const definition = definitions.get(/^\w+/.exec(name)?.[0] ?? '');
  if (definition === undefined) return 0;
  if (losses.test(definition.name) || wrappers.test(definition.name) || activations.test(definition.name)) return 1;
  return definition.kind === 'class' && !makesAnything(definition) ? 1 : 0;
}

/** Whether a class makes more in its constructor than its base: a module without parts has no layers. */
function makesAnything({ body, bases }: ClassDefinition): boolean {
  const isPlain = bases.every(
    ({ value }) => (value.kind === 'attribute' || value.kind === 'name') && value.name === 'Module',
  );
  if (!isPlain) return true;
  const constructor = body.find((statement) => statement.kind === 'function' && statement.name === '__init__');
  if (constructor?.kind !== 'function') return false;
  return [...callsIn(constructor.body)].some((call) => !/^(super|__init__)$/.test(calleeName(call)));
}
