// What comes in bursts is told together, and an end when it is one.

/** Bursts are told this often. */
const tellEveryMs = 150;

export interface PacedTelling {
  /** Tells what there is within a moment, together with what comes until then. */
  soon(): void;
  /** Holds everything back until `atOnce`. */
  hold(): void;
  /** Tells what there is now. */
  atOnce(): void;
}

export function pacedTelling(tell: () => void): PacedTelling {
  let timer: NodeJS.Timeout | undefined;
  let isHeld = false;
  const atOnce = (): void => {
    clearTimeout(timer);
    timer = undefined;
    isHeld = false;
    tell();
  };
  return {
    soon() {
      if (!isHeld) timer ??= setTimeout(atOnce, tellEveryMs);
    },
    hold() {
      clearTimeout(timer);
      timer = undefined;
      isHeld = true;
    },
    atOnce,
  };
}
