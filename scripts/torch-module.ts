// morphnet-torch as one file: the modules of python/morphnet_torch one after the other, without their imports of one another.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundles.ts';

/** Each after those that it imports. */
const modules = [
  'structure',
  'costs',
  'regularizer',
  'survival',
  'gates',
  'controller',
  'proposal',
  'run_folder',
  'slim_weights',
  'attach',
  'callbacks',
];

/** The text of morphnet_torch.py. */
export function torchModule(): string {
  const parts = modules.map((name) => {
    const text = readFileSync(join(root, 'python', 'morphnet_torch', `${name}.py`), 'utf8');
    const description = /^"""([\s\S]*?)"""\n/.exec(text)?.[1] ?? '';
    const body = text
      .replace(/^"""[\s\S]*?"""\n/, '')
      .replace(/^from __future__ import annotations\n/m, '')
      .replace(/^from \.\w+ import .*\n/gm, '')
      .trim();
    const comment = description
      .split('\n')
      .map((line) => `# ${line}`.trimEnd())
      .join('\n');
    return `# ---- ${name} ----\n${comment}\n\n${body}\n`;
  });
  return `# MorphNet in any PyTorch loop: morphnet-torch as one file, written by MorphNet for VS Code. Made from python/morphnet_torch.

from __future__ import annotations

${parts.join('\n\n')}`;
}
