// What a page says to its host, checked: only our page can send messages, and one that it can't have sent is not worth a word.

import * as v from 'valibot';
import type * as vscode from 'vscode';
import { showFailure } from '../messages.ts';

/** Has `answer` take each message of a page that fits the schema; what fails is told under the name of the page. */
export function hearPage<Message>(
  webview: vscode.Webview,
  schema: v.GenericSchema<unknown, Message>,
  page: string,
  answer: (message: Message) => void | Promise<void>,
): vscode.Disposable {
  return webview.onDidReceiveMessage(async (message: unknown) => {
    const checked = v.safeParse(schema, message);
    if (!checked.success) return;
    try {
      await answer(checked.output);
    } catch (error) {
      await showFailure(page, error);
    }
  });
}
