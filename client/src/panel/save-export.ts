// Keeps charts and pages as files where the user says.

import * as vscode from 'vscode';
import type { FromPage } from '../../../server/src/protocol/webview-messages.ts';

type ChartMessage = Extract<FromPage, { readonly kind: 'save-chart' }>;
type PageMessage = Extract<FromPage, { readonly kind: 'save-page' }>;

export async function saveChart({ name, format, content }: ChartMessage): Promise<void> {
  const bytes = format === 'svg' ? new TextEncoder().encode(content) : Buffer.from(content, 'base64');
  await save(`${fileName(name)}.${format}`, format === 'svg' ? 'SVG' : 'PNG', bytes);
}

/** `folder` holds the page's style sheet. */
export async function savePage(message: PageMessage, title: string, folder: vscode.Uri): Promise<void> {
  const style = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, 'dashboard.css'));
  const html = pageHtml(message, title, new TextDecoder().decode(style));
  await save(`${fileName(title)}.html`, 'HTML', new TextEncoder().encode(html));
}

/** One file with all that it needs and nothing that runs. */
export function pageHtml({ body, colors }: Omit<PageMessage, 'kind'>, title: string, style: string): string {
  const variables = Object.entries(colors)
    // What a page says ends no rule.
    .filter(([name, value]) => /^--vscode-[\w-]+$/.test(name) && !/[<>{};]/.test(value))
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>
<style>:root { ${variables} }
${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

async function save(name: string, kind: string, content: Uint8Array): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const target = await vscode.window.showSaveDialog({
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder.uri, name) }),
    filters: { [kind]: [kind.toLowerCase()] },
  });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(target, content);
  vscode.window.setStatusBarMessage(`MorphNet: ${vscode.workspace.asRelativePath(target)} is written`, 5000);
}

/** A name that every system takes. */
function fileName(title: string): string {
  return title.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^-+|-+$/g, '') || 'morphnet';
}
