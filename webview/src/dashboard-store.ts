// What the page shows, as signals: messages go in, components read. The truth is the host's; nothing here outlives the page.

import { signal, type ReadonlySignal } from '@preact/signals';
import type { DashboardHost } from './host.ts';
import { aliveGroupsOf } from './model/alive-groups.ts';
import { announce, type Announcement } from './model/announcements.ts';
import { headerOf } from './model/run-header.ts';
import { receive, type DashboardState } from './model/run-log.ts';

export interface DashboardStore {
  readonly state: ReadonlySignal<DashboardState>;
  /** What the live region says. */
  readonly announcement: ReadonlySignal<Announcement | undefined>;
}

/** Starts the conversation with the host. `now` is a clock in milliseconds. */
export function startDashboard(host: DashboardHost, run: string, now: () => number): DashboardStore {
  const state = signal<DashboardState>({ kind: 'loading' });
  const announcement = signal<Announcement | undefined>(undefined);
  host.listen((message) => {
    const next = receive(state.value, message);
    if (next === state.value) return;
    state.value = next;
    if (next.kind === 'run') {
      const { run: shown, refusal } = next;
      announcement.value = announce(announcement.value, headerOf(shown), aliveGroupsOf(shown), refusal, now());
    }
  });
  host.remember({ run });
  host.post({ kind: 'ready' });
  return { state, announcement };
}
