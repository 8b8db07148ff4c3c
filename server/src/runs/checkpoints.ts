// The checkpoints of a run: the two latest are kept, so that a damaged one never loses the run.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../common/problem.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { innerFolder } from './inner-folder.ts';
import { readRegularFile } from './regular-file.ts';
import { decodeTensors, encodeTensors, type TensorFile } from './safetensors.ts';

const kept = 2;

export interface LoadedCheckpoint extends TensorFile {
  readonly step: number;
  /** Why later checkpoints were passed over: sentences for the user. */
  readonly damaged: readonly string[];
}

const folderName = 'checkpoints';
const folderOf = (run: string): string => join(run, folderName);

/** Weights, two moments and running statistics of a network of half a billion weights. */
const mostBytes = 8_000_000_000;

/** The checkpoints of a run, latest first. */
function listCheckpoints(run: string): readonly { readonly step: number; readonly file: string }[] {
  let names: readonly string[];
  try {
    names = readdirSync(folderOf(run));
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const step = /^step-(\d+)\.safetensors$/.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), file: join(folderOf(run), name) }];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * Writes a checkpoint, then drops the oldest; gives the file's path inside the run. A run goes on from its latest whole
 * checkpoint, so one of a later step is a damaged one that was passed over: it must not count as one of those kept.
 */
export function saveCheckpoint(run: string, step: number, content: TensorFile): string {
  innerFolder(run, folderName);
  const name = `step-${String(step)}.safetensors`;
  writeFileAtomically(join(folderOf(run), name), encodeTensors(content));
  const found = listCheckpoints(run);
  const staying = found.filter((checkpoint) => checkpoint.step <= step).slice(0, kept);
  for (const old of found) if (!staying.includes(old)) removeIfPossible(old.file);
  return `checkpoints/${name}`;
}

/** What can't be removed takes space; that is no reason to end a training. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Held open by another program, or no file: it is passed over when the run is read, and tried again next time.
  }
}

/** The latest checkpoint that is whole; undefined when there is none at all. The failure names every damaged file. */
export function loadCheckpoint(run: string): Result<LoadedCheckpoint | undefined> {
  const damaged: string[] = [];
  for (const { step, file } of listCheckpoints(run)) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = readRegularFile(file, mostBytes);
    } catch (error) {
      damaged.push(`${file} can not be read: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    // Taken away since it was listed.
    if (bytes === undefined) continue;
    const content = decodeTensors(bytes);
    if (content.ok) return { ok: true, value: { step, damaged, ...content.value } };
    damaged.push(`${file} is damaged: ${content.error}`);
  }
  if (damaged.length === 0) return { ok: true, value: undefined };
  return {
    ok: false,
    error: `${damaged.join('. ')}. No whole checkpoint is left; delete the checkpoints folder to start this run again from the beginning`,
  };
}
