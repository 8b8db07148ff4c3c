// Where morphnet-torch lies as one file: beside this bundle.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The text of morphnet_torch.py. Throws where the build left it out. */
export function torchModule(): string {
  for (const place of ['morphnet_torch.py', '../../../dist/morphnet_torch.py']) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return readFileSync(path, 'utf8');
  }
  throw new Error('morphnet_torch.py is not beside this program; build it with npm run build');
}
