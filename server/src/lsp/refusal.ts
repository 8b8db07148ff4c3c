// A failure that the user can mend, as the client gets it.

import type { Refusal } from '../protocol/lsp-extensions.ts';

export function refuse(message: string): Refusal {
  return { refused: true, message };
}
