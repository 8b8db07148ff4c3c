// A text is read once, however often it is asked for in a row; another text, or another document, is read anew.

import { expect, test } from 'vitest';
import { readYaml } from '../../../../server/src/frontends/config/yaml-tree.ts';
import { keepingLast } from '../../../../server/src/frontends/config/last-reading.ts';

test('the last text is read once', () => {
  const asked: string[] = [];
  const read = keepingLast((document, text) => {
    asked.push(`${document} ${text}`);
    return readYaml(document, text);
  });
  const first = read('file:///a.yaml', 'x: 1');
  expect(read('file:///a.yaml', 'x: 1')).toBe(first);
  const entryOf = (text: string, document = 'file:///a.yaml'): unknown => {
    const { root } = read(document, text);
    return root?.kind === 'map'
      ? root.entries.map(({ key, value }) => [key, value.kind === 'scalar' && value.value, value.span.document])
      : root;
  };
  expect(entryOf('x: 2')).toEqual([['x', 2, 'file:///a.yaml']]);
  expect(entryOf('x: 2', 'file:///b.yaml')).toEqual([['x', 2, 'file:///b.yaml']]);
  expect(entryOf('x: 1')).toEqual([['x', 1, 'file:///a.yaml']]);
  expect(asked).toEqual(['file:///a.yaml x: 1', 'file:///a.yaml x: 2', 'file:///b.yaml x: 2', 'file:///a.yaml x: 1']);
});
