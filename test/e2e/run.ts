// `npm run test:e2e [-- --vsix FILE]`: the built extension in real VS Code, from opening a file to the edit on disk.
// Ends with `N passed, N failed`; exits with 77 and the reason where this machine cannot run it.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { chromiumFlags } from '../support/chromium.ts';
import { apiScenario } from './api-scenario.ts';
import { CodeServer } from './code-server.ts';
import { costsScenario } from './costs-scenario.ts';
import { darknetScenario } from './darknet-scenario.ts';
import { install } from './install.ts';
import { editorScenario } from './editor-scenario.ts';
import { firstHourScenario } from './first-hour-scenario.ts';
import { experimentScenario } from './experiment-scenario.ts';
import { kerasScenario } from './keras-scenario.ts';
import { pytorchScenario } from './pytorch-scenario.ts';
import { skipped } from './skipped.ts';
import { slimFileScenario } from './slim-file-scenario.ts';
import { Scenario } from './steps.ts';
import { packageTestDriver } from './test-driver.ts';
import { whatIfScenario } from './what-if-scenario.ts';
import { artifacts, Workbench } from './workbench.ts';
import { makeLargeModels, makeTrainingRepository, makeWorkspace } from './workspace.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** The extension as built last. */
function newestVsix(): string | undefined {
  if (!existsSync(dist)) return undefined;
  const built = readdirSync(dist).filter((name) => name.endsWith('.vsix'));
  const age = (name: string): number => statSync(join(dist, name)).mtimeMs;
  const newest = built.sort((one, other) => age(other) - age(one))[0];
  return newest === undefined ? undefined : join(dist, newest);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { vsix: { type: 'string' }, only: { type: 'string' } } });
  const installation = await install();
  if ('missing' in installation) {
    console.log(`End-to-end tests are SKIPPED: ${installation.missing}.`);
    return skipped;
  }
  const vsix = values.vsix ?? newestVsix();
  if (vsix === undefined) {
    console.log('There is no dist/*.vsix. Run npm run package first.');
    return 1;
  }
  const home = await mkdtemp(join(tmpdir(), 'morphnet-e2e-'));
  const results = join(home, 'results.json');
  const driver = await packageTestDriver(home);
  const server = await CodeServer.start(installation, home, [vsix, driver], { MORPHNET_TEST_RESULTS: results });
  const browser = await chromium.launch({ executablePath: installation.chromium, args: chromiumFlags });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    // Each folder is a window with editors of its own.
    const pytorch = await makeWorkspace(home, 'examples');
    const darknet = await makeWorkspace(home, 'darknet');
    const keras = await makeWorkspace(home, 'keras');
    const slim = await makeWorkspace(home, 'slim');
    const whatIf = await makeWorkspace(home, 'what-if');
    const aids = await makeWorkspace(home, 'aids');
    const method = await makeWorkspace(home, 'method');
    const repository = await makeTrainingRepository(home, 'digits-pytorch');
    const large = await makeLargeModels(home, 'large');
    const workbench = new Workbench(page);
    const scenarios = [
      { name: 'PyTorch', run: pytorchScenario, folder: pytorch },
      { name: 'First hour', run: firstHourScenario, folder: repository },
      { name: 'Costs', run: costsScenario, folder: large },
      { name: 'Editor', run: editorScenario, folder: aids },
      { name: 'Darknet', run: darknetScenario, folder: darknet },
      { name: 'Keras', run: kerasScenario, folder: keras },
      { name: 'What-if', run: whatIfScenario, folder: whatIf },
      { name: 'Slim file', run: slimFileScenario, folder: slim },
      { name: 'Method', run: experimentScenario, folder: method },
      { name: 'API', run: apiScenario, folder: darknet },
    ].filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
    const counts = { passed: 0, failed: 0 };
    for (const { name, run, folder } of scenarios) {
      const scenario = new Scenario(name, workbench);
      await run({ scenario, workbench, folder, url: server.url(folder), results });
      counts.passed += scenario.passed;
      counts.failed += scenario.failed;
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
    // What the editor and the extension's server wrote down says why.
    if (counts.failed > 0) await cp(join(home, 'user-data/logs'), join(artifacts, 'logs'), { recursive: true });
    return counts.failed === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.stop();
    // The server's own processes take a moment to end and may still write.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

process.exitCode = await main();
