// What the widths that are tried out come to, and the ways on from there.

import type { TriedCosts } from '../../../server/src/protocol/cost-table.ts';
import { changedSentence } from '../model/tried-widths.ts';
import { ActionButton } from './action-button.tsx';

export interface TriedWidthsProperties {
  readonly tried: TriedCosts | undefined;
  /** Why what was asked for last can't be had. */
  readonly problem: string | undefined;
  readonly set: () => void;
  readonly reset: () => void;
}

export function TriedWidths({ tried, problem, set, reset }: TriedWidthsProperties) {
  const canSet = problem === undefined && tried !== undefined && tried.changed.length > 0;
  return (
    <section class="tried" aria-label="Widths tried out">
      <p role="status">
        {problem !== undefined ? (
          <strong>{problem}</strong>
        ) : tried === undefined ? (
          'Working out the costs…'
        ) : (
          <>
            <strong>{tried.saving}</strong>
            <br />
            {changedSentence(tried)}
          </>
        )}
      </p>
      <div class="tools">
        <ActionButton
          can={canSet}
          act={set}
          primary
          title="Proves an edit of the source for these widths and shows it before anything is written"
        >
          Set in the source…
        </ActionButton>
        <ActionButton can act={reset}>
          Back to the source’s widths
        </ActionButton>
      </div>
    </section>
  );
}
