// A sweep: the curve of accuracy over cost, and beside it the table with every strength.

import type { SweepFile } from '../../../server/src/protocol/sweep-file.ts';
import { tradeOffOf } from '../model/trade-off.ts';
import { TradeOffChart } from './trade-off-chart.tsx';

export function TradeOffPage({ sweep }: { readonly sweep: SweepFile }) {
  const tradeOff = tradeOffOf(sweep);
  const { model, summary, resource, hasRetrained, rows } = tradeOff;
  return (
    <>
      <header>
        <div class="title">
          <h1>{model}</h1>
          <span class="status">{summary}</span>
        </div>
      </header>
      <section aria-labelledby="trade-off-heading">
        <h2 id="trade-off-heading">Accuracy over cost</h2>
        <div class="trade-off">
          <TradeOffChart tradeOff={tradeOff} />
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
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.run}>
                    <th scope="row" class="numeric">
                      {row.strength}
                    </th>
                    <td>{row.message === undefined ? row.status : `${row.status}: ${row.message}`}</td>
                    <td class="numeric">{row.cost}</td>
                    <td class="numeric">{row.params}</td>
                    <td class="numeric">{row.accuracy}</td>
                    {hasRetrained && <td class="numeric">{row.retrained}</td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      </section>
    </>
  );
}
