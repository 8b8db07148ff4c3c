// The built page in a real browser under its real policy, with a host of the test's in the editor's place.

import axe from 'axe-core';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { dashboardHtml } from '../../client/src/panel/dashboard-html.ts';
import { forPages } from '../../scripts/bundles.ts';
import type { FromCostPage, ToCostPage } from '../../server/src/protocol/cost-table.ts';
import type { FromPage, ToPage } from '../../server/src/protocol/webview-messages.ts';
import { chromiumFlags } from '../support/chromium.ts';
import type { Theme } from './themes.ts';

const origin = 'https://dashboard.test';

/** What the page's scope holds in these tests. */
interface TestWindow {
  posted: (FromPage | FromCostPage)[];
  remembered: unknown;
  violations: string[];
  axe: typeof axe;
}

export interface PageOptions {
  readonly theme: Theme;
  readonly width?: number;
}

export class DashboardPages {
  readonly #browser: Browser;
  readonly #files: ReadonlyMap<string, { readonly contentType: string; readonly body: string }>;

  private constructor(
    browser: Browser,
    files: ReadonlyMap<string, { readonly contentType: string; readonly body: string }>,
  ) {
    this.#browser = browser;
    this.#files = files;
  }

  /** Opens the pages of one kind: dashboards, or tables of costs. */
  static async launch(executablePath: string, name: 'dashboard' | 'costs' = 'dashboard'): Promise<DashboardPages> {
    const { outputFiles } = await build({
      ...forPages,
      entryPoints: [`webview/src/pages/${name}.tsx`],
      outfile: `${name}.js`,
      minify: true,
      write: false,
    });
    const bundle = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    const html = dashboardHtml({
      scriptUri: `${origin}/${name}.js`,
      styleUri: `${origin}/${name}.css`,
      styleSource: origin,
      nonce: 'only-for-this-test',
      page: name,
      runId: 'lenet-1',
    });
    const files = new Map([
      ['/', { contentType: 'text/html', body: html }],
      [`/${name}.js`, { contentType: 'text/javascript', body: bundle('.js') }],
      [`/${name}.css`, { contentType: 'text/css', body: bundle('.css') }],
    ]);
    return new DashboardPages(await chromium.launch({ executablePath, args: chromiumFlags }), files);
  }

  async open({ theme, width = 1000 }: PageOptions): Promise<DashboardPage> {
    const page = await this.#browser.newPage({ viewport: { width, height: 900 } });
    await page.route('**/*', (route) => {
      const file = this.#files.get(new URL(route.request().url()).pathname);
      return file === undefined ? route.fulfill({ status: 404, body: '' }) : route.fulfill(file);
    });
    await page.addInitScript({ content: axe.source });
    await page.addInitScript((colors) => {
      const scope = globalThis as unknown as TestWindow;
      Object.assign(scope, { posted: [], remembered: undefined, violations: [] });
      document.addEventListener('securitypolicyviolation', (event) => scope.violations.push(event.violatedDirective));
      Object.assign(scope, {
        acquireVsCodeApi: () => ({
          postMessage: (message: FromPage | FromCostPage) => scope.posted.push(message),
          setState: (state: unknown) => (scope.remembered = state),
        }),
      });
      addEventListener('DOMContentLoaded', () => {
        for (const [name, color] of Object.entries(colors)) {
          document.documentElement.style.setProperty(`--vscode-${name}`, color);
        }
      });
    }, theme);
    await page.goto(`${origin}/`);
    return new DashboardPage(page);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** One page, from the host's side. */
export class DashboardPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async send(message: ToPage | ToCostPage): Promise<void> {
    await this.page.evaluate((data) => postMessage(data, '*'), message);
  }

  /** What the page has said to its host. */
  posted(): Promise<readonly (FromPage | FromCostPage)[]> {
    return this.page.evaluate(() => (globalThis as unknown as TestWindow).posted);
  }

  remembered(): Promise<unknown> {
    return this.page.evaluate(() => (globalThis as unknown as TestWindow).remembered);
  }

  /** Directives of the policy that something on the page ran into. */
  violations(): Promise<readonly string[]> {
    return this.page.evaluate(() => (globalThis as unknown as TestWindow).violations);
  }

  /** What axe finds wrong: rule and element. */
  async accessibilityProblems(): Promise<readonly string[]> {
    return this.page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as TestWindow).axe.run(document);
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
  }
}
