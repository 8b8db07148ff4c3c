// How a test command says that this machine lacks what it needs.

/** Exit status that scripts/test.ts counts as skipped. */
export const skipped = 77;
