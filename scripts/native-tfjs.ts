// Where `npm run test:tfjs-native` keeps TensorFlow.js with TensorFlow's library.

import { join } from 'node:path';
import { root } from './bundles.ts';

/** A folder whose `node_modules` has the package; it exists once the script has built it. */
export const nativeTfjs = join(root, '.cache/tfjs-native');
