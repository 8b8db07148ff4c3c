// Numbers as users read them, the same in hints, tables and the command line: `18.9 MMACs`, `36.9 k`, `0.21 ms`.

import type { Count } from './count.ts';

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/**
 * Three significant digits and an SI prefix, before the unit if there is one: `1.23 GMACs`, `36.9 k`, `840 MACs`, `840`.
 * Whole numbers under 1000 are written out.
 */
export function formatAmount(value: number, unit = ''): string {
  let scaled = value;
  let prefix = 0;
  // 999.5 would print as 1000, so it moves on to the next prefix.
  while (Math.abs(scaled) >= (prefix === 0 ? 1000 : 999.5) && prefix < prefixes.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  const digits = prefix === 0 && Number.isInteger(scaled) ? String(scaled) : significant(scaled, 3);
  return `${digits} ${prefixes[prefix] ?? ''}${unit}`.trimEnd();
}

/** `0.21 ms`, `2.1 µs`; two digits below 10 ms, and never more precision than the estimate has. */
export function formatMilliseconds(value: number): string {
  if (value === 0) return '0 ms';
  if (value < 1e-6) return '<0.001 µs';
  if (value < 0.01) return `${significant(value * 1000, 2)} µs`;
  return `${significant(value, value < 10 ? 2 : 3)} ms`;
}

/** Fixed notation with this many significant digits (all digits before the point are kept). */
function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.max(0, digits - 1 - magnitude);
  const text = value.toFixed(decimals);
  // Rounding may have carried into a new digit: 9.996 is 10.0 with three digits, not 10.00.
  return Math.floor(Math.log10(Math.abs(Number(text)))) > magnitude && decimals > 0
    ? value.toFixed(decimals - 1)
    : text;
}

/**
 * A count through one of the formats above: a lower bound as `≥ 1.2 MMACs`, an unknown as `?` with the unit, which a bound
 * of 0 is too.
 */
export function formatCount(count: Count, unit = ''): string {
  return withBound(count, (value) => formatAmount(value, unit), `? ${unit}`.trimEnd());
}

/** A count of milliseconds; see `formatCount`. */
export function formatLatency(count: Count): string {
  return withBound(count, formatMilliseconds, '? ms');
}

function withBound(count: Count, format: (value: number) => string, unknown: string): string {
  switch (count.kind) {
    case 'exact':
      return format(count.value);
    case 'at-least':
      // That there is at least nothing says nothing.
      return count.value === 0 ? unknown : `≥ ${format(count.value)}`;
    case 'unknown':
      return unknown;
  }
}

/** Counts of one column: the unit that all of them share, and each as a number in it. */
export interface CountColumn {
  /** `MMACs`, `k`, or empty. */
  readonly unit: string;
  readonly cells: readonly string[];
}

/**
 * Counts under one unit; three significant digits each, and nothing below a thousandth. `leading`, the first of them, choose
 * the unit: that of the largest. A sum below them is given in it too.
 */
export function formatCountColumn(counts: readonly Count[], unit = '', leading = counts.length): CountColumn {
  const largest = Math.max(0, ...counts.slice(0, leading).map((count) => (count.kind === 'unknown' ? 0 : count.value)));
  const steps = largest < 1000 ? 0 : Math.floor(Math.log10(largest) / 3);
  const step = Math.min(steps, prefixes.length - 1);
  return {
    unit: `${prefixes[step] ?? ''}${unit}`,
    cells: counts.map((count) => withBound(count, (value) => scaledText(value / 1000 ** step), '?')),
  };
}

/** Milliseconds under one unit, as `formatCountColumn`. */
export function formatLatencyColumn(latencies: readonly Count[]): CountColumn {
  const largest = Math.max(0, ...latencies.map((count) => (count.kind === 'unknown' ? 0 : count.value)));
  const micro = largest < 0.1;
  return {
    unit: micro ? 'µs' : 'ms',
    cells: latencies.map((count) => withBound(count, (value) => scaledText(micro ? value * 1000 : value), '?')),
  };
}

function scaledText(value: number): string {
  if (value === 0 || (Number.isInteger(value) && value < 1000)) return String(value);
  return value < 0.001 ? '<0.001' : significant(value, 3);
}
