// The unit of the pages that know two: a public counter counts MACs.

import * as vscode from 'vscode';
import type { CountingConventionName } from '../../server/src/protocol/settings.ts';

export function countingConvention(): CountingConventionName {
  return vscode.workspace.getConfiguration('morphnet').get<string>('convention') === 'flops' ? 'flops' : 'macs';
}
