// The manifest says what the declarations say: settings, commands and the like are written once, and so are its texts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/bundles.ts';
import { generatedFiles } from '../../scripts/generate-manifest.ts';
import { withoutTexts } from '../../scripts/manifest-texts.ts';
import { chooseDevice } from '../../server/src/analysis/latency-device.ts';
import { defaultSettings, settingDeclarations, settingGroups } from '../../server/src/protocol/settings.ts';

test('generated files are up to date (npm run generate)', async () => {
  for (const { path, current, wanted } of await generatedFiles()) {
    expect(current, path).toBe(wanted);
  }
});

test('every text that the manifest names is there, and none is left over', () => {
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  const texts = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, string>;
  const named = [...manifest.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? '');
  expect(named.toSorted()).toEqual(Object.keys(texts).toSorted());
  expect(named.length).toBeGreaterThan(50);
});

test('texts are taken out by what they are called and where they stand', () => {
  const fields = {
    commands: [{ command: 'a.run', title: 'Run', icon: '$(play)' }],
    views: { box: [{ id: 'a.list', name: 'List' }] },
    configuration: [{ title: 'Box', properties: { 'morphnet.b': { enum: ['x'], enumDescriptions: ['An x.'] } } }],
  };
  expect(withoutTexts(fields)).toEqual({
    fields: {
      commands: [{ command: 'a.run', title: '%commands.a.run.title%', icon: '$(play)' }],
      views: { box: [{ id: 'a.list', name: '%views.box.a.list.name%' }] },
      configuration: [
        {
          title: '%configuration.0.title%',
          properties: { 'morphnet.b': { enum: ['x'], enumDescriptions: ['%morphnet.b.enumDescriptions.0%'] } },
        },
      ],
    },
    texts: {
      'commands.a.run.title': 'Run',
      'views.box.a.list.name': 'List',
      'configuration.0.title': 'Box',
      'morphnet.b.enumDescriptions.0': 'An x.',
    },
  });
});

test('every setting stands in one group, and the devices that are completed are known', () => {
  const grouped = settingGroups.flatMap(({ keys }) => keys);
  expect(grouped.toSorted()).toEqual(settingDeclarations.map(({ key }) => key).toSorted());
  const { examples } = settingDeclarations.find(({ key }) => key === 'morphnet.device')?.schema ?? {};
  for (const device of examples as readonly string[])
    expect(chooseDevice({ ...defaultSettings, device }).problem, device).toBeUndefined();
});
