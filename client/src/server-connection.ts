// The language server as the rest of the client sees it: typed requests and notifications, nothing of the client library.

import type { CancellationToken, Disposable } from 'vscode';
import type {
  ServerNotificationName,
  ServerNotifications,
  ServerRequestName,
  ServerRequests,
} from '../../server/src/protocol/lsp-extensions.ts';

export interface ServerConnection {
  /**
   * Sends a request; starts the server if it is not running yet. Rejects only when the server is gone or broken: whatever
   * a user can mend comes back as a `Refusal` in the result. `token` takes the question back.
   */
  request<Name extends ServerRequestName>(
    name: Name,
    params: ServerRequests[Name]['params'],
    token?: CancellationToken,
  ): Promise<ServerRequests[Name]['result']>;
  /** Listens from now on, also across restarts of the server. */
  onNotification<Name extends ServerNotificationName>(
    name: Name,
    listener: (params: ServerNotifications[Name]) => void,
  ): Disposable;
  /** Called when the server has come back after it ended unexpectedly: what was heard before may be out of date. */
  onRestart(listener: () => void): Disposable;
}
