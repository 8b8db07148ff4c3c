// Steps of a scenario: each is told as it ends, a failed one keeps a picture, and what depends on it is not tried.

import type { Workbench } from './workbench.ts';

export class Scenario {
  readonly #name: string;
  readonly #workbench: Workbench;
  #failed = false;
  passed = 0;
  failed = 0;

  constructor(name: string, workbench: Workbench) {
    this.#name = name;
    this.#workbench = workbench;
  }

  /** A step that others do not depend on. */
  async check(title: string, run: () => void | Promise<void>): Promise<void> {
    const before = this.#failed;
    await this.step(title, async () => run());
    this.#failed = before;
  }

  async step(title: string, run: () => Promise<void>): Promise<void> {
    const label = `${this.#name}: ${title}`;
    if (this.#failed) {
      this.failed++;
      console.log(`✗ ${label} (not tried, since an earlier step failed)`);
      return;
    }
    const started = performance.now();
    try {
      await run();
      this.passed++;
      console.log(`✓ ${label} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.#failed = true;
      this.failed++;
      console.log(`✗ ${label}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      await this.#keepEvidence(`failed ${label.replaceAll(/[^\w .-]/g, '')}`);
    }
  }

  /** A picture, and what the editor said; neither must hide the failure. */
  async #keepEvidence(name: string): Promise<void> {
    try {
      await this.#workbench.screenshot(name);
      for (const text of await this.#workbench.notifications()) console.log(`  the editor said: ${text}`);
    } catch (error) {
      console.log(`  no more could be kept: ${String(error)}`);
    }
  }
}
