// Our own requests: parameters are checked by schema before a feature sees them, and each has one handler in the table.

import { ErrorCodes, ResponseError, type CancellationToken, type Connection } from 'vscode-languageserver/node';
import * as v from 'valibot';
import { pytorchChoiceSchema } from '../protocol/machine-profile.ts';
import type { ServerRequestName, ServerRequests } from '../protocol/lsp-extensions.ts';
import { askedWidthsSchema } from '../protocol/cost-table.ts';
import { expansionRequestSchema } from '../protocol/expansion-request.ts';
import { experimentKindSchema, experimentTaskSchema } from '../protocol/experiment-messages.ts';
import { runConfigSchema } from '../protocol/run-config.ts';
import { innerRunSchema, runIdSchema } from '../protocol/run-names.ts';
import { attachScript } from './attach-script.ts';
import { costGraphPicture } from './cost-graph-requests.ts';
import { expandRun, startExperiment, stopExperiment } from './experiment-requests.ts';
import { measureMachine, measureModel, timeRun } from './measure-requests.ts';
import { layerLocation, proposalEdits, slimModel } from './proposal-requests.ts';
import { guardRequest } from './requests.ts';
import {
  draftRunOf,
  listRuns,
  listSweeps,
  pauseRun,
  readSweep,
  resumeRun,
  runSnapshot,
  startRun,
  stopRun,
} from './run-requests.ts';
import { askAbout, type ServerContext } from './server-context.ts';

/** Longer than any URI or id that an editor makes; keeps hostile input out of logs and maps. */
const text = v.pipe(v.string(), v.maxLength(8192));

interface RequestEntry<Name extends ServerRequestName> {
  readonly params: v.GenericSchema<unknown, ServerRequests[Name]['params']>;
  readonly handle: (
    context: ServerContext,
    params: ServerRequests[Name]['params'],
    token: CancellationToken,
  ) => Promise<ServerRequests[Name]['result']>;
}

const none = v.pipe(
  v.unknown(),
  v.transform((): Record<string, never> => ({})),
);

const requests: { readonly [Name in ServerRequestName]: RequestEntry<Name> } = {
  'morphnet/entries': {
    params: v.object({ uris: v.pipe(v.array(text), v.maxLength(10_000)) }),
    handle: async ({ analysis, settings }, params, token) =>
      analysis.ask('entries', params, await settings.of(), token),
  },
  'morphnet/models': {
    params: v.object({ uri: text }),
    handle: (context, params, token) => askAbout(context, params.uri, 'models', params, token),
  },
  'morphnet/costTable': {
    params: v.object({
      uri: text,
      entry: v.exactOptional(text),
      revision: v.exactOptional(v.pipe(v.string(), v.maxLength(200))),
    }),
    handle: (context, params, token) => askAbout(context, params.uri, 'cost-table', params, token),
  },
  'morphnet/costGraph': { params: v.object({ uri: text, entry: v.exactOptional(text) }), handle: costGraphPicture },
  'morphnet/tryWidths': {
    params: v.object({ uri: text, entry: v.exactOptional(text), asked: askedWidthsSchema }),
    handle: (context, params, token) => askAbout(context, params.uri, 'try-widths', params, token),
  },
  'morphnet/widthEdits': {
    params: v.object({ uri: text, entry: v.exactOptional(text), asked: askedWidthsSchema }),
    handle: (context, params, token) => askAbout(context, params.uri, 'width-edits', params, token),
  },
  'morphnet/ownWidths': {
    params: v.object({ uri: text, entry: v.exactOptional(text) }),
    handle: (context, params, token) => askAbout(context, params.uri, 'own-widths', params, token),
  },
  'morphnet/openModelFile': {
    params: v.object({ uri: text }),
    handle: ({ analysis }, { uri }) => {
      analysis.tell({ kind: 'file', uri });
      return Promise.resolve(null);
    },
  },
  'morphnet/projectEdit': {
    params: v.object({ uri: text, entry: text, input: v.exactOptional(text) }),
    handle: (context, params, token) => askAbout(context, params.uri, 'project-edit', params, token),
  },
  'morphnet/measureModel': { params: v.object({ uri: text, entry: text }), handle: measureModel },
  'morphnet/measureMachine': {
    params: v.object({ precision: v.exactOptional(pytorchChoiceSchema.entries.precision) }),
    handle: measureMachine,
  },
  'morphnet/timeRun': { params: v.object({ config: runConfigSchema }), handle: timeRun },
  'morphnet/devices': {
    params: v.object({ uri: text }),
    handle: (context, params, token) => askAbout(context, params.uri, 'devices', params, token),
  },
  'morphnet/draftRun': { params: v.object({ uri: text, entry: v.exactOptional(text) }), handle: draftRunOf },
  'morphnet/attachScript': {
    params: v.object({ config: runConfigSchema, script: text, withPackage: v.boolean() }),
    handle: attachScript,
  },
  'morphnet/startRun': { params: v.object({ config: runConfigSchema }), handle: startRun },
  'morphnet/stopRun': { params: v.object({ id: runIdSchema, atOnce: v.exactOptional(v.boolean()) }), handle: stopRun },
  'morphnet/pauseRun': { params: v.object({ id: runIdSchema }), handle: pauseRun },
  'morphnet/resumeRun': { params: v.object({ id: runIdSchema }), handle: resumeRun },
  'morphnet/runs': { params: none, handle: listRuns },
  'morphnet/sweeps': { params: none, handle: listSweeps },
  'morphnet/sweep': { params: v.object({ id: runIdSchema }), handle: readSweep },
  'morphnet/runSnapshot': { params: v.object({ id: innerRunSchema }), handle: runSnapshot },
  'morphnet/expandRun': {
    params: v.object({ id: innerRunSchema, request: expansionRequestSchema }),
    handle: expandRun,
  },
  'morphnet/startExperiment': { params: v.object({ task: experimentTaskSchema }), handle: startExperiment },
  'morphnet/stopExperiment': {
    params: v.object({ id: innerRunSchema, kind: experimentKindSchema, atOnce: v.exactOptional(v.boolean()) }),
    handle: stopExperiment,
  },
  'morphnet/proposalEdits': {
    params: v.object({ id: innerRunSchema, layer: v.exactOptional(text), expanded: v.exactOptional(v.boolean()) }),
    handle: proposalEdits,
  },
  'morphnet/slimModel': {
    params: v.object({ id: innerRunSchema, expanded: v.exactOptional(v.boolean()) }),
    handle: slimModel,
  },
  'morphnet/layerLocation': { params: v.object({ id: innerRunSchema, layer: text }), handle: layerLocation },
};

/** Registers every request of the table. */
export function registerCustomRequests(connection: Connection, context: ServerContext): void {
  const register = <Name extends ServerRequestName>(name: Name, entry: RequestEntry<Name>): void => {
    // A failed request of ours is an error to the client, which says so: there is no empty answer that would be true.
    const failure = new ResponseError(ErrorCodes.InternalError, `${name} failed; the output channel says why.`);
    const handle = guardRequest<unknown, ServerRequests[Name]['result'] | ResponseError>(
      context.log,
      name,
      failure,
      (params, token) => {
        const checked = v.safeParse(entry.params, params);
        if (!checked.success) return new ResponseError(ErrorCodes.InvalidParams, describeIssues(name, checked.issues));
        return entry.handle(context, checked.output, token);
      },
    );
    connection.onRequest(name, (params: unknown, token: CancellationToken) => handle(params, token));
  };
  register('morphnet/entries', requests['morphnet/entries']);
  register('morphnet/models', requests['morphnet/models']);
  register('morphnet/costTable', requests['morphnet/costTable']);
  register('morphnet/costGraph', requests['morphnet/costGraph']);
  register('morphnet/tryWidths', requests['morphnet/tryWidths']);
  register('morphnet/widthEdits', requests['morphnet/widthEdits']);
  register('morphnet/ownWidths', requests['morphnet/ownWidths']);
  register('morphnet/openModelFile', requests['morphnet/openModelFile']);
  register('morphnet/projectEdit', requests['morphnet/projectEdit']);
  register('morphnet/measureModel', requests['morphnet/measureModel']);
  register('morphnet/measureMachine', requests['morphnet/measureMachine']);
  register('morphnet/timeRun', requests['morphnet/timeRun']);
  register('morphnet/devices', requests['morphnet/devices']);
  register('morphnet/draftRun', requests['morphnet/draftRun']);
  register('morphnet/attachScript', requests['morphnet/attachScript']);
  register('morphnet/startRun', requests['morphnet/startRun']);
  register('morphnet/stopRun', requests['morphnet/stopRun']);
  register('morphnet/pauseRun', requests['morphnet/pauseRun']);
  register('morphnet/resumeRun', requests['morphnet/resumeRun']);
  register('morphnet/runs', requests['morphnet/runs']);
  register('morphnet/sweeps', requests['morphnet/sweeps']);
  register('morphnet/sweep', requests['morphnet/sweep']);
  register('morphnet/runSnapshot', requests['morphnet/runSnapshot']);
  register('morphnet/expandRun', requests['morphnet/expandRun']);
  register('morphnet/startExperiment', requests['morphnet/startExperiment']);
  register('morphnet/stopExperiment', requests['morphnet/stopExperiment']);
  register('morphnet/proposalEdits', requests['morphnet/proposalEdits']);
  register('morphnet/slimModel', requests['morphnet/slimModel']);
  register('morphnet/layerLocation', requests['morphnet/layerLocation']);
}

function describeIssues(name: string, issues: readonly v.BaseIssue<unknown>[]): string {
  const [first] = issues;
  if (first === undefined) return `${name}: wrong parameters.`;
  return `${name}: ${v.getDotPath(first) ?? 'the parameters'}: ${first.message}`;
}
