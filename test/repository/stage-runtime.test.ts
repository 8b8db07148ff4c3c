// What travels with the extension is enough: the image decoder, staged alone in an empty folder, decodes there.

import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { stageImageDecoder } from '../../scripts/stage-runtime.ts';
import { temporaryFolder } from '../support/run-folder.ts';

test('the staged image decoder works, with the binaries of one platform', async () => {
  const folder = temporaryFolder();
  const modules = join(folder, 'node_modules');
  await stageImageDecoder(modules, { platform: process.platform, architecture: process.arch });
  const binaries = readdirSync(join(modules, '@img')).filter((name) => name.startsWith('sharp-'));
  expect(binaries.length).toBeGreaterThan(0);
  expect(binaries.filter((name) => !name.endsWith(`-${process.platform}-${process.arch}`))).toEqual([]);
  const image = sharp({ create: { width: 2, height: 1, channels: 3, background: { r: 1, g: 2, b: 3 } } });
  writeFileSync(join(folder, 'image.png'), await image.png().toBuffer());
  const program = "require('sharp')('image.png').raw().toBuffer().then((bytes) => console.log([...bytes].join()))";
  writeFileSync(join(folder, 'decode.cjs'), program);
  const environment = { ...process.env, NODE_PATH: '' };
  const output = execFileSync(process.execPath, ['decode.cjs'], { cwd: folder, encoding: 'utf8', env: environment });
  expect(output.trim()).toBe('1,2,3,1,2,3');
});
