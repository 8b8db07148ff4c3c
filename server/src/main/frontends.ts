// The source formats that are read, in the order in which they are asked: one line a format.

import { darknetFrontend } from '../frontends/darknet/darknet-frontend.ts';
import type { Frontend } from '../frontends/shared/frontend.ts';

/** All frontends, ready to use. */
export function createFrontends(): Promise<readonly Frontend[]> {
  return Promise.resolve([darknetFrontend]);
}
