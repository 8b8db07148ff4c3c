// `npm run test:install`: gets Chromium and code-server, so that page tests and end-to-end tests have them.

import { install } from './install.ts';
import { skipped } from './skipped.ts';

const installation = await install();
if ('missing' in installation) {
  console.log(`Tests that need a browser will be SKIPPED: ${installation.missing}.`);
  process.exitCode = skipped;
}
