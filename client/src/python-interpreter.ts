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
export async function onInterpreterChosen(listener: () => void): Promise<void> {
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

/** A section of settings as the server asks for it, with the chosen interpreter where the setting names none. */
export async function withInterpreter(section: unknown): Promise<unknown> {
  const training = field(section, 'training');
  if (typeof section !== 'object' || section === null || field(training, 'python') !== '') return section;
  const python = await chosenInterpreter();
  if (python === undefined || typeof training !== 'object') return section;
  return { ...section, training: { ...training, python } };
}
