// What a run's proposal was expanded to: how far, the layers, and what can be done with it.

import { useMemo } from 'preact/hooks';
import type { ExpandedProposal } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import type { Post } from '../host.ts';
import { architectureOf } from '../model/architecture.ts';
import { expansionText } from '../model/expansion.ts';
import { ActionButton } from './action-button.tsx';
import { ArchitectureTable } from './architecture-table.tsx';

interface ExpandedSectionProperties {
  readonly expanded: ExpandedProposal;
  /** The step of the run's latest proposal, which may be a later one. */
  readonly proposedAt: number | undefined;
  readonly convention: CountingConventionName;
  readonly post: Post;
}

export function ExpandedSection({ expanded, proposedAt, convention, post }: ExpandedSectionProperties) {
  const architecture = useMemo(() => architectureOf(expanded, convention), [expanded, convention]);
  return (
    <section aria-labelledby="expanded-heading">
      <h2 id="expanded-heading">Expanded architecture</h2>
      <p>{expansionText(expanded, proposedAt)}</p>
      <div class="actions" role="group" aria-label="Expanded architecture">
        <ActionButton can={architecture.changedCount > 0} act={() => post({ kind: 'apply', expanded: true })}>
          Apply expanded widths
        </ActionButton>
        <ActionButton
          can={architecture.changedCount > 0}
          act={() => post({ kind: 'write-file', expanded: true })}
          title="Write the expanded model to a new file beside the source"
        >
          Write expanded file
        </ActionButton>
      </div>
      <ArchitectureTable
        architecture={architecture}
        caption="Expanded architecture beside the seed"
        apply={(layer) => post({ kind: 'apply', layer, expanded: true })}
        post={post}
      />
    </section>
  );
}
