// A sweep: the curve of accuracy over cost, and beside it the table with every strength.

import type { SweepFile } from '../../../server/src/protocol/sweep-file.ts';
import type { Post } from '../host.ts';
import { tradeOffOf, type TradeOffRow } from '../model/trade-off.ts';
import { ActionButton } from './action-button.tsx';
import { PageExport } from './chart-export.tsx';
import { TradeOffChart } from './trade-off-chart.tsx';

export interface TradeOffPageProperties {
  readonly sweep: SweepFile;
  /** Whether this window trains it. */
  readonly isTrained: boolean;
  readonly post: Post;
  /** Keeps the page as a file. */
  readonly keep: () => void;
}

export function TradeOffPage({ sweep, isTrained, post, keep }: TradeOffPageProperties) {
  const tradeOff = tradeOffOf(sweep);
  const { model, summary, resource, hasRetrained, isOver, rows } = tradeOff;
  return (
    <>
      <header>
        <div class="title">
          <h1>{model}</h1>
          <span class="status">{summary}</span>
        </div>
        {/* Both stay while there is something left to train, so that neither is lost under the keyboard. */}
        {!isOver && (
          <div class="actions">
            <ActionButton
              can={isTrained}
              act={() => post({ kind: 'stop' })}
              title="End at a checkpoint; what is done stays done"
            >
              Stop
            </ActionButton>
            <ActionButton
              can={!isTrained}
              act={() => post({ kind: 'resume' })}
              title="Train the strengths that are left, within what was stopped too"
            >
              Go On
            </ActionButton>
          </div>
        )}
      </header>
      <section aria-labelledby="trade-off-heading">
        <h2 id="trade-off-heading">Accuracy over cost</h2>
        <div class="trade-off">
          <TradeOffChart tradeOff={tradeOff} post={post} />
          <div class="table-box" role="region" aria-label="Strengths" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col" class="numeric">
                    Strength
                  </th>
                  <th scope="col">Status</th>
                  <th scope="col" class="numeric">
                    {resource}, of the seed&apos;s
                  </th>
                  <th scope="col" class="numeric">
                    Params
                  </th>
                  <th scope="col" class="numeric">
                    Accuracy as learned
                  </th>
                  {hasRetrained && (
                    <th scope="col" class="numeric">
                      From scratch
                    </th>
                  )}
                  <th scope="col">Its structure</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.run}>
                    <th scope="row" class="numeric">
                      {row.strength}
                      {row.isNearest && <span class="note line">nearest to the target</span>}
                    </th>
                    <td>{row.message === undefined ? row.status : `${row.status}: ${row.message}`}</td>
                    <td class="numeric">{row.cost}</td>
                    <td class="numeric">{row.params}</td>
                    <td class="numeric">{row.accuracy}</td>
                    {hasRetrained && <td class="numeric">{row.retrained}</td>}
                    <td>{row.isDone && <PointActions row={row} post={post} />}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      </section>
      <p class="export">
        <PageExport keep={keep} />
      </p>
    </>
  );
}

const pointActs = [
  ['open', 'Open', 'Shows the dashboard of the run'],
  ['apply', 'Apply', 'Sets its widths in the source, after a look at the edit'],
  ['retrain', 'Retrain', 'Trains the seed and this structure from scratch, to compare them'],
] as const;

/** What can be done with the structure that one strength led to. */
function PointActions({ row: { run, strength }, post }: { readonly row: TradeOffRow; readonly post: Post }) {
  return (
    <div class="actions">
      {pointActs.map(([act, word, title]) => (
        <button
          key={act}
          type="button"
          title={title}
          aria-label={`${word}: strength ${strength}`}
          onClick={() => post({ kind: 'point', run, act })}
        >
          {word}
        </button>
      ))}
    </div>
  );
}
