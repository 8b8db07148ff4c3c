// A page's HTML: an empty shell whose policy lets in one script and one style sheet of ours, and nothing else.

export interface DashboardHtmlOptions {
  readonly scriptUri: string;
  readonly styleUri: string;
  /** Where the style sheet may come from, as a CSP source. */
  readonly styleSource: string;
  /** Fresh for each page, from a cryptographic source. */
  readonly nonce: string;
  /** What the page shows: `dashboard`, or `costs`. */
  readonly page?: 'dashboard' | 'costs';
  /** Which run, sweep or model it is about. */
  readonly runId: string;
}

/** The page for one run, sweep or model. Data come by message once the page says `ready`, never inside the HTML. */
export function dashboardHtml({
  scriptUri,
  styleUri,
  styleSource,
  nonce,
  page = 'dashboard',
  runId,
}: DashboardHtmlOptions): string {
  // Pictures of its own making: a chart is drawn as one to be kept as PNG.
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${styleSource}; img-src data:`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MorphNet</title>
<link rel="stylesheet" href="${escapeAttribute(styleUri)}">
</head>
<body>
<div id="${page}" data-run="${escapeAttribute(runId)}"></div>
<script nonce="${nonce}" src="${escapeAttribute(scriptUri)}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
