// Programs in the evaluator and in CPython, held against each other, and made small where they disagree.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PythonParser } from '../../server/src/frontends/python/syntax/python-parser.ts';
import { claimsOf, falseClaims, knownShare, type Claims, type FalseClaim } from './claims.ts';
import { programText, type Clause, type Piece } from './programs.ts';

/** One item a run: null where it raised or did not end. */
export type Runs = readonly (Readonly<Record<string, unknown>> | null)[];

/** Runs texts in one process of CPython, each under so many values of what it can't know. */
export function runInPython(python: string, texts: readonly string[], runs: number, seed: number): readonly Runs[] {
  const script = fileURLToPath(new URL('cpython.py', import.meta.url));
  const input = texts.map((text) => JSON.stringify({ text, runs, seed })).join('\n');
  const { stdout, stderr, status } = spawnSync(python, ['-X', 'utf8', script], {
    input: `${input}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { PATH: process.env['PATH'] ?? '', PYTHONHASHSEED: '0' },
  });
  if (status !== 0) throw new Error(`${python} ended with status ${String(status)}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const answer: unknown = JSON.parse(line);
      // What was left of a program that was made smaller may be no Python any more.
      return Array.isArray(answer) ? (answer as Runs) : [];
    });
}

export interface Verdict {
  readonly wrong: readonly FalseClaim[];
  /** Runs of CPython that ended. */
  readonly ended: number;
  readonly known: number;
  readonly knowable: number;
}

/** What the evaluator says of a text, held against its runs. */
export function judge(parser: PythonParser, text: string, runs: Runs): Verdict {
  const claims: Claims = claimsOf(parser, text);
  return {
    wrong: falseClaims(claims, runs),
    ended: runs.filter((run) => run !== null).length,
    ...knownShare(claims, runs),
  };
}

/** The smallest program found, by leaving out pieces, that still has a false claim. */
export function shrunk(
  pieces: readonly Piece[],
  fails: (candidates: readonly (readonly Piece[])[]) => number,
): readonly Piece[] {
  let smallest = pieces;
  for (;;) {
    const candidates = smallerThan(smallest).toSorted((a, b) => programText(a).length - programText(b).length);
    const found = candidates.length === 0 ? -1 : fails(candidates);
    const next = candidates[found];
    if (next === undefined) return smallest;
    smallest = next;
  }
}

/** Every program with one piece left out, or one compound statement replaced by what stands in it. */
function smallerThan(pieces: readonly Piece[]): (readonly Piece[])[] {
  const made: (readonly Piece[])[] = [];
  for (const [i, piece] of pieces.entries()) {
    const around = (replacement: readonly Piece[]): readonly Piece[] => [
      ...pieces.slice(0, i),
      ...replacement,
      ...pieces.slice(i + 1),
    ];
    made.push(around([]));
    if (typeof piece === 'string') {
      const lines = piece.split('\n');
      if (lines.length > 1 && !piece.includes('\n ')) for (const line of lines) made.push(around([line]));
      continue;
    }
    for (const [place, clause] of piece.entries()) {
      if (!/^(def|class|case)/.test(clause.head)) made.push(around(clause.body));
      if (place > 0 && !(piece.length === 2 && /^(except|finally)/.test(clause.head)))
        made.push(around([piece.filter((other) => other !== clause)]));
      for (const body of smallerThan(clause.body)) {
        const smaller: Clause = { head: clause.head, body };
        made.push(around([piece.map((other) => (other === clause ? smaller : other))]));
      }
    }
  }
  return made;
}
