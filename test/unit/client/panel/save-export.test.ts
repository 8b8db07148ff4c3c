// The file that a page is kept as: whole, and nothing in it runs or ends a rule of its style.

import { expect, test, vi } from 'vitest';
import { pageHtml } from '../../../../client/src/panel/save-export.ts';

vi.mock('vscode', () => ({}));

test('a page is one file with its colours', () => {
  const html = pageHtml(
    {
      body: '<main>54 %</main>',
      colors: {
        '--vscode-foreground': '#ccc',
        '--vscode-bad': 'red} body{display:none',
        onload: 'x',
      },
    },
    'MorphNet: A<B>',
    'main { color: var(--vscode-foreground) }',
  );
  expect(html).toContain('<title>MorphNet: A&lt;B></title>');
  expect(html).toContain(':root { --vscode-foreground: #ccc; }');
  expect(html).toContain('main { color');
  expect(html).toContain('<main>54 %</main>');
  expect(html).not.toContain('display:none');
  expect(html).toContain("default-src 'none'");
});
