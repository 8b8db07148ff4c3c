// The proposed architecture beside the seed: a row a layer, totals below.

import type { Post } from '../host.ts';
import type { Architecture, ArchitectureRow, Change } from '../model/architecture.ts';
import { RowTable, type Column } from './row-table.tsx';

export interface ArchitectureTableProperties {
  readonly architecture: Architecture;
  /** What the table holds, for those who hear it. */
  readonly caption: string;
  /** Applies one layer's width. */
  readonly apply: (layer: string) => void;
  readonly post: Post;
}

export function ArchitectureTable({ architecture, caption, apply, post }: ArchitectureTableProperties) {
  const { step, operationsUnit, device, rows, totals, changedCount } = architecture;
  const columns: readonly Column[] = [
    { title: 'Layer' },
    { title: 'Width', numeric: true },
    { title: operationsUnit, numeric: true },
    { title: 'Parameters', numeric: true },
    { title: 'Latency', numeric: true },
    { title: 'Actions' },
  ];
  return (
    <>
      <p>
        As counted at step {step}: {changedCount === 0 ? 'no layer' : `${changedCount} of ${rows.length} layers`} would
        change. Before → after, and what remains. Latency is that of {device}.
      </p>
      <RowTable
        caption={caption}
        columns={columns}
        count={rows.length}
        row={(index, compact) => {
          const row = rows[index];
          return row === undefined ? <></> : <LayerRow row={row} compact={compact} apply={apply} post={post} />;
        }}
        foot={
          <tr>
            <th scope="row">Total</th>
            <td />
            <ChangeCell change={totals.operations} />
            <ChangeCell change={totals.params} />
            <ChangeCell change={totals.latency} />
            <td />
          </tr>
        }
      />
    </>
  );
}

interface LayerRowProperties {
  readonly row: ArchitectureRow;
  readonly compact: boolean;
  readonly apply: (layer: string) => void;
  readonly post: Post;
}

function LayerRow({ row, compact, apply, post }: LayerRowProperties) {
  const { name, label, tiedTo, removed, width } = row;
  const [firstTied] = tiedTo;
  return (
    <>
      <th scope="row" title={label}>
        <span class="layer">{name}</span>
        {/* Darknet’s layers are named after what they are. */}
        {!compact && !name.startsWith(label) && <span class="note line">{label}</span>}
        {removed && <span class="note line">removed with its branch</span>}
        {firstTied !== undefined && (
          <span class="note line" title={tiedTo.join(', ')}>
            tied to {firstTied}
            {tiedTo.length > 1 ? ` and ${tiedTo.length - 1} more` : ''}
          </span>
        )}
      </th>
      <ChangeCell change={width} />
      <ChangeCell change={row.operations} />
      <ChangeCell change={row.params} />
      <ChangeCell change={row.latency} />
      <td class="row-actions">
        <button type="button" class="link" onClick={() => post({ kind: 'show-in-code', layer: name })}>
          Show<span class="visually-hidden"> {name}</span> in code
        </button>
        {width.changed && (
          <button type="button" class="link" onClick={() => apply(name)}>
            Apply<span class="visually-hidden"> to {name}</span>
          </button>
        )}
      </td>
    </>
  );
}

function ChangeCell({ change: { before, after, remains, changed } }: { readonly change: Change }) {
  if (!changed) return <td class="numeric">{before}</td>;
  return (
    <td class="numeric">
      <span class="before">{before} →</span> <strong>{after}</strong>
      {remains !== '' && <span class="note"> {remains}</span>}
    </td>
  );
}
