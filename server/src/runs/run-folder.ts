// One run on disk: its files by name, written once or replaced whole, and read with their schemas.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { Result } from '../common/problem.ts';
import { retrainingFileSchema, retrainingName } from '../protocol/retraining-file.ts';
import { runConfigSchema, type RunConfig } from '../protocol/run-config.ts';
import type { RunEvent } from '../protocol/run-events.ts';
import {
  expandedProposalSchema,
  runProposalSchema,
  runStructureSchema,
  type ExpandedProposal,
  type RunProposal,
  type RunSnapshot,
  type RunStructure,
} from '../protocol/run-files.ts';
import { isLeftover, writeFileAtomically } from './atomic-file.ts';
import { EventReader, eventsFile } from './event-log.ts';
import { readJsonFile } from './json-file.ts';
import { learnedStructureFolder } from './learned-structures.ts';
import { portableConfig, portableNetwork, resolvedConfig, workspaceOf } from './portable-config.ts';
import { holderOf } from './run-lock.ts';
import { afterEvent, newState, statusOf } from './run-state.ts';

/**
 * Makes a run's folder with what never changes. Fails when the folder holds a run already, or when the model lies outside the
 * workspace.
 */
export function createRunFolder(
  folder: string,
  config: RunConfig,
  network: unknown,
  workspace = workspaceOf(folder),
): Result<string> {
  if (existsSync(join(folder, 'config.json'))) {
    return { ok: false, error: `${folder} holds a run already; choose another folder, or resume that run` };
  }
  const stored = portableConfig(config, workspace);
  if (!stored.ok) return stored;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileAtomically(join(folder, 'network.json'), `${portableNetwork(network, workspace)}\n`);
    writeFileAtomically(join(folder, 'config.json'), `${JSON.stringify(stored.value, null, 2)}\n`);
  } catch (error) {
    return {
      ok: false,
      error: `The run can't be kept in ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  return { ok: true, value: folder };
}

/** Takes away what killed processes left half-written. Only for who holds the run's lock. */
export function removeLeftovers(folder: string): void {
  for (const part of ['.', 'checkpoints', learnedStructureFolder]) {
    const place = join(folder, part);
    if (!existsSync(place)) continue;
    for (const name of readdirSync(place)) if (isLeftover(name)) rmSync(join(place, name), { force: true });
  }
}

/** A JSON file of a run; see `readJsonFile`. */
function readJson<T>(folder: string, name: string, schema: v.GenericSchema<unknown, T>): Result<T | undefined> {
  return readJsonFile(join(folder, name), schema);
}

/** The settings of a run; its model lies in the workspace. */
export function readConfig(folder: string, workspace = workspaceOf(folder)): Result<RunConfig> {
  const config = readJson(folder, 'config.json', runConfigSchema);
  if (!config.ok) return config;
  if (config.value === undefined) return { ok: false, error: `${folder} is no run: it has no config.json` };
  return resolvedConfig(config.value, workspace);
}

/** The seed network, as whoever made the run wrote it. */
export function readNetwork(folder: string): Result<unknown> {
  const network = readJson(folder, 'network.json', v.looseObject({ version: v.literal(1) }));
  if (!network.ok) return network;
  if (network.value === undefined) return { ok: false, error: `${folder} is no run: it has no network.json` };
  return { ok: true, value: network.value };
}

/** The channel groups that its last process found, if one has begun. */
export function readStructure(folder: string): Result<RunStructure | undefined> {
  return readJson(folder, 'structure.json', runStructureSchema);
}

export function writeStructure(folder: string, structure: RunStructure): void {
  writeFileAtomically(join(folder, 'structure.json'), `${JSON.stringify(structure)}\n`);
}

export function writeProposal(folder: string, proposal: RunProposal): void {
  writeFileAtomically(join(folder, 'proposal.json'), `${JSON.stringify(proposal)}\n`);
}

/** The latest proposal, if there is one. */
export function readProposal(folder: string): Result<RunProposal | undefined> {
  return readJson(folder, 'proposal.json', runProposalSchema);
}

/** A document of a folder with runs in it, such as a sweep's; undefined when it is not there. */
export function readDocument<T>(
  folder: string,
  name: string,
  schema: v.GenericSchema<unknown, T>,
): Result<T | undefined> {
  return readJson(folder, name, schema);
}

/** Replaces such a document; fails with a sentence. */
export function writeDocument(folder: string, name: string, content: object): Result<void> {
  try {
    writeFileAtomically(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
    return { ok: true, value: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${join(folder, name)} can't be written: ${reason}` };
  }
}

/** The latest expansion of the proposal, if there is one. */
export function readExpanded(folder: string): Result<ExpandedProposal | undefined> {
  return readJson(folder, 'expanded.json', expandedProposalSchema);
}

export function writeExpanded(folder: string, proposal: ExpandedProposal): void {
  writeFileAtomically(join(folder, 'expanded.json'), `${JSON.stringify(proposal)}\n`);
}

/** All that a dashboard shows of a run, with a log that is read now. */
export function readSnapshot(folder: string, workspace = workspaceOf(folder)): Result<RunSnapshot> {
  // The log first: what it speaks of was written before it.
  const events = new EventReader(join(folder, eventsFile)).read();
  return snapshotWith(folder, events, workspace);
}

/** The same with the events of its log. */
export function snapshotWith(
  folder: string,
  events: readonly RunEvent[],
  workspace = workspaceOf(folder),
): Result<RunSnapshot> {
  const config = readConfig(folder, workspace);
  if (!config.ok) return config;
  const structure = readStructure(folder);
  const proposal = readProposal(folder);
  const expanded = readExpanded(folder);
  const retraining = readJson(folder, retrainingName, retrainingFileSchema);
  return {
    ok: true,
    value: {
      id: basename(folder),
      folder,
      status: statusOf(events.reduce(afterEvent, newState), holderOf(folder) !== undefined),
      config: config.value,
      events: [...events],
      ...(structure.ok && structure.value && { structure: structure.value }),
      ...(proposal.ok && proposal.value && { proposal: proposal.value }),
      ...(expanded.ok && expanded.value && { expanded: expanded.value }),
      ...(retraining.ok && retraining.value && { retraining: retraining.value }),
    },
  };
}
