// Whose diagnostics are worked out, and in which order: those of documents that somebody looks at, the last one first.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { DiagnosticsPublisher } from '../../../server/src/lsp/diagnostics-publisher.ts';
import type { ServerContext } from '../../../server/src/lsp/server-context.ts';
import { counting, sessionOver, standardSettings, uriOf } from '../../support/analysis-session.ts';
import { darknetFrontend } from '../../../server/src/frontends/darknet/darknet-frontend.ts';

/** Its one layer has a filter count that is no number. */
const wrong = '[net]\nheight=8\nwidth=8\nchannels=3\n\n[convolutional]\nfilters=six\nsize=1\n';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Desk {
  readonly publisher: DiagnosticsPublisher;
  readonly evaluations: readonly string[];
  readonly sent: readonly PublishDiagnosticsParams[];
  readonly open: (uri: string) => void;
  /** The pause is over, and everything that is due is done. */
  readonly pause: () => Promise<void>;
}

function desk(): Desk {
  const frontend = counting(darknetFrontend);
  const session = sessionOver(new Map(), [frontend]);
  const failures: unknown[] = [];
  const context = {
    session,
    settings: { of: () => Promise.resolve(standardSettings) },
    log: { failure: (...failure: unknown[]) => failures.push(failure) },
    projects: { of: () => undefined },
    openDocument: (uri: string) => ({ version: session.versionOf(uri) }),
  } as unknown as ServerContext;
  const sent: PublishDiagnosticsParams[] = [];
  const send = (params: PublishDiagnosticsParams): Promise<void> => {
    sent.push(params);
    return Promise.resolve();
  };
  const publisher = new DiagnosticsPublisher(context, 250, send, () => undefined);
  return {
    publisher,
    evaluations: frontend.evaluations,
    sent,
    open: (uri) => {
      session.setDocument(uri, wrong, 1);
      publisher.lookAt(uri);
      publisher.schedule(uri);
    },
    pause: async () => {
      vi.advanceTimersByTime(250);
      for (let round = 0; round < 200; round++) await new Promise((resolve) => setImmediate(resolve));
      expect(failures).toEqual([]);
    },
  };
}

const documents = Array.from({ length: 20 }, (_, i) => uriOf(`${String(i)}.cfg`));

test('of many documents opened at once the last ones are analyzed, the last one first', async () => {
  const { open, pause, evaluations, sent } = desk();
  documents.forEach(open);
  expect(evaluations).toEqual([]);
  await pause();
  expect(evaluations).toEqual(documents.slice(12).reverse());
  expect(sent.map(({ uri }) => uri)).toEqual(evaluations);
  expect(sent[0]?.diagnostics).not.toEqual([]);
});

test('a document that was passed over has its turn when it is looked at', async () => {
  const { publisher, open, pause, evaluations, sent } = desk();
  documents.forEach(open);
  await pause();
  const before = evaluations.length;
  const first = documents[0]!;
  publisher.lookAt(first);
  await pause();
  expect(evaluations.slice(before)).toEqual([first]);
  expect(sent.at(-1)?.uri).toBe(first);
  // Looking again finds nothing to do.
  publisher.lookAt(first);
  await pause();
  expect(evaluations).toHaveLength(before + 1);
});

test('a document that was closed has no turn', async () => {
  const { publisher, open, pause, evaluations } = desk();
  const first = documents[0]!;
  open(first);
  await publisher.forget(first);
  await pause();
  expect(evaluations).toEqual([]);
});
