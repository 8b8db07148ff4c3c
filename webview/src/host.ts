// The editor as a page sees it, behind an interface: the same page runs in a plain browser with a host of a test's.

import * as v from 'valibot';
import { toPageSchema, type FromPage, type ToPage } from '../../server/src/protocol/webview-messages.ts';

/** Sends a message to the host. */
export type Post = (message: FromPage) => void;

export interface PageHost<From, To> {
  readonly post: (message: From) => void;
  /** Listens from now on. */
  listen(listener: (message: To) => void): void;
  /** Kept by the editor across reloads: which run this page shows. */
  remember(state: { readonly run: string }): void;
}

export type DashboardHost = PageHost<FromPage, ToPage>;

/** What the editor puts into a page's scope. */
interface EditorApi {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

/** The real host. Call it once: the editor hands its interface out only once a page. */
export function editorHost(): DashboardHost {
  return openHost(toPageSchema);
}

/** A page's host for messages that the schema checks. */
export function openHost<From, To>(schema: v.GenericSchema<unknown, To>): PageHost<From, To> {
  const editor = acquireVsCodeApi();
  return {
    post: (message) => editor.postMessage(message),
    listen: (listener) =>
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        const checked = v.safeParse(schema, event.data);
        // A newer extension may say more than this page knows.
        if (checked.success) listener(checked.output);
      }),
    remember: (state) => editor.setState(state),
  };
}
