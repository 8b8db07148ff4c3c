// How often models are evaluated while somebody works on a small project: counted, not timed.

import type { AnalysisSession, SessionOptions } from '../server/src/analysis/analysis-session.ts';
import { inlayHints } from '../server/src/analysis/inlay-hints.ts';
import { documentProblems } from '../server/src/analysis/problems.ts';
import type { Frontend } from '../server/src/frontends/shared/frontend.ts';
import { defaultSettings } from '../server/src/protocol/settings.ts';

export interface EvaluationCount {
  readonly what: string;
  readonly counted: number;
  readonly expected: number;
}

const folder = 'file:///project';
const block = (width: number): string => `from torch import nn

def block(channels):
    return nn.Conv2d(channels, ${String(width)}, 1)
`;
const user = (name: string, module: string): string => `from torch import nn
from ${module} import block

class ${name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = block(3)

    def forward(self, x):
        return self.block(x)
`;

/** Works on a project of two models that share a file and one that stands alone. */
export function countEvaluations(
  frontends: readonly Frontend[],
  open: (options: SessionOptions) => AnalysisSession,
): readonly EvaluationCount[] {
  let evaluations = 0;
  const counting = frontends.map((frontend): Frontend => ({
    ...frontend,
    evaluate: (...given) => {
      evaluations++;
      return frontend.evaluate(...given);
    },
  }));
  const texts = new Map([
    ['shared.py', block(4)],
    ['other.py', block(8)],
    ['first.py', user('First', 'shared')],
    ['second.py', user('Second', 'shared')],
    ['third.py', user('Third', 'other')],
  ]);
  const session = open({
    frontends: counting,
    disk: { roots: [folder], read: () => undefined },
    workspaceRoots: [folder],
  });
  let version = 0;
  const write = (name: string, text: string): void => {
    session.setDocument(`${folder}/${name}`, text, ++version);
  };
  const look = (): number => {
    const before = evaluations;
    for (const name of texts.keys()) {
      inlayHints(session, `${folder}/${name}`, defaultSettings);
      documentProblems(session, `${folder}/${name}`, defaultSettings);
    }
    return evaluations - before;
  };
  for (const [name, text] of texts) write(name, text);
  const counts: EvaluationCount[] = [];
  const count = (what: string, expected: number): void => {
    counts.push({ what, counted: look(), expected });
  };
  // The two files of functions offer an entry each only if it can be made without arguments, which these can not.
  count('three models opened: hints and diagnostics', 3);
  count('looked at again, nothing changed', 0);
  write('third.py', user('Third', 'other'));
  count('a text set again that is the same', 0);
  write('third.py', `${user('Third', 'other')}# more\n`);
  count('an edit in one model', 1);
  write('shared.py', block(6));
  count('an edit in a file that two models import', 2);
  write('unrelated.py', 'import torch\n');
  count('a new file that nobody imports', 0);
  return counts;
}
