// Ends of ways that carry nothing with them.

import type { End } from './machine.ts';
import { none } from './values.ts';

export const arrived: End = { kind: 'normal', value: none };
/** A loop whose condition no longer holds. */
export const exit: End = { kind: 'exit' };
