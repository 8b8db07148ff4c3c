// What a scenario is given.

import type { Scenario } from './steps.ts';
import type { Workbench } from './workbench.ts';

export interface ScenarioContext {
  readonly scenario: Scenario;
  readonly workbench: Workbench;
  /** The workspace's folder on disk. */
  readonly folder: string;
  /** The workbench with that folder. */
  readonly url: string;
  /** Where the suite inside the extension host writes its results. */
  readonly results: string;
}
