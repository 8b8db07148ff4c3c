// What seed and proposals are worth when each is trained from scratch, side by side.

import type { RetrainingFile } from '../../../server/src/protocol/retraining-file.ts';
import type { CountingConventionName } from '../../../server/src/protocol/settings.ts';
import { retrainingOf } from '../model/retraining.ts';
import { RowTable } from './row-table.tsx';

interface RetrainingSectionProperties {
  readonly retraining: RetrainingFile;
  readonly convention: CountingConventionName;
}

export function RetrainingSection({ retraining, convention }: RetrainingSectionProperties) {
  const { operationsUnit, text, rows } = retrainingOf(retraining, convention);
  const columns = [
    { title: 'Network' },
    ...[operationsUnit, 'Parameters', 'Latency', 'Accuracy'].map((title) => ({
      title,
      numeric: true,
    })),
  ];
  return (
    <section aria-labelledby="retraining-heading">
      <h2 id="retraining-heading">Trained from scratch</h2>
      <p>{text}</p>
      <RowTable
        hasButtons={false}
        caption="Seed and proposals, each trained from scratch"
        columns={columns}
        count={rows.length}
        row={(index) => {
          const row = rows[index];
          return row === undefined ? (
            <></>
          ) : (
            <>
              <th scope="row">{row.name}</th>
              <td class="numeric">{row.operations}</td>
              <td class="numeric">{row.params}</td>
              <td class="numeric">{row.latency}</td>
              <td class="numeric">
                <strong>{row.accuracy}</strong>
                {row.difference !== '' && <span class="note line">{row.difference}</span>}
              </td>
            </>
          );
        }}
      />
    </section>
  );
}
