// What happens to a question while another one is being evaluated: the thread looks up at each look of the evaluation. Here it
// is the test's own thread, and a frontend that does something in the middle of an evaluation.

import { CancellationTokenSource, LSPErrorCodes } from 'vscode-languageserver/node';
import { expect, test } from 'vitest';
import { darknetFrontend } from '../../../server/src/frontends/darknet/darknet-frontend.ts';
import type { Frontend } from '../../../server/src/frontends/shared/frontend.ts';
import { AnalysisClient, type AnalysisThread } from '../../../server/src/lsp/analysis-client.ts';
import type { AnalysisInput } from '../../../server/src/lsp/analysis-questions.ts';
import { defaultSettings } from '../../../server/src/protocol/settings.ts';
import { analysisHere } from '../../lsp/analysis-here.ts';
import { smallNetwork } from '../../lsp/small-network.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';

const names = ['a', 'b', 'c'];

/** Files with three models each; `within` is called in the middle of each evaluation, which looks up behind it. */
function severalModels(within: (file: string, name: string) => void): Frontend {
  return {
    ...darknetFrontend,
    entries: (...given) => {
      const { entries, problems } = darknetFrontend.entries(...given);
      return { entries: entries.flatMap((entry) => names.map((name) => ({ ...entry, name }))), problems };
    },
    evaluate: (entry, reader, limits, cancellation) => {
      within(entry.document.slice(entry.document.lastIndexOf('/') + 1), entry.name);
      return darknetFrontend.evaluate(entry, reader, limits, cancellation);
    },
  };
}

const uriOf = (name: string): string => `file:///project/${name}`;
const never = new CancellationTokenSource().token;

interface Thread extends Disposable {
  readonly client: AnalysisClient;
  /** What was evaluated, in order: file and model. */
  readonly evaluated: string[];
  /** Opens a file, or gives it another text. */
  tell(name: string, text?: string): void;
  ask(question: 'code-lenses' | 'hover' | 'diagnostics', file: string): Promise<unknown>;
}

function openThread(within: (thread: Thread, step: string) => void = () => undefined): Thread {
  const evaluated: string[] = [];
  const frontend = severalModels((file, name) => {
    evaluated.push(`${file} ${name}`);
    within(thread, `${file} ${name}`);
  });
  const client = new AnalysisClient(analysisHere({ frontends: [frontend] }), {
    changed: () => undefined,
    failed: (reason) => {
      throw new Error(reason);
    },
  });
  let version = 0;
  const thread: Thread = {
    client,
    evaluated,
    tell: (name, text = smallNetwork) => {
      client.tell({ kind: 'text', uri: uriOf(name), text, version: ++version });
    },
    ask: (question, file) => {
      const params = { textDocument: { uri: uriOf(file) }, position: { line: 6, character: 3 } };
      return client.ask(question, params, defaultSettings, never);
    },
    [Symbol.dispose]: () => void client.dispose(),
  };
  return thread;
}

/** Does something once, at a step. */
function atStep(step: string, act: (thread: Thread) => void): (thread: Thread, step: string) => void {
  let isDone = false;
  return (thread, now) => {
    if (isDone || now !== step) return;
    isDone = true;
    act(thread);
  };
}

test('a question that is cancelled in the middle of a model evaluates no other', async () => {
  const source = new CancellationTokenSource();
  using thread = openThread(
    atStep('x.cfg b', () => {
      source.cancel();
    }),
  );
  thread.tell('x.cfg');
  const params = { textDocument: { uri: uriOf('x.cfg') } };
  const asked = thread.client.ask('code-lenses', params, defaultSettings, source.token);
  await expect(asked).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
  expect(thread.evaluated).toEqual(['x.cfg a', 'x.cfg b']);
  // What was evaluated whole is good for the next question.
  expect(await thread.ask('code-lenses', 'x.cfg')).not.toEqual([]);
  expect(thread.evaluated.slice(2)).toEqual(['x.cfg b', 'x.cfg c']);
});

test('a newer text ends the evaluation of the older one, and the question is answered as outdated', async () => {
  using thread = openThread(
    atStep('x.cfg b', (thread) => {
      thread.tell('x.cfg', `# newer\n${smallNetwork}`);
    }),
  );
  thread.tell('x.cfg');
  await expect(thread.ask('code-lenses', 'x.cfg')).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
  expect(thread.evaluated).toEqual(['x.cfg a', 'x.cfg b']);
  expect(await thread.ask('code-lenses', 'x.cfg')).not.toEqual([]);
  expect(thread.evaluated.slice(2)).toEqual(['x.cfg a', 'x.cfg b', 'x.cfg c']);
});

test('a newer text of another file ends an evaluation too, which begins anew with it', async () => {
  using thread = openThread(
    atStep('x.cfg b', (thread) => {
      thread.tell('y.cfg');
    }),
  );
  thread.tell('x.cfg');
  expect(await thread.ask('code-lenses', 'x.cfg')).not.toEqual([]);
  expect(thread.evaluated).toEqual(['x.cfg a', 'x.cfg b', 'x.cfg b', 'x.cfg c']);
});

test('what is known is answered in the middle of an evaluation, which goes on', async () => {
  const order: string[] = [];
  using thread = openThread(
    atStep('x.cfg a', (thread) => {
      void thread.ask('hover', 'y.cfg').then(() => order.push('hover'));
    }),
  );
  thread.tell('x.cfg');
  thread.tell('y.cfg');
  await thread.ask('code-lenses', 'y.cfg');
  thread.evaluated.length = 0;
  await thread.ask('code-lenses', 'x.cfg').then(() => order.push('lenses'));
  expect(order).toEqual(['hover', 'lenses']);
  expect(thread.evaluated).toEqual(['x.cfg a', 'x.cfg b', 'x.cfg c']);
});

test('diagnostics give way to what somebody looks at, and begin anew behind it', async () => {
  const order: string[] = [];
  using thread = openThread(
    atStep('x.cfg b', (thread) => {
      void thread.ask('code-lenses', 'y.cfg').then(() => order.push('lenses'));
    }),
  );
  thread.tell('x.cfg');
  thread.tell('y.cfg');
  await thread.ask('diagnostics', 'x.cfg').then(() => order.push('diagnostics'));
  expect(order).toEqual(['lenses', 'diagnostics']);
  expect(thread.evaluated).toEqual(['x.cfg a', 'x.cfg b', 'y.cfg a', 'y.cfg b', 'y.cfg c', 'x.cfg b', 'x.cfg c']);
});

test('a thread that dies is replaced, and the new one is told what holds', async () => {
  const ends: ((reason: string) => void)[] = [];
  const start = analysisHere({ frontends: [darknetFrontend] });
  const failures: string[] = [];
  const changed: string[] = [];
  const client = new AnalysisClient(
    (port, signals): AnalysisThread => ({ ...start(port, signals), onEnd: (listener) => void ends.push(listener) }),
    { changed: (uris) => changed.push(...uris), failed: (reason) => failures.push(reason) },
  );
  const uri = uriOf('x.cfg');
  client.tell({ kind: 'text', uri, text: 'gone', version: 1 });
  client.tell({ kind: 'text', uri, text: smallNetwork, version: 2 });
  client.tell({ kind: 'text', uri: uriOf('closed.cfg'), text: smallNetwork, version: 1 });
  client.tell({ kind: 'close', uri: uriOf('closed.cfg') });
  const models = (): Promise<readonly unknown[]> => client.ask('models', { uri }, defaultSettings, never);
  const pending = models();
  ends[0]?.('out of memory');
  await expect(pending).rejects.toThrow('out of memory');
  expect(failures).toEqual(['out of memory']);
  expect(changed).toEqual([uri]);
  expect(await models()).toHaveLength(1);
  // A file that kills its thread whenever it is read must not do so for ever.
  for (let end = 1; end <= 3; end++) ends[end]?.('out of memory');
  await expect(models()).rejects.toThrow('has ended');
  expect(ends).toHaveLength(4);
  await client.dispose();
});

/** A thread over Python files, and the documents that it says may show something else. */
function openChanging(): { readonly client: AnalysisClient; readonly changed: Set<string> } {
  const changed = new Set<string>();
  const listener = {
    changed: (uris: readonly string[]) => {
      for (const uri of uris) changed.add(uri);
    },
    failed: (reason: string) => {
      throw new Error(reason);
    },
  };
  return { client: new AnalysisClient(analysisHere({ frontends: [pythonFrontend] }), listener), changed };
}

test.for<[string, AnalysisInput]>([
  ['edited', { kind: 'text', uri: uriOf('shared.py'), text: 'from torch import nn\nwidth = 5\n', version: 2 }],
  ['closed', { kind: 'close', uri: uriOf('shared.py') }],
])('documents that read a file are told of when it is %s, and no others', async ([, input]) => {
  const { client, changed } = openChanging();
  const net = 'import torch\nfrom shared import width\nnet = torch.nn.Sequential(torch.nn.Linear(3, width))\n';
  client.tell({ kind: 'folders', workspace: ['file:///project'], libraries: [] });
  client.tell({ kind: 'text', uri: uriOf('shared.py'), text: 'from torch import nn\nwidth = 4\n', version: 1 });
  client.tell({ kind: 'text', uri: uriOf('net.py'), text: net, version: 1 });
  client.tell({
    kind: 'text',
    uri: uriOf('other.py'),
    text: net.replace('from shared import width', 'width = 3'),
    version: 1,
  });
  const look = async (): Promise<void> => {
    for (const name of ['net.py', 'other.py']) await client.ask('models', { uri: uriOf(name) }, defaultSettings, never);
  };
  await look();
  changed.clear();
  client.tell(input);
  await look();
  expect([...changed]).toEqual([uriOf('net.py')]);
  await client.dispose();
});
