// How much memory the language server's process takes before it cleans up. Its own data is some tens of megabytes whatever is
// open; the rest is what reading a model leaves behind.

/**
 * Options of Node for the server. Where V8's heap may grow to gigabytes, it lets it grow to four times what is alive before it
 * cleans up; under this bound, in megabytes, to one and a half times. No workspace was seen to need a fourth of it. The young
 * generation is left as it is: in half of it an edit's evaluation does not fit, and takes half as long again.
 */
export const serverNodeOptions: readonly string[] = ['--max-old-space-size=512'];
