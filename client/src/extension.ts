// The extension's composition root: wires commands and status to the language server, which starts after activation.

import type * as vscode from 'vscode';
import type { ClientServices } from './client-services.ts';
import { registerAddToScript } from './commands/add-to-script.ts';
import { registerApplyExpanded, registerApplyProposal } from './commands/apply-proposal.ts';
import { registerCompareRuns } from './commands/compare-runs.ts';
import { registerDeleteRun, registerRevealRun } from './commands/delete-run.ts';
import { registerExpandRun } from './commands/expand-run.ts';
import { registerGoToMostExpensiveLayer } from './commands/go-to-most-expensive-layer.ts';
import { registerOpenExample, showOpenedExample } from './commands/open-example.ts';
import { registerOpenDashboard } from './commands/open-dashboard.ts';
import { registerOpenTensorboard } from './commands/open-tensorboard.ts';
import { registerResumeRun, resumeLostTrainings } from './commands/resume-run.ts';
import { registerOpenModelFile } from './commands/open-model-file.ts';
import { registerPauseRun } from './commands/pause-run.ts';
import { registerIterateModel } from './commands/iterate-model.ts';
import { registerRetrainRun } from './commands/retrain-run.ts';
import { registerRunMorphNet } from './commands/run-morphnet.ts';
import { registerMeasureMachine, registerMeasureModel } from './commands/measure.ts';
import { registerSelectModel, registerSetInput } from './commands/select-model.ts';
import { registerSetArguments } from './commands/set-arguments.ts';
import { registerGiveOwnWidths } from './commands/give-own-widths.ts';
import { registerScaleWidths, registerSetWidth } from './commands/set-width.ts';
import { registerShowCosts, registerShowGraph } from './commands/show-costs.ts';
import { registerShowTradeOff } from './commands/show-trade-off.ts';
import { registerStopRun } from './commands/stop-run.ts';
import { registerSweepStrengths } from './commands/sweep-strengths.ts';
import {
  registerSelectConvention,
  registerSelectDevice,
  registerToggleHints,
  registerToggleShapes,
} from './commands/change-settings.ts';
import { registerWriteExpandedModel, registerWriteSlimModel } from './commands/write-slim-model.ts';
import { handBackForeignCfg } from './hand-back-cfg.ts';
import { LanguageServer } from './language-server.ts';
import { showFailure } from './messages.ts';
import { ModelsTree } from './views/models-tree.ts';
import { modelFileEditor } from './panel/model-file-editor.ts';
import { comparisonPanels, costsPanels, dashboardPanels, tradeOffPanels } from './panel/run-panels.ts';
import { CostHeat } from './status/cost-heat.ts';
import { ExperimentProgress } from './status/experiment-progress.ts';
import { LanguageStatus } from './status/language-status.ts';
import { OpenTrainings } from './status/open-trainings.ts';
import { RunProgress } from './status/run-progress.ts';
import { RunsView } from './views/runs-view.ts';

/** The editor calls `deactivate` without arguments, so what it ends has to be kept here. */
let server: LanguageServer | undefined;
let openTrainings: OpenTrainings | undefined;

export function activate(context: vscode.ExtensionContext): void {
  server = new LanguageServer(context);
  openTrainings = new OpenTrainings(context.workspaceState);
  const dashboards = dashboardPanels(context, server);
  const progress = new RunProgress(server, openTrainings, (id) => dashboards.of(id));
  const costs = costsPanels(context, server);
  const comparisons = comparisonPanels(context, server);
  const experiments = new ExperimentProgress(server, dashboards, openTrainings);
  const tradeOffs = tradeOffPanels(context, server, experiments.sweeps);
  const runs = new RunsView(server);
  const services: ClientServices = {
    context,
    server,
    progress,
    dashboards,
    tradeOffs,
    costs,
    comparisons,
    experiments,
    openTrainings,
    runs,
  };
  context.subscriptions.push(
    progress,
    dashboards,
    tradeOffs,
    costs,
    comparisons,
    experiments,
    server,
    handBackForeignCfg(),
    runs,
    registerDeleteRun(services),
    registerRevealRun(services),
    registerCompareRuns(services),
    registerOpenTensorboard(services),
    registerRunMorphNet(services),
    registerAddToScript(services),
    registerOpenDashboard(services),
    registerShowCosts(services),
    registerShowGraph(services),
    registerOpenModelFile(services),
    modelFileEditor(context, server),
    registerSelectModel(services),
    registerSetInput(services),
    registerShowTradeOff(services),
    registerStopRun(services),
    registerPauseRun(services),
    registerResumeRun(services),
    registerApplyProposal(services),
    registerWriteSlimModel(services),
    registerExpandRun(services),
    registerApplyExpanded(services),
    registerRetrainRun(services),
    registerSweepStrengths(services),
    registerIterateModel(services),
    registerWriteExpandedModel(services),
    registerGoToMostExpensiveLayer(services),
    registerOpenExample(services),
    registerSetArguments(services),
    registerSetWidth(services),
    registerScaleWidths(services),
    registerGiveOwnWidths(services),
    registerToggleHints(),
    registerToggleShapes(),
    new LanguageStatus(server),
    new CostHeat(server),
    new ModelsTree(server),
    registerMeasureMachine(services),
    registerMeasureModel(services),
    registerSelectDevice(services),
    registerSelectConvention(),
  );
  // Not awaited: loading the client library would otherwise count as our activation time.
  setTimeout(() => void startServer(services), 0);
}

export async function deactivate(): Promise<void> {
  // What ends from here on goes on in the next window.
  openTrainings?.close();
  await server?.stop();
}

async function startServer(services: ClientServices): Promise<void> {
  try {
    await server?.start();
    await showOpenedExample(services.context);
    await resumeLostTrainings(services);
  } catch (error) {
    await showFailure('Starting the language server', error);
  }
}
