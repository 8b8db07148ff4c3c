// The model's costs beside those of another: what the whole comes to, and the layers that differ.

import { useMemo } from 'preact/hooks';
import type { CostTable } from '../../../server/src/protocol/cost-table.ts';
import { changeText, comparedRows, comparedTotals } from '../model/cost-comparison.ts';
import { RowTable } from './row-table.tsx';

export interface CostComparisonProperties {
  readonly here: CostTable;
  readonly there: CostTable;
  /** What it is compared with. */
  readonly name: string;
  /** What is compared with it, where that is not the model as it is. */
  readonly from: string | undefined;
  /** Ends the comparison. */
  readonly close: () => void;
}

export function CostComparison({ here, there, name, from, close }: CostComparisonProperties) {
  const rows = useMemo(() => comparedRows(here, there), [here, there]);
  const width = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : String(value);
  return (
    <section class="tried" aria-label={`Compared with ${name}`}>
      <p role="status">
        {from === undefined ? 'Compared' : <strong>{from}</strong>}
        {from === undefined ? ' with ' : ' compared with '}
        <strong>{name}</strong>: {comparedTotals(here, there)}
      </p>
      {rows.length === 0 ? (
        <p>No layer differs.</p>
      ) : (
        <RowTable
          caption={`Layers that differ from ${name}`}
          columns={[
            { title: 'Layer' },
            { title: 'Width', numeric: true },
            { title: here.unit, numeric: true },
            { title: 'Params', numeric: true },
          ]}
          count={rows.length}
          row={(index) => {
            const row = rows[index];
            if (row === undefined) return <></>;
            const [one, other] = [width(row.here?.width), width(row.there?.width)];
            return (
              <>
                <th scope="row">
                  {row.name}
                  {row.here === undefined && <span class="note">only there</span>}
                  {row.there === undefined && <span class="note">only here</span>}
                </th>
                <td class="numeric">{one === other ? one : `${one} → ${other}`}</td>
                <td class="numeric">{changeText(row.here?.operations, row.there?.operations)}</td>
                <td class="numeric">{changeText(row.here?.params, row.there?.params)}</td>
              </>
            );
          }}
        />
      )}
      <div class="tools">
        <button type="button" onClick={close}>
          End the comparison
        </button>
      </div>
    </section>
  );
}
