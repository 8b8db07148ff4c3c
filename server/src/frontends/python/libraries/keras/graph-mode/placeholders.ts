// `tf.placeholder`: what a program of TensorFlow 1 feeds its graph with.

import { builtin, list, string } from '../../../evaluator/values.ts';
import type { ClassValue, PyValue } from '../../../evaluator/machine.ts';
import { bindSignature, signature } from '../../../tracing/signature.ts';
import type { KerasParts } from '../layer-calls.ts';
import { inputTensor } from '../model-classes.ts';

const parameters = signature('dtype shape=None name=None');

/** A placeholder of one axis or more is an input; a single number, as the share that a dropout keeps, is none. */
export function placeholderFunction(parts: KerasParts, inputLayer: ClassValue): PyValue {
  return builtin('placeholder', (machine, args, span) => {
    const bound = bindSignature(machine, 'tf.placeholder', parameters, args, span);
    const shape = bound.value('shape');
    const items = shape.kind === 'list' || shape.kind === 'tuple' ? shape.items : [];
    if (items.length === 0) return { kind: 'tensor', shape: [], owner: 'keras' };
    const name = bound.value('name');
    const given = new Map<string, PyValue>([
      ['batch_shape', list(items)],
      ['dtype', bound.value('dtype').kind === 'string' ? bound.value('dtype') : string('float32')],
      ...(name.kind === 'none' ? [] : ([['name', name]] as const)),
    ]);
    return inputTensor(parts, machine, inputLayer, { positional: [], keywords: given }, span);
  });
}
