// The runs of a workspace in short: each by its settings and the end of its log, however long that is; and what did not change
// since it was looked at is not read again.

import { stat } from 'node:fs/promises';
import { closeSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Result } from '../common/problem.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import { formatTarget } from '../protocol/run-defaults.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { RunSummary } from '../protocol/run-files.ts';
import { eventsFile, parseEvent } from './event-log.ts';
import { readIteration } from './read-iterations.ts';
import { openRegularFile } from './regular-file.ts';
import { readConfig } from './run-folder.ts';
import { holderOf } from './run-lock.ts';
import { afterEvent, newState, statusOf, type RunState } from './run-state.ts';
import { storedFolders } from './run-store.ts';

/** So much of a log's end tells how the run stands: what a process says between two progress lines, and more. */
const bytesOfEnd = 32_000;

export interface RunList {
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  /** Why others can't be shown: sentences. */
  readonly unreadable: readonly string[];
}

interface Known {
  /** Size and time of what was read. */
  readonly stamp: string;
  readonly config: Result<RunConfig>;
  readonly state: RunState;
}

/** How a run stands by the end of its log. */
export function stateAtEnd(folder: string): RunState {
  try {
    const opened = openRegularFile(join(folder, eventsFile));
    if (opened === undefined) return newState;
    const { file, size } = opened;
    try {
      const from = Math.max(0, size - bytesOfEnd);
      const bytes = Buffer.alloc(size - from);
      const count = readSync(file, bytes, 0, bytes.length, from);
      return lastEvents(bytes.toString('utf8', 0, count)).reduce(afterEvent, newState);
    } finally {
      closeSync(file);
    }
  } catch {
    return newState;
  }
}

/** The events since the last one that says that a process is at work: what came before them does not matter any more. */
function lastEvents(text: string): readonly RunEvent[] {
  const events: RunEvent[] = [];
  for (const line of text.split('\n').reverse()) {
    const event = line === '' ? undefined : parseEvent(line);
    if (event !== undefined) events.unshift(event);
    if (event?.kind === 'progress' || event?.kind === 'started') break;
  }
  return events;
}

/** A run in short. */
export function summaryOf(
  folder: string,
  config: RunConfig,
  state: RunState,
  hasProposal: boolean,
  status = statusOf(state, holderOf(folder) !== undefined),
): RunSummary {
  const { last, step, time, costShare, accuracy, message } = state;
  return {
    kind: 'run',
    id: basename(folder),
    folder,
    status,
    uri: config.model.document,
    entry: config.model.entry,
    input: config.model.input,
    step,
    totalSteps: config.steps,
    target: formatTarget(config.target),
    hasProposal,
    ...(last === 'cancelled' && { cancelled: true }),
    ...(time !== undefined && { time }),
    ...(costShare !== undefined && { costShare }),
    ...(accuracy !== undefined && { accuracy }),
    ...(message !== undefined && { message }),
  };
}

export class RunSummaries {
  readonly #known = new Map<string, Known>();

  /** The runs of a workspace folder. Others get the thread after each, since there may be hundreds. */
  async list(workspaceFolder: string): Promise<RunList> {
    const runs: RunSummary[] = [];
    const unreadable: string[] = [];
    for (const folder of storedFolders(workspaceFolder, 'runs')) {
      const summary = await this.read(folder);
      if (summary.ok) runs.push(summary.value);
      else unreadable.push(summary.error);
    }
    for (const folder of storedFolders(workspaceFolder, 'iterations')) {
      const iteration = readIteration(folder);
      if (iteration !== undefined)
        runs.push({
          ...summaryOf(folder, iteration.config, newState, true, 'finished'),
          kind: 'iteration',
          step: iteration.config.steps,
        });
    }
    return { runs: runs.sort((left, right) => right.id.localeCompare(left.id)), unreadable };
  }

  /** One run. */
  async read(folder: string): Promise<Result<RunSummary>> {
    const [log, settings, proposal] = await Promise.all(
      [eventsFile, 'config.json', 'proposal.json'].map((name) => stat(join(folder, name)).catch(() => undefined)),
    );
    const stamp = [log?.size, log?.mtimeMs, settings?.size, settings?.mtimeMs].join(' ');
    let known = this.#known.get(folder);
    if (known?.stamp !== stamp) {
      known = { stamp, config: readConfig(folder), state: stateAtEnd(folder) };
      this.#known.set(folder, known);
    }
    if (!known.config.ok) return known.config;
    return { ok: true, value: summaryOf(folder, known.config.value, known.state, proposal !== undefined) };
  }

  /** Forgets what is no longer there. */
  forget(folder: string): void {
    this.#known.delete(folder);
  }
}
