// The Python that is chosen in the Python extension, where that is installed: the engine `torch` trains with it unless a setting
// names another. The extension's interface is not ours to know, so that what it gives is looked at piece by piece.

import * as vscode from 'vscode';

const extensionId = 'ms-python.python';

/** The path of the interpreter; undefined where no extension has one. */
export async function chosenInterpreter(): Promise<string | undefined> {
  const environments = await environmentsOfExtension();
  if (environments === undefined) return undefined;
  const active: unknown = call(environments, 'getActiveEnvironmentPath');
  const resolved: unknown = await call(environments, 'resolveEnvironment', active);
  const uri = field(field(resolved, 'executable'), 'uri');
  return uri instanceof vscode.Uri ? uri.fsPath : undefined;
}

/** Calls when another interpreter is chosen. */
async function onInterpreterChosen(listener: () => void): Promise<void> {
  call(await environmentsOfExtension(), 'onDidChangeActiveEnvironmentPath', listener);
}

async function environmentsOfExtension(): Promise<unknown> {
  try {
    return field(await vscode.extensions.getExtension<unknown>(extensionId)?.activate(), 'environments');
  } catch {
    // An extension that does not start chooses nothing.
    return undefined;
  }
}

function field(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}

function call(object: unknown, name: string, ...rest: readonly unknown[]): unknown {
  const method = field(object, name);
  return typeof method === 'function' ? Reflect.apply(method, object, rest) : undefined;
}

/**
 * The interpreter for those who can't wait: the Python extension takes seconds to start, and the first costs of a window need no
 * interpreter. What is not known yet counts as not chosen, and is told once it is.
 */
export class KnownInterpreter {
  #path: string | undefined;
  #asked: Promise<void> | undefined;

  /** Asks the Python extension; `changed` is called when there is an interpreter, and whenever there is another. */
  ask(changed: () => void): void {
    this.#asked ??= onInterpreterChosen(() => void this.#read(changed)).then(() => this.#read(changed));
  }

  /** A section of settings as the server asks for it, with the interpreter where the setting names none. */
  into(section: unknown): unknown {
    const training = field(section, 'training');
    if (typeof section !== 'object' || section === null || field(training, 'python') !== '') return section;
    if (this.#path === undefined || typeof training !== 'object') return section;
    return { ...section, training: { ...training, python: this.#path } };
  }

  async #read(changed: () => void): Promise<void> {
    const path = await chosenInterpreter();
    if (path === this.#path) return;
    this.#path = path;
    changed();
  }
}
