// Bars of alive channels, one a channel group, with the layers that share it.

import type { Post } from '../host.ts';
import type { AliveGroup, AliveGroups } from '../model/alive-groups.ts';
import { RowTable } from './row-table.tsx';

const columns = [{ title: 'Layers' }, { title: 'Alive channels' }, { title: 'Alive', numeric: true }] as const;

/** Names shown before "and 5 more". */
const shownLayers = 12;
const shownLayersCompact = 2;

export function AliveTable({ groups, post }: { readonly groups: AliveGroups; readonly post: Post }) {
  const { step, alive, size } = groups;
  if (groups.groups.length === 0)
    return <p class="empty">No layer of this model has channels that could be removed.</p>;
  return (
    <>
      <p>
        {step === undefined
          ? `${size} channels can be removed; they have not been counted yet.`
          : `${alive} of ${size} channels that can be removed are alive at step ${step}.`}
      </p>
      <RowTable
        caption="Alive channels by channel group"
        columns={columns}
        count={groups.groups.length}
        row={(index, compact) => {
          const group = groups.groups[index];
          return group === undefined ? <></> : <GroupRow group={group} compact={compact} post={post} />;
        }}
      />
    </>
  );
}

interface GroupRowProperties {
  readonly group: AliveGroup;
  readonly compact: boolean;
  readonly post: Post;
}

function GroupRow({ group, compact, post }: GroupRowProperties) {
  const { layers, size, alive, fixed } = group;
  const shown = layers.slice(0, compact ? shownLayersCompact : shownLayers);
  const more = layers.length - shown.length;
  return (
    <>
      <th scope="row">
        {shown.map((layer) => (
          <button
            key={layer}
            type="button"
            class="link"
            title={`Show ${layer} in code`}
            onClick={() => post({ kind: 'show-in-code', layer })}
          >
            {layer}
          </button>
        ))}
        {more > 0 && <span class="note">and {more} more</span>}
        {layers.length > 1 && <span class="note">tied</span>}
        {fixed !== undefined && <span class="note line">fixed: {fixed}</span>}
      </th>
      <td class="bar-cell">
        <AliveBar size={size} alive={alive} isFixed={fixed !== undefined} />
      </td>
      <td class="numeric">{alive === undefined ? `? of ${size}` : `${alive} of ${size}`}</td>
    </>
  );
}

interface AliveBarProperties {
  readonly size: number;
  readonly alive: number | undefined;
  readonly isFixed: boolean;
}

/** The numbers beside it say the same, so the bar is not read out. */
function AliveBar({ size, alive, isFixed }: AliveBarProperties) {
  const share = alive === undefined || size === 0 ? 0 : Math.min(1, alive / size);
  return (
    <svg class="bar" aria-hidden="true" focusable="false" preserveAspectRatio="none" viewBox="0 0 100 10">
      <rect class="track" width="100" height="10" />
      <rect class={isFixed ? 'fill fixed' : 'fill'} width={100 * share} height="10" />
    </svg>
  );
}
