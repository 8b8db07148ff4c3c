// The TensorFlow.js that these tests run on: plain JavaScript everywhere, TensorFlow's library where `npm run test:tfjs-native` says where it is.

import { type Backend, backendOf } from '../../../../server/src/training/engines/tfjs/tensorflow.ts';
import { loadTensorFlow } from '../../../../server/src/training/engines/tfjs/load-tensorflow.ts';

/** The folder whose `node_modules` has it. */
export const nativePath = process.env['MORPHNET_TEST_TFJS_NATIVE'];
/** Whether TensorFlow's library computes. */
export const isNative = nativePath !== undefined;

async function openBackend(): Promise<Backend> {
  if (nativePath !== undefined) return (await loadTensorFlow({ path: nativePath, threads: 1 })).backend;
  const core = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  core.enableProdMode();
  await core.setBackend('cpu');
  return backendOf(core);
}

/** One for all tests of a file: there is one engine of TensorFlow.js in a process. */
export const tfjsBackend = openBackend();
