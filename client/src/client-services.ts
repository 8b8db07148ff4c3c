// What commands work with: made once by the composition root, handed to each.

import type * as vscode from 'vscode';
import type { ComparisonPanel } from './panel/comparison-panel.ts';
import type { CostsPanel } from './panel/costs-panel.ts';
import type { DashboardPanel } from './panel/dashboard-panel.ts';
import type { RunPanels } from './panel/run-panels.ts';
import type { TradeOffPanel } from './panel/trade-off-panel.ts';
import type { ServerConnection } from './server-connection.ts';
import type { ExperimentProgress } from './status/experiment-progress.ts';
import type { OpenTrainings } from './status/open-trainings.ts';
import type { RunsView } from './views/runs-view.ts';
import type { RunProgress } from './status/run-progress.ts';

export interface ClientServices {
  readonly context: vscode.ExtensionContext;
  readonly server: ServerConnection;
  readonly progress: RunProgress;
  readonly dashboards: RunPanels<DashboardPanel>;
  readonly tradeOffs: RunPanels<TradeOffPanel>;
  readonly experiments: ExperimentProgress;
  readonly costs: RunPanels<CostsPanel>;
  readonly comparisons: RunPanels<ComparisonPanel>;
  readonly openTrainings: OpenTrainings;
  readonly runs: RunsView;
}
