// A run's proposal, written into a fixture: `# propose: conv1=9 conv2,conv3=12`, tied layers joined by commas.

import type { ProposedWidths } from '../../server/src/analysis/proposal-plans.ts';

/** What the fixture's lines propose. */
export function proposalIn(source: string): ProposedWidths {
  const layers = [...source.matchAll(/^# propose: (.*)$/gm)].flatMap((line) =>
    (line[1] ?? '').split(/\s+/).flatMap((part) => {
      const [names = '', width = ''] = part.split('=');
      const [group = ''] = names.split(',');
      return names.split(',').map((name) => ({ name, group, width: { before: 0, after: Number(width) } }));
    }),
  );
  return { step: 0, layers };
}
