// Where this machine's profile is kept: a file of the user's, outside any workspace. What is damaged, or of another machine,
// is said and not used.

import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, homedir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import { writeFileAtomically } from '../runs/atomic-file.ts';
import { machineProfileSchema, type MachineProfile } from '../protocol/machine-profile.ts';

/** The environment variable that names another folder for the profile. */
const folderVariable = 'MORPHNET_CONFIG_FOLDER';

export function machineProfilePath(): string {
  const { [folderVariable]: folder, XDG_CONFIG_HOME: xdg, APPDATA: appData } = process.env;
  const base = folder ?? join(xdg ?? appData ?? join(homedir(), '.config'), 'morphnet');
  return join(base, 'this-machine.json');
}

/** The profile; undefined where nothing was measured. */
export function readThisMachine(): Result<MachineProfile | undefined> {
  const path = machineProfilePath();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { ok: true, value: undefined };
  }
  const wrong = (what: string): Result<MachineProfile | undefined> => ({
    ok: false,
    error: `${path} ${what}, so it is not used. Measure this machine again: morphnet calibrate.`,
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return wrong('is damaged');
  }
  const profile = v.safeParse(machineProfileSchema, content);
  if (!profile.success) return wrong('is damaged or of another version of MorphNet');
  const { cpu, cores, memory } = profile.output.machine;
  const isHere =
    cpu === (cpus()[0]?.model.trim() ?? process.arch) &&
    cores === cpus().length &&
    memory === Math.round(totalmem() / 2 ** 30);
  if (!isHere) return wrong(`was measured on another machine (${cpu}, ${String(cores)} cores, ${String(memory)} GB)`);
  return { ok: true, value: profile.output };
}

export function storeThisMachine(profile: MachineProfile): string {
  const path = machineProfilePath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomically(path, `${JSON.stringify(profile, undefined, 2)}\n`);
  return path;
}
