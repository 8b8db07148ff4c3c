// The analysis thread: hears inputs and questions in order, answers one question at a time, and looks up from an evaluation
// when a message comes. What is known already is answered at once; what changes the ground, or is more urgent, ends the
// evaluation, which begins anew behind it.

import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { AnalysisSession, type SessionOptions } from '../analysis/analysis-session.ts';
import { CommittedModels, type FindCommitted } from '../analysis/committed-models.ts';
import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import type { AnalysisContext } from './analysis-context.ts';
import type {
  AnalysisInput,
  AnalysisQuestions,
  Asked,
  FromAnalysis,
  QuestionName,
  ToAnalysis,
} from './analysis-questions.ts';
import { answerers, documentOf, isBackground, isKnown } from './answers.ts';
import { settingsUnder } from '../protocol/project-file.ts';
import { ProjectFiles } from './project-files.ts';
import { describeFailure } from './server-log.ts';
import { SharedSignals } from './shared-signals.ts';
import type { WorkspaceDisk } from './workspace-disk.ts';

/** What the thread works with; composed in main/. */
export interface AnalysisEnvironment extends Pick<SessionOptions, 'frontends' | 'rebuild' | 'limits' | 'pack'> {
  readonly disk: WorkspaceDisk;
  /** The committed files of the repository of a document; without it nothing is compared with them. */
  readonly findCommitted?: FindCommitted;
}

/**
 * An evaluation for another document that has taken so long gives way to a new question. Short ones are let finish: to begin
 * anew would cost more than the wait.
 */
const givesWayAfterMs = 20;

/** Serves analysis on a port until it closes. */
export function serveAnalysis(port: MessagePort, memory: SharedArrayBuffer, environment: AnalysisEnvironment): void {
  const server = new AnalysisServer(port, new SharedSignals(memory), environment);
  port.on('message', (message: ToAnalysis) => {
    server.hear(message);
  });
}

class AnalysisServer {
  readonly #port: MessagePort;
  readonly #signals: SharedSignals;
  readonly #disk: WorkspaceDisk;
  readonly #session: AnalysisSession;
  readonly #projects: ProjectFiles;
  readonly #committed: CommittedModels | undefined;
  /** Messages that were taken from the port, in order. */
  readonly #inputs: AnalysisInput[] = [];
  readonly #questions: Asked[] = [];
  #received = 0;
  #isWorking = false;
  #roots: readonly string[] = [];
  #canPreview = false;
  #canResolve = false;

  constructor(port: MessagePort, signals: SharedSignals, { disk, findCommitted, ...analysis }: AnalysisEnvironment) {
    this.#port = port;
    this.#signals = signals;
    this.#disk = disk;
    const sourceFiles = (): readonly string[] => [
      ...new Set([...this.#session.openDocuments, ...(disk.sourceFiles?.() ?? [])]),
    ];
    this.#session = new AnalysisSession({ ...analysis, disk, sourceFiles, workspaceRoots: [] });
    this.#projects = new ProjectFiles(
      (uri) => this.#session.textOf(uri),
      () => this.#roots,
    );
    this.#committed =
      findCommitted &&
      new CommittedModels(
        findCommitted,
        (reader) => new AnalysisSession({ ...analysis, disk: reader, workspaceRoots: [] }),
      );
  }

  hear(message: ToAnalysis): void {
    this.#take(message);
    // A question in the middle of another one is seen by the evaluation itself.
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let question = this.#next(); question !== undefined; question = this.#next()) this.#answer(question);
    } finally {
      this.#isWorking = false;
    }
  }

  #take(message: ToAnalysis): void {
    this.#received++;
    if (message.kind === 'question') this.#questions.push(message);
    else this.#inputs.push(message);
  }

  /** Takes what has come meanwhile, without waiting. */
  #takeWaiting(): void {
    while (this.#signals.sent > this.#received) {
      const next: { readonly message: ToAnalysis } | undefined = receiveMessageOnPort(this.#port);
      if (next === undefined) return;
      this.#take(next.message);
    }
  }

  /** The question to answer next, with all inputs heard: what is known first, and last what nobody waits for. */
  #next(): Asked | undefined {
    this.#takeWaiting();
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) this.#apply(input);
    const known = this.#questions.findIndex((question) => isKnown(question, this.#session));
    const next = known >= 0 ? known : this.#questions.findIndex(({ name }) => !isBackground(name));
    const [question] = this.#questions.splice(Math.max(0, next), 1);
    return question;
  }

  #answer(question: Asked): void {
    const { id, params } = question;
    const cancellation = this.#signals.cancellationOf(id);
    if (isCancelled(cancellation)) {
      this.#say({ kind: 'cancelled', id });
      return;
    }
    const interruption = new Interruption(cancellation, () => this.#mustEnd(question, started));
    const started = performance.now();
    const said = this.#answerOf(question, interruption);
    if (isCancelled(cancellation)) this.#say({ kind: 'cancelled', id });
    else if (!interruption.hasEnded) this.#say(said);
    else if (this.#isAboutToChange(documentOf(params))) this.#say({ kind: 'outdated', id });
    else this.#questions.push(question);
    const changed = this.#session.takeCompleted();
    if (changed.length > 0) this.#say({ kind: 'changed', uris: changed });
  }

  #answerOf(question: Asked, cancellation: Cancellation): FromAnalysis {
    const { id, name, params } = question;
    const about = documentOf(params);
    const project = about === undefined ? undefined : this.#projects.of(about)?.project;
    const settings = settingsUnder(project, question.settings);
    const context: AnalysisContext = {
      session: this.#session,
      projects: this.#projects,
      committed: this.#committed,
      settings,
      roots: this.#roots,
      exists: (uri) => this.#disk.exists(uri),
      canPreview: this.#canPreview,
      canResolve: this.#canResolve,
    };
    try {
      return { kind: 'answer', id, answer: answerOf(name, context, params, cancellation) };
    } catch (error) {
      return { kind: 'failure', id, reason: describeFailure(error) };
    }
  }

  /** Looks up from an evaluation: answers what is known, and says whether the evaluation has to end. */
  #mustEnd(current: Asked, started: number): boolean {
    if (this.#signals.sent === this.#received) return false;
    const before = this.#questions.length;
    this.#takeWaiting();
    // Inputs are applied between two questions, so that everything in an answer is of one state.
    if (this.#inputs.length > 0) return true;
    let isUrgent = false;
    for (const question of this.#questions.splice(before)) {
      const isCancelled = this.#signals.cancellationOf(question.id).isCancellationRequested;
      if (isCancelled) this.#say({ kind: 'cancelled', id: question.id });
      else if (isKnown(question, this.#session))
        this.#say(this.#answerOf(question, this.#signals.cancellationOf(question.id)));
      else {
        this.#questions.push(question);
        if (isBackground(question.name)) continue;
        const isElsewhere = documentOf(question.params) !== documentOf(current.params);
        isUrgent ||= isBackground(current.name) || (isElsewhere && performance.now() - started > givesWayAfterMs);
      }
    }
    return isUrgent;
  }

  /** Whether a newer text of a document waits to be heard. */
  #isAboutToChange(uri: string | undefined): boolean {
    return this.#inputs.some((input) => (input.kind === 'text' || input.kind === 'close') && input.uri === uri);
  }

  #apply(input: AnalysisInput): void {
    const session = this.#session;
    switch (input.kind) {
      case 'text': {
        // The request first: it decides what the text is evaluated as.
        this.#applyProject(input.uri);
        session.setDocument(input.uri, input.text, input.version);
        const others = session.openDocumentsTiedTo(input.uri);
        if (others.length > 0) this.#say({ kind: 'changed', uris: others });
        break;
      }
      case 'close': {
        const others = session.openDocumentsTiedTo(input.uri);
        session.closeDocument(input.uri);
        if (others.length > 0) this.#say({ kind: 'changed', uris: others });
        break;
      }
      case 'disk': {
        const isRead = session.filesChangedOnDisk(input.uris);
        if (input.uris.some((uri) => ProjectFiles.mayConcern(uri))) this.#projectsChanged();
        if (isRead) this.#say({ kind: 'changed', uris: session.openDocuments });
        break;
      }
      case 'folders':
        this.#roots = input.workspace;
        this.#disk.allow(input);
        session.setWorkspaceRoots(input.workspace);
        this.#projectsChanged();
        break;
      case 'file':
        this.#disk.allowFile(input.uri);
        session.filesChangedOnDisk([input.uri]);
        break;
      case 'proposal':
        session.attachProposal(input.uri, input.proposal);
        break;
      case 'client':
        this.#canPreview = input.canPreview;
        this.#canResolve = input.canResolve;
        if (input.refreshesHints) session.showChosenFirst();
        break;
    }
  }

  #applyProject(uri: string): void {
    const entry = this.#projects.entryOf(uri);
    this.#session.requestEntry(uri, entry && { ...entry, from: 'config' });
  }

  #projectsChanged(): void {
    this.#projects.forget();
    for (const uri of this.#session.openDocuments) this.#applyProject(uri);
  }

  #say(message: FromAnalysis): void {
    this.#port.postMessage(message);
  }
}

/** A question's cancellation, and what else ends its evaluation; once ended it stays so. */
class Interruption implements Cancellation {
  readonly #cancellation: Cancellation;
  readonly #mustEnd: () => boolean;
  #ended = false;

  constructor(cancellation: Cancellation, mustEnd: () => boolean) {
    this.#cancellation = cancellation;
    this.#mustEnd = mustEnd;
  }

  /** Whether what was evaluated is a part only. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get isCancellationRequested(): boolean {
    this.#ended ||= this.#cancellation.isCancellationRequested || this.#mustEnd();
    return this.#ended;
  }
}

/** One place where a question's name and its parameters are known to belong together. */
function answerOf<Name extends QuestionName>(
  name: Name,
  context: AnalysisContext,
  params: AnalysisQuestions[Name]['params'],
  cancellation: Cancellation,
): AnalysisQuestions[Name]['answer'] {
  return answerers[name](context, params, cancellation);
}
