// Where the boxes of drawings go, as another thread finds it, and what was found last.

import type { Drawing, LaidOut } from '../analysis/layered-layout.ts';

/** Lays a drawing out beside this thread; undefined where it was ended before. Composed in main/. */
export type LayOutDrawing = (drawing: Drawing, signal: AbortSignal) => Promise<LaidOut | undefined>;

/** Drawings that were laid out last: switching back and forth, or a number that is edited, lays nothing out anew. */
const mostKept = 8;

/** Remembers what it laid out, by the drawing. */
export function rememberingLayout(layOut: LayOutDrawing): LayOutDrawing {
  const kept = new Map<string, LaidOut>();
  return async (drawing, signal) => {
    const key = JSON.stringify(drawing);
    const laidOut = kept.get(key) ?? (await layOut(drawing, signal));
    kept.delete(key);
    if (laidOut !== undefined) kept.set(key, laidOut);
    for (const oldest of [...kept.keys()].slice(0, -mostKept)) kept.delete(oldest);
    return laidOut;
  };
}
