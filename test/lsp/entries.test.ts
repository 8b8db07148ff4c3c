// Which models the files of a workspace offer, found without evaluating any.

import { expect, test } from 'vitest';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import { openEditor } from './server-session.ts';
import { smallNetwork } from './small-network.ts';

test('files that offer models are told with the place of each, and nothing is evaluated', async () => {
  let evaluations = 0;
  const frontend: typeof darknetFrontend = {
    ...darknetFrontend,
    evaluate: (...given) => {
      evaluations++;
      return darknetFrontend.evaluate(...given);
    },
  };
  await using editor = await openEditor({ analysis: { frontends: [frontend] } });
  editor.workspace.write('nets/small.cfg', smallNetwork);
  editor.workspace.write('setup.cfg', '[metadata]\nname = x\n');
  const uris = ['nets/small.cfg', 'setup.cfg', 'gone.cfg'].map((name) => editor.workspace.uriOf(name));
  const found = await editor.request('morphnet/entries', { uris });
  expect(found).toEqual([{ uri: uris[0], models: [{ entry: '', range: expect.any(Object) as unknown }] }]);
  expect(evaluations).toBe(0);
});
