// One trainer process: started with arrays, watched line by line, stopped or paused by a word. What it computes is not known here.

import { constants, setPriority } from 'node:os';
import * as v from 'valibot';
import { endings, type InterruptionReason, type RunEvent } from '../protocol/run-events.ts';
import {
  helloSchema,
  stoppingSchema,
  trainerProtocolVersion,
  type TrainerCommand,
} from '../protocol/trainer-messages.ts';
import { parseEvent } from '../runs/event-log.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { interruptedAt, logEnd, loggedStep } from './log-end.ts';
import { startWatched } from './watched-process.ts';

export interface TrainerProgram {
  /** The Node executable; inside an editor its own binary, which `environment` tells to be Node. */
  readonly executable: string;
  /** The trainer's bundle. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface TrainerProcess {
  /**
   * Asks for an end at a checkpoint. One that does not come to it in time, in the middle of a long step, is ended and goes on
   * from its last checkpoint; so is one that is asked again.
   */
  stop(): void;
  /** Does the same, which the log calls a pause. */
  pause(): void;
  /** Lets the process see that its parent goes: it ends at a checkpoint, which nobody asked for. */
  leave(): void;
  /** Resolves when the process has ended and the log says how. */
  readonly ended: Promise<void>;
}

/** So long a trainer may take to begin with its last checkpoint, in milliseconds: it may be within a step, or still be loading. */
const hearingPatience = 1000;

/** Starts a trainer on a run's folder; `listener` hears every event that it logs. `workspace`: whose the run is. */
export function startTrainer(
  program: TrainerProgram,
  folder: string,
  listener: (event: RunEvent) => void,
  patience = hearingPatience,
  workspace = workspaceOf(folder),
): TrainerProcess {
  let step = 0;
  /** Where the run goes on from when its process ends now. */
  let checkpoint: number | undefined;
  let hasEnded = false;
  /** What it was asked to end for, and whether it was ended before it could say so itself. */
  let asked: InterruptionReason | undefined;
  let isKilled = false;
  let killTimer: NodeJS.Timeout | undefined;
  let isStrange = false;
  const hear = (event: RunEvent): void => {
    if ('step' in event) step = event.step;
    if (event.kind === 'started' || event.kind === 'checkpoint') checkpoint = event.step;
    if (endings.has(event.kind)) {
      hasEnded = true;
      clearTimeout(killTimer);
    }
    listener(event);
  };
  const environment = { ...process.env, ...program.environment };
  const child = startWatched(
    program.executable,
    [program.script, folder],
    { cwd: workspace, env: environment },
    (line) => {
      const event = parseEvent(line);
      if (event) hear(event);
      else if (isStopping(line)) clearTimeout(killTimer);
      else if (!isOurHello(line) && !isStrange) {
        // One line for all: they must not push the error output out of what a crash is explained with.
        isStrange = true;
        child.errors.push(`Not understood: ${line.slice(0, 200)}`);
      }
    },
  );
  if (child.pid !== undefined) lowerPriority(child.pid);
  const kill = (): void => {
    isKilled = child.kill() || isKilled;
  };
  const ask = (command: TrainerCommand, reason: InterruptionReason): void => {
    if (asked === undefined) killTimer = setTimeout(kill, patience);
    // Who stops a run that was to pause does not want it back.
    if (asked === undefined || reason === 'cancelled') asked = reason;
    child.say(JSON.stringify(command));
  };
  return {
    ended: child.ended.then((reason) => {
      clearTimeout(killTimer);
      if (!hasEnded)
        hear(
          isKilled ? logKill(folder, checkpoint, asked ?? 'cancelled') : logCrash(folder, step, reason, child.errors),
        );
    }),
    stop() {
      if (asked !== undefined) kill();
      ask({ kind: 'stop' }, 'cancelled');
    },
    pause() {
      ask({ kind: 'pause' }, 'paused');
    },
    leave() {
      child.leave();
    },
  };
}

function isStopping(line: string): boolean {
  return isMessage(stoppingSchema, line);
}

function isOurHello(line: string): boolean {
  return isMessage(v.object({ ...helloSchema.entries, protocol: v.literal(trainerProtocolVersion) }), line);
}

function isMessage(schema: v.GenericSchema, line: string): boolean {
  try {
    return v.is(schema, JSON.parse(line));
  } catch {
    return false;
  }
}

/** The editor goes first. A system that refuses leaves the priority as it is. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Training at normal priority is slower to type beside, not wrong.
  }
}

/** Writes down that a process was ended on request, without the checkpoint that it would have written. */
function logKill(folder: string, checkpoint: number | undefined, reason: InterruptionReason): RunEvent {
  const event = interruptedAt(checkpoint ?? loggedStep(folder), reason);
  logEnd(folder, event);
  return event;
}

/** Writes down that a process ended without saying how. */
function logCrash(folder: string, step: number, reason: string, errors: readonly string[]): RunEvent {
  const tail = errors.length === 0 ? '' : ` Its last words: ${errors.join('\n')}`;
  const event: RunEvent = {
    version: 1,
    time: Date.now(),
    kind: 'failed',
    step,
    code: 'trainer-crashed',
    message: `The trainer ${reason} at step ${String(step)}. Resume the run to go on from its last checkpoint.${tail}`,
  };
  logEnd(folder, event);
  return event;
}
