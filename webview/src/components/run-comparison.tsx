// Two or more runs side by side: figures, curves, widths.

import { useMemo, useState } from 'preact/hooks';
import type { RunSnapshot } from '../../../server/src/protocol/run-files.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import type { Post } from '../host.ts';
import { comparisonOf } from '../model/run-comparison.ts';
import { Chart } from './chart.tsx';
import { PageExport } from './chart-export.tsx';
import { RowTable } from './row-table.tsx';

export interface RunComparisonProperties {
  readonly runs: readonly RunSnapshot[];
  readonly convention: CountingConventionName;
  readonly post: Post;
  readonly keep: () => void;
}

export function RunComparison({ runs: snapshots, convention, post, keep }: RunComparisonProperties) {
  const { runs, figures, curves, widths } = useMemo(() => comparisonOf(snapshots, convention), [snapshots, convention]);
  const [pointed, setPointed] = useState<number>();
  const [isWhole, setWhole] = useState(false);
  const rows = isWhole ? widths : widths.filter(({ differs }) => differs);
  const columns = runs.map(({ letter }) => ({ title: letter, numeric: true }));
  return (
    <>
      <h1>Compared runs</h1>
      <ul class="compared">
        {runs.map(({ id, letter, description, hasProposal }) => (
          <li key={id}>
            <strong>{letter}</strong> {description}{' '}
            <button type="button" class="link" onClick={() => post({ kind: 'point', run: id, act: 'open' })}>
              Open<span class="visually-hidden"> {letter}</span>
            </button>{' '}
            {hasProposal && (
              <button type="button" class="link" onClick={() => post({ kind: 'point', run: id, act: 'apply' })}>
                Apply<span class="visually-hidden"> {letter}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <section aria-labelledby="figures-heading">
        <h2 id="figures-heading">What they came to</h2>
        <RowTable
          hasButtons={false}
          caption="What the runs came to; the best is in bold"
          columns={[{ title: 'Figure' }, ...columns]}
          count={figures.length}
          row={(index) => {
            const figure = figures[index];
            return (
              <>
                <th scope="row">{figure?.name}</th>
                {figure?.values.map((value, run) => (
                  <td key={runs[run]?.id} class="numeric">
                    {figure.best.includes(run) ? <strong>{value}</strong> : value}
                  </td>
                ))}
              </>
            );
          }}
        />
      </section>
      <section aria-labelledby="curves-heading">
        <h2 id="curves-heading">Curves</h2>
        <div class="charts">
          {curves.map((curve) => (
            <Chart key={curve.id} curve={curve} post={post} pointed={pointed} point={setPointed} />
          ))}
        </div>
      </section>
      <section aria-labelledby="widths-heading">
        <h2 id="widths-heading">Proposed widths</h2>
        <p>
          {widths.length === 0
            ? 'None of the runs has proposed widths yet.'
            : `${String(widths.filter(({ differs }) => differs).length)} of ${String(widths.length)} layers differ. `}
          {widths.length > 0 && (
            <label>
              <input type="checkbox" checked={isWhole} onChange={(event) => setWhole(event.currentTarget.checked)} />{' '}
              Show all layers
            </label>
          )}
        </p>
        {rows.length > 0 && (
          <RowTable
            hasButtons={false}
            caption="Widths that the runs propose"
            columns={[{ title: 'Layer' }, { title: 'Seed', numeric: true }, ...columns]}
            count={rows.length}
            row={(index) => {
              const row = rows[index];
              return (
                <>
                  <th scope="row">
                    <span class="layer">{row?.layer}</span>
                  </th>
                  <td class="numeric">{row?.seed}</td>
                  {row?.values.map((value, run) => (
                    <td key={runs[run]?.id} class="numeric">
                      {value}
                    </td>
                  ))}
                </>
              );
            }}
          />
        )}
      </section>
      <p class="export">
        <PageExport keep={keep} />
      </p>
    </>
  );
}
