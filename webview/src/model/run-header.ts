// What stands at the top of the dashboard: which run this is, how it stands, and what can be done with it.

import type { RunEvent } from '../../../server/src/protocol/run-events.ts';
import type { RunConfig, RunTarget } from '../../../server/src/protocol/run-config.ts';
import type { RunSnapshot, RunStatus } from '../../../server/src/protocol/run-files.ts';
import { percent } from './curves.ts';
import { effectiveEvents, latest } from './run-log.ts';

/** A fact with its name; `detail` is the whole of what `value` shortens. */
interface Fact {
  readonly name: string;
  readonly value: string;
  readonly detail?: string;
}

export interface RunHeader {
  readonly model: string;
  readonly status: RunStatus;
  readonly statusText: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly facts: readonly Fact[];
  /** The sentence that a run ended with. */
  readonly outcome?: { readonly severity: 'information' | 'error'; readonly text: string };
  /** What to do with the result, and why; absent while there is none. */
  readonly next?: string;
  /** Why nothing can be applied; absent where it can. */
  readonly whyNotApplied?: string;
  /** What the trainer wants known, the latest last; repetitions are told once. */
  readonly notices: readonly { readonly severity: 'information' | 'warning'; readonly text: string }[];
  /** A run that can be stopped can be paused as well. */
  readonly canStop: boolean;
  readonly canResume: boolean;
  readonly canApply: boolean;
  /** Only widths that come with their groups can be scaled together. */
  readonly canExpand: boolean;
  /** A proposal that may still change is not worth a training. */
  readonly canRetrain: boolean;
}

export function headerOf(run: RunSnapshot): RunHeader {
  const { config, status } = run;
  const events = effectiveEvents(run.events);
  const started = latest(events, 'started');
  const progress = latest(events, 'progress');
  const step = events.reduce(
    (furthest, event) => (event.kind === 'notice' ? furthest : Math.max(furthest, event.step)),
    0,
  );
  const file = fileName(config.model.document);
  const facts: Fact[] = [
    { name: 'Model', value: file, detail: config.model.document },
    { name: 'Input', value: config.model.input.map((shape) => shape.join('×')).join(', ') },
    { name: 'Data', ...dataSet(config) },
    { name: 'Target', value: targetText(config.target, progress?.strength ?? config.strength) },
  ];
  if (started !== undefined) {
    facts.push({
      name: 'Engine',
      value: `${started.engine}, ${started.threads === 1 ? '1 thread' : `${started.threads} threads`}`,
    });
  }
  const tested = latest(events, 'evaluated');
  if (tested !== undefined) {
    facts.push({
      name: tested.accuracy === undefined ? 'Test loss' : 'Test accuracy',
      value: `${tested.accuracy === undefined ? tested.loss.toPrecision(4) : `${(100 * tested.accuracy).toFixed(1)} %`} at step ${tested.step}`,
      detail: `${tested.images} images`,
    });
  }
  if (progress !== undefined) facts.push({ name: 'Speed', value: speed(progress.stepMs, config.batchSize) });
  if (status === 'running' && progress !== undefined) {
    facts.push({ name: 'Time left', value: formatDuration(progress.secondsLeft) });
  }
  const outcome = outcomeOf(status, latest(events, 'finished'), latest(events, 'failed'));
  const isActive = status === 'running' || status === 'queued';
  return {
    model: config.model.entry === '' ? file : config.model.entry,
    status,
    statusText: statusText(status, latest(events, 'interrupted')),
    step,
    totalSteps: started?.totalSteps ?? config.steps,
    facts,
    ...(outcome !== undefined && { outcome }),
    ...whatNext(run, isActive, tested?.accuracy),
    notices: noticesOf(events),
    canStop: isActive,
    canResume: status === 'paused' || status === 'interrupted' || status === 'failed',
    canApply: run.proposal !== undefined && run.proposal.layers.some(({ width }) => width.before !== width.after),
    canExpand: run.proposal?.groups !== undefined,
    canRetrain: run.proposal?.groups !== undefined && !isActive,
  };
}

/** The way on from a result, or from a run that has none to apply. */
function whatNext(
  { proposal, retraining }: RunSnapshot,
  isActive: boolean,
  accuracy: number | undefined,
): Pick<RunHeader, 'next' | 'whyNotApplied'> {
  if (proposal === undefined)
    return { whyNotApplied: 'No widths are proposed before alive channels have been counted.' };
  if (!proposal.layers.some(({ width }) => width.before !== width.after)) {
    const whyNotApplied = 'Every layer keeps its width.';
    return isActive
      ? { whyNotApplied }
      : { whyNotApplied, next: `${whyNotApplied} A lower target or more steps let channels go.` };
  }
  if (isActive) return {};
  if (retraining !== undefined)
    return { next: 'Apply the proposed widths, where the accuracies below say that they are worth it.' };
  const measured =
    accuracy === undefined
      ? ''
      : ` ${(100 * accuracy).toFixed(1)} % was measured while the network shrank, and says little of what it will reach.`;
  return {
    next: `Apply the proposed widths and train as you did before, or retrain here to compare first.${measured}`,
  };
}

function statusText(status: RunStatus, interrupted: Extract<RunEvent, { kind: 'interrupted' }> | undefined): string {
  switch (status) {
    case 'queued':
      return 'Starting';
    case 'running':
      return 'Running';
    case 'paused':
      return 'Paused';
    case 'interrupted':
      return interrupted?.reason === 'cancelled' ? 'Stopped' : 'Interrupted';
    case 'finished':
      return 'Finished';
    case 'failed':
      return 'Failed';
  }
}

function outcomeOf(
  status: RunStatus,
  finished: Extract<RunEvent, { kind: 'finished' }> | undefined,
  failed: Extract<RunEvent, { kind: 'failed' }> | undefined,
): RunHeader['outcome'] {
  if (status === 'finished' && finished !== undefined) return { severity: 'information', text: finished.summary };
  if (status === 'failed') {
    return { severity: 'error', text: failed?.message ?? 'The trainer ended without a word. Resume starts it again.' };
  }
  return undefined;
}

function noticesOf(events: readonly RunEvent[]): RunHeader['notices'] {
  const byText = new Map<string, RunHeader['notices'][number]>();
  for (const event of events) {
    if (event.kind === 'notice') byText.set(event.message, { severity: event.severity, text: event.message });
  }
  return [...byText.values()];
}

/** The last part of a URI's path as people write it; the URI itself if it cannot be decoded. */
function fileName(uri: string): string {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const dataSetNames: Readonly<Record<RunConfig['data']['kind'], string>> = {
  auto: 'Data',
  idx: 'IDX images',
  cifar10: 'CIFAR-10',
  cifar100: 'CIFAR-100',
  numpy: 'NumPy arrays',
  images: 'Images',
  csv: 'Listed images',
  masks: 'Images with masks',
  pairs: 'Pairs of images',
  own: 'Your own script',
};

function dataSet({ data }: RunConfig): Omit<Fact, 'name'> {
  const folder = data.path.split(/[\\/]/).filter((part) => part !== '');
  return { value: `${dataSetNames[data.kind]} in ${folder.slice(-2).join('/')}`, detail: data.path };
}

const resourceNames: Readonly<Record<RunTarget['resource'], string>> = {
  flops: 'FLOPs',
  params: 'Parameters',
  activations: 'Activations',
  latency: 'Latency',
  memory: 'Memory traffic',
};

function targetText({ resource, fraction }: RunTarget, strength: number | undefined): string {
  const name = resourceNames[resource];
  const aim = fraction === undefined ? name : `${name} down to ${percent(fraction)} of the seed`;
  return strength === undefined ? aim : `${aim}, strength ${strengthText(strength)}`;
}

function strengthText(strength: number): string {
  return strength === 0 || (strength >= 1e-3 && strength < 1e4)
    ? String(Number(strength.toPrecision(3)))
    : strength.toExponential(2);
}

function speed(stepMs: number, batchSize: number): string {
  if (!(stepMs > 0)) return 'unknown';
  const perStep = stepMs < 10 ? stepMs.toFixed(1) : stepMs.toFixed(0);
  return `${perStep} ms a step, ${((1000 * batchSize) / stepMs).toFixed(0)} images/s`;
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
