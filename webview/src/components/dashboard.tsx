// The whole dashboard for one state: what is shown when, and in which order.

import { useMemo, useRef, useState } from 'preact/hooks';
import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { standalonePage } from '../exports.ts';
import type { Post } from '../host.ts';
import { aliveGroupsOf } from '../model/alive-groups.ts';
import { architectureOf } from '../model/architecture.ts';
import { curvesOf } from '../model/curves.ts';
import { headerOf } from '../model/run-header.ts';
import type { DashboardState } from '../model/run-log.ts';
import { AliveTable } from './alive-table.tsx';
import { ArchitectureTable } from './architecture-table.tsx';
import { Chart } from './chart.tsx';
import { PageExport } from './chart-export.tsx';
import { ExpandedSection } from './expanded-section.tsx';
import { RetrainingSection } from './retraining-section.tsx';
import { RunComparison } from './run-comparison.tsx';
import { RunHead } from './run-head.tsx';
import { TradeOffPage } from './trade-off-page.tsx';

export interface DashboardProperties {
  readonly state: DashboardState;
  /** What the live region says. */
  readonly announcement: string;
  readonly post: Post;
}

export function Dashboard({ state, announcement, post }: DashboardProperties) {
  const main = useRef<HTMLElement>(null);
  const keep = (): void => {
    if (main.current !== null) post({ kind: 'save-page', ...standalonePage(main.current) });
  };
  return (
    <main ref={main}>
      {/* Always there, since screen readers listen only to regions that they have met before they change. */}
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
      <Body state={state} post={post} keep={keep} />
    </main>
  );
}

function Body({
  state,
  post,
  keep,
}: {
  readonly state: DashboardState;
  readonly post: Post;
  readonly keep: () => void;
}) {
  switch (state.kind) {
    case 'loading':
      return (
        <>
          <h1>MorphNet</h1>
          <p>Reading the run…</p>
        </>
      );
    case 'unreadable':
      return (
        <>
          <h1>MorphNet</h1>
          <p class="message error" role="alert">
            {state.message}
          </p>
        </>
      );
    case 'sweep':
      return <TradeOffPage sweep={state.sweep} isTrained={state.isTrained} post={post} keep={keep} />;
    case 'comparison':
      return <RunComparison runs={state.runs} convention={state.convention} post={post} keep={keep} />;
    case 'run':
      return <Run run={state.run} convention={state.convention} refusal={state.refusal} post={post} keep={keep} />;
  }
}

interface RunProperties {
  readonly run: RunSnapshot;
  readonly convention: CountingConventionName;
  readonly refusal: string | undefined;
  readonly post: Post;
  readonly keep: () => void;
}

function Run({ run, convention, refusal, post, keep }: RunProperties) {
  const groups = useMemo(() => aliveGroupsOf(run), [run]);
  const curves = useMemo(() => curvesOf(run, convention), [run, convention]);
  const { proposal } = run;
  const architecture = useMemo(
    () => (proposal === undefined ? undefined : architectureOf(proposal, convention)),
    [proposal, convention],
  );
  const header = headerOf(run);
  const mayGrow = header.canStop;
  // All charts point at the same step.
  const [pointed, setPointed] = useState<number>();
  const alive = (
    <>
      <section aria-labelledby="alive-heading">
        <h2 id="alive-heading">Alive channels</h2>
        {groups === undefined ? (
          <p class="empty">
            {mayGrow
              ? 'The trainer is finding out which channels belong together.'
              : 'The run ended before it was known which channels belong together.'}
          </p>
        ) : (
          <AliveTable groups={groups} post={post} />
        )}
      </section>
      <section aria-labelledby="curves-heading">
        <h2 id="curves-heading">Curves</h2>
        <div class="charts">
          {curves.map((curve) => (
            <Chart key={curve.id} curve={curve} post={post} pointed={pointed} point={setPointed} />
          ))}
        </div>
      </section>
    </>
  );
  const result = (
    <>
      <section aria-labelledby="architecture-heading">
        <h2 id="architecture-heading">Proposed architecture</h2>
        {architecture === undefined ? (
          <p class="empty">
            {mayGrow
              ? 'Widths are proposed once alive channels have been counted.'
              : 'The run ended before alive channels were counted, so it proposes nothing.'}
          </p>
        ) : (
          <ArchitectureTable
            architecture={architecture}
            caption="Proposed architecture beside the seed"
            apply={(layer) => post({ kind: 'apply', layer })}
            post={post}
          />
        )}
      </section>
      {run.retraining !== undefined && <RetrainingSection retraining={run.retraining} convention={convention} />}
      {run.expanded !== undefined && (
        <ExpandedSection expanded={run.expanded} proposedAt={proposal?.step} convention={convention} post={post} />
      )}
    </>
  );
  // What somebody wants to know first: how it goes while it trains, and what came of it afterwards.
  return (
    <>
      <RunHead header={header} refusal={refusal} post={post} />
      {mayGrow ? alive : result}
      {mayGrow ? result : alive}
      <p class="export">
        <button type="button" onClick={() => post({ kind: 'compare' })}>
          Compare with other runs…
        </button>{' '}
        <PageExport keep={keep} />
      </p>
    </>
  );
}
