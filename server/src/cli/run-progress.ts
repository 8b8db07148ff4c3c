// How a training shows in a terminal: a bar for people, a line now and then for logs, one JSON event a line for programs.

import { Presets, SingleBar } from 'cli-progress';
import { formatAmount } from '../common/number-format.ts';
import { assertUnreachable } from '../common/assert.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import type { Terminal } from './terminal.ts';

export class RunProgress {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #bar: SingleBar | undefined;
  #totalSteps = 0;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  show(event: RunEvent): void {
    if (this.#json) {
      this.#terminal.write(`${JSON.stringify(event)}\n`);
      return;
    }
    switch (event.kind) {
      case 'started': {
        this.#totalSteps = event.totalSteps;
        const seed = `${formatAmount(event.seed.macs, 'MACs')}, ${formatAmount(event.seed.params)} params`;
        const from = event.step === 0 ? '' : ` from step ${String(event.step)}`;
        this.#say(
          `Training${from} with ${event.engine} on ${String(event.threads)} ${event.threads === 1 ? 'thread' : 'threads'}; the seed has ${seed}.`,
        );
        this.#startBar(event.step);
        return;
      }
      case 'progress':
        this.#bar?.update(event.step, { figures: progressFigures(event), left: durationWords(event.secondsLeft) });
        return;
      case 'alive':
        if (this.#bar === undefined)
          this.#say(
            `${this.#stepWords(event.step)}: alive ${event.alive.join(' ')}; ${formatAmount(event.totals.macs, 'MACs')}, ${formatAmount(event.totals.params)} params`,
          );
        return;
      case 'evaluated':
        this.#say(
          event.accuracy === undefined
            ? `${this.#stepWords(event.step)}: loss ${event.loss.toFixed(4)} on ${String(event.images)} images`
            : `${this.#stepWords(event.step)}: ${percent(event.accuracy)} of ${String(event.images)} images right, loss ${event.loss.toFixed(4)}`,
        );
        return;
      case 'notice':
        this.#say(`${event.severity}: ${event.message} [${event.code}]`);
        return;
      case 'checkpoint':
        return;
      case 'interrupted':
      case 'failed':
      case 'finished':
        this.end();
        return;
      default:
        assertUnreachable(event);
    }
  }

  /** Takes the bar away. */
  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #startBar(step: number): void {
    if (!this.#terminal.isInteractive) return;
    this.#bar = new SingleBar(
      {
        format: '{bar} {value}/{total} · {figures} · {left}',
        barsize: 24,
        hideCursor: true,
        // The terminal's own columns; without this a long line would wrap and be drawn again below.
        linewrap: false,
        stream: process.stderr,
        // Ctrl-C is the run's to handle: it ends at a checkpoint, and then the bar is stopped.
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    this.#bar.start(this.#totalSteps, step, { figures: '…', left: '' });
  }

  /** A line of its own, above the bar where there is one. */
  #say(text: string): void {
    const bar = this.#bar;
    if (bar !== undefined) this.#terminal.note('\r\u001b[K');
    this.#terminal.note(`${text}\n`);
  }

  #stepWords(step: number): string {
    return `step ${String(step)}/${String(this.#totalSteps)}`;
  }
}

function progressFigures(event: Extract<RunEvent, { readonly kind: 'progress' }>): string {
  const cost = event.seedCost > 0 ? ` · cost ${percent(event.cost / event.seedCost)}` : '';
  const accuracy = event.accuracy === undefined ? '' : ` · accuracy ${percent(event.accuracy)}`;
  return `loss ${event.loss.toFixed(3)}${accuracy}${cost}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** `2 min 05 s left`. */
function durationWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes === 0
    ? `${String(whole)} s left`
    : `${String(minutes)} min ${String(whole % 60).padStart(2, '0')} s left`;
}
