// What commands work with: made once by the composition root, handed to each.

import type * as vscode from 'vscode';
import type { DashboardPanels } from './panel/dashboard-panels.ts';
import type { TradeOffPanels } from './panel/trade-off-panels.ts';
import type { ServerConnection } from './server-connection.ts';
import type { MethodProgress } from './status/method-progress.ts';
import type { RunProgress } from './status/run-progress.ts';

export interface ClientServices {
  readonly context: vscode.ExtensionContext;
  readonly server: ServerConnection;
  readonly progress: RunProgress;
  readonly dashboards: DashboardPanels;
  readonly tradeOffs: TradeOffPanels;
  readonly methods: MethodProgress;
}
