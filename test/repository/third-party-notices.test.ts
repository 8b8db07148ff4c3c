// What the extension says of the packages that it carries.

import { expect, test } from 'vitest';
import { thirdPartyNotices } from '../../scripts/third-party-notices.ts';

test('a package with a licence file has its text', async () => {
  const notices = await thirdPartyNotices(['node_modules/preact']);
  expect(notices).toMatch(/\npreact [\d.]+ \(MIT\)\n/);
  expect(notices).toContain('Jason Miller');
});

test('a package that only names its licence has the licence in full, and what it says of the libraries in it', async () => {
  const notices = await thirdPartyNotices([`node_modules/@img/sharp-libvips-${process.platform}-${process.arch}`]);
  expect(notices).toContain('(LGPL-3.0-or-later)');
  expect(notices).toContain('| glib ');
  // The lesser licence adds to the general one, so both belong to it.
  expect(notices).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
  expect(notices).toContain('GNU GENERAL PUBLIC LICENSE');
});
