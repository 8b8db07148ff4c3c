// What runs the programs that tests start: this Node, or the editor's executable that `npm run test:electron` names.

import type { TrainerProgram } from '../../server/src/jobs/trainer-process.ts';

/** Electron as the editor's executable is one; undefined for ordinary test runs. */
export const electron = process.env['MORPHNET_TEST_ELECTRON'];

/** How a program is started that runs as Node. */
export const runtime: Pick<TrainerProgram, 'executable' | 'environment'> =
  electron === undefined
    ? { executable: process.execPath, environment: {} }
    : { executable: electron, environment: { ELECTRON_RUN_AS_NODE: '1' } };
