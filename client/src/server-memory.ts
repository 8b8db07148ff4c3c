// How much memory the language server's process takes before it cleans up. Its own data is some tens of megabytes whatever is
// open; the rest is what reading a model leaves behind.

/**
 * Options of Node for the server, in megabytes. V8 lets a heap grow to four times what is alive where it may grow to
 * gigabytes, and to one and a half times under a bound like this one; no workspace was seen to need a fourth of it.
 */
export const serverNodeOptions: readonly string[] = ['--max-old-space-size=512', '--max-semi-space-size=8'];
