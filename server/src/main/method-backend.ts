// What the language server asks of the method beyond one run.

import type { MethodBackend } from '../lsp/method-backend.ts';
import { expandRun } from './run-networks.ts';

export function createMethodBackend(): MethodBackend {
  return { expand: (runFolder, request) => Promise.resolve(expandRun(runFolder, request)) };
}
