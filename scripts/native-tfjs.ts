// Where `npm run test:tfjs-native` keeps TensorFlow.js with TensorFlow's library.

import { join } from 'node:path';
import { root } from './bundles.ts';

/** A folder whose `node_modules` has the package; it exists once the script has built it. */
export const nativeTfjs = join(root, '.cache/tfjs-native');
/** The same with the package for GPUs, over the same library: there it finds no GPU, whatever the machine has. */
export const nativeTfjsForGpu = join(root, '.cache/tfjs-native-gpu');
