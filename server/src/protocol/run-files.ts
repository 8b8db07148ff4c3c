// What stands in a run's folder beside the event log, as it crosses processes.
//
//   .morphnet/runs/<id>/
//     config.json        RunConfig                    written once
//     network.json       the seed's NetworkGraph      written once
//     structure.json     RunStructure                 written once, by the trainer
//     events.ndjson      RunEvent, one a line         append-only
//     proposal.json      RunProposal                  replaced atomically at every alive count
//     expanded.json      ExpandedProposal             replaced atomically by `morphnet expand`
//     retrained.json     RetrainingFile               replaced atomically by `morphnet retrain`
//     retrained/<name>/  a run of its own each        a network that is trained from scratch
//     learned_structure/alive_<step>                  the exporter's JSON (spec 5.1)
//     checkpoints/step-<n>.…                          written atomically, the latest two kept

import * as v from 'valibot';
import { retrainingFileSchema } from './retraining-file.ts';
import { runConfigSchema, targetResources } from './run-config.ts';
import { runEventSchema } from './run-events.ts';

/** The channel groups of a run, in the order of the `alive` events. */
export const runStructureSchema = v.object({
  version: v.literal(1),
  algorithm: v.string(),
  groups: v.array(
    v.object({
      name: v.string(),
      size: v.number(),
      /** Names of the layers with this width, in network order. */
      layers: v.array(v.string()),
      fixed: v.optional(v.string()),
    }),
  ),
});

const change = v.object({ before: v.number(), after: v.number() });

const proposedGroup = v.object({ name: v.string(), layers: v.array(v.string()), width: change });

/** The same shape as structure's WidthProposal. */
export const runProposalSchema = v.object({
  version: v.literal(1),
  step: v.number(),
  layers: v.array(
    v.object({
      name: v.string(),
      label: v.string(),
      group: v.string(),
      width: change,
      macs: change,
      params: change,
      latencyMs: change,
    }),
  ),
  /** Absent in a proposal that names layers only. */
  groups: v.optional(v.array(proposedGroup)),
  totals: v.object({ macs: change, params: change, latencyMs: change }),
  removed: v.array(v.string()),
  device: v.string(),
});

/** A proposal after all its widths were scaled by one factor, and how that was found. */
export const expandedProposalSchema = v.object({
  ...runProposalSchema.entries,
  expansion: v.object({
    resource: v.picklist(targetResources),
    /** Costs in the resource's unit; `cost` is at most `budget`. */
    seedCost: v.number(),
    budget: v.number(),
    cost: v.number(),
    factor: v.number(),
    multipleOf: v.number(),
  }),
});

/** How a run stands, worked out from its last events and whether its process lives. */
export const runStatusSchema = v.picklist(['queued', 'running', 'paused', 'interrupted', 'finished', 'failed']);

/** A run in a list. */
export interface RunSummary {
  readonly kind: 'run' | 'iteration';
  readonly id: string;
  readonly folder: string;
  readonly status: RunStatus;
  /** Whether somebody stopped it, and did not lose it. */
  readonly cancelled?: true;
  /** URI of the model's file. */
  readonly uri: string;
  readonly entry: string;
  readonly input: readonly (readonly number[])[];
  readonly step: number;
  readonly totalSteps: number;
  /** `flops:0.5`. */
  readonly target: string;
  readonly hasProposal: boolean;
  /** Of the last event, in milliseconds since the epoch. */
  readonly time?: number;
  /** The proposed structure's cost as a share of the seed's. */
  readonly costShare?: number;
  readonly accuracy?: number;
  /** What it came to, or why it failed. */
  readonly message?: string;
}

/** All that a dashboard shows of a run. */
export const runSnapshotSchema = v.object({
  id: v.string(),
  folder: v.string(),
  status: runStatusSchema,
  config: runConfigSchema,
  structure: v.optional(runStructureSchema),
  events: v.array(runEventSchema),
  proposal: v.optional(runProposalSchema),
  expanded: v.optional(expandedProposalSchema),
  retraining: v.optional(retrainingFileSchema),
});

export type RunStructure = v.InferOutput<typeof runStructureSchema>;
export type RunProposal = v.InferOutput<typeof runProposalSchema>;
export type ExpandedProposal = v.InferOutput<typeof expandedProposalSchema>;
export type RunStatus = v.InferOutput<typeof runStatusSchema>;
export type RunSnapshot = v.InferOutput<typeof runSnapshotSchema>;
