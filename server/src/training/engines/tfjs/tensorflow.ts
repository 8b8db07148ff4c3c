// TensorFlow.js as this engine sees it: any of its packages with any backend, and, where the backend is TensorFlow's own
// library, single TensorFlow ops that TensorFlow.js has no kernel for.

import type * as core from '@tensorflow/tfjs-core';

/** The namespace of tfjs-core, which every package of TensorFlow.js includes. */
export type TensorFlow = typeof core;
export type Tensor = core.Tensor;

/** A value of an attribute of a TensorFlow op; a number is a float, a list is one of integers. */
type AttributeValue = string | boolean | number | readonly number[];

/** Runs ops of TensorFlow's library by name, on float32 tensors. */
export interface NativeOps {
  readonly isOnGpu: boolean;
  /** `types` are the names of the op's type attributes; all are float32. */
  run(
    name: string,
    types: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    inputs: readonly Tensor[],
    outputCount: number,
  ): readonly Tensor[];
}

/** What tensors are made and computed with. */
export interface Backend {
  readonly tf: TensorFlow;
  /** Absent on backends that are not TensorFlow's library. */
  readonly native?: NativeOps;
}

/** The part of tfjs-node's backend that is used; its attributes carry TensorFlow's own type codes. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<
    Record<'TF_ATTR_TYPE' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_ATTR_FLOAT' | 'TF_ATTR_INT' | 'TF_FLOAT', number>
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    count: number,
  ): Tensor[];
}

function isNodeBackend(backend: object): backend is NodeBackend {
  return 'executeMultipleOutputs' in backend && 'binding' in backend && 'isUsingGpuDevice' in backend;
}

/** The backend that a namespace has been set to. */
export function backendOf(tf: TensorFlow): Backend {
  const backend: object = tf.backend();
  if (!isNodeBackend(backend)) return { tf };
  const { binding } = backend;
  const typeOf = (value: AttributeValue): number => {
    switch (typeof value) {
      case 'string':
        return binding.TF_ATTR_STRING;
      case 'boolean':
        return binding.TF_ATTR_BOOL;
      case 'number':
        return binding.TF_ATTR_FLOAT;
      default:
        return binding.TF_ATTR_INT;
    }
  };
  return {
    tf,
    native: {
      isOnGpu: backend.isUsingGpuDevice,
      run: (name, types, attributes, inputs, outputCount) =>
        backend.executeMultipleOutputs(
          name,
          [
            ...types.map((type) => ({ name: type, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })),
            ...Object.entries(attributes).map(([key, value]) => ({ name: key, type: typeOf(value), value })),
          ],
          inputs,
          outputCount,
        ),
    },
  };
}

/** The only tensor of a list, or the one at `index`. */
export function tensorAt(tensors: readonly Tensor[], index = 0): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Error(`No tensor ${String(index)} among ${String(tensors.length)}`);
  return tensor;
}

/** Runs a kernel that TensorFlow.js has on every backend but does not offer as a function (gradients of convolutions and pools). */
export function runKernel(
  tf: TensorFlow,
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  attributes: Readonly<Record<string, string | number | number[]>>,
): Tensor {
  return tf.engine().runKernel<Tensor>(name, { ...inputs }, { ...attributes });
}
