// Files that a program reads, found where it would find them when it is started from the script's folder or from one above
// it. A path leads nowhere but to documents that the reader gives, and each becomes a dependency of the model.

import type { SourceSpan } from '../../../common/source-span.ts';
import { overlongText } from '../../shared/frontend.ts';
import type { Machine, PyValue, UnknownValue } from '../evaluator/machine.ts';
import { unknown } from '../evaluator/values.ts';

export interface WorkspaceFile {
  readonly kind: 'file';
  readonly document: string;
  readonly text: string;
}

/** The attribute in which a path object keeps its text: no name that Python text can use. */
export const pathText = '<path>';

/** The text of a path that is given as such or as `pathlib.Path`. */
export function pathOf(value: PyValue | undefined): string | undefined {
  const plain = value?.kind === 'instance' ? value.attributes.get(pathText) : value;
  return plain?.kind === 'string' ? plain.value : undefined;
}

/** The file that a path names, or why it is not known what stands in it. */
export function workspaceFile(
  machine: Machine,
  path: PyValue | undefined,
  span: SourceSpan,
): WorkspaceFile | UnknownValue {
  const text = pathOf(path);
  if (text === undefined) return path?.kind === 'unknown' ? path : unknown('Which file this reads is not known', span);
  const found = filesAt(machine, text, span);
  const [first] = found;
  if (first === undefined) return unknown(`${text} is not in the workspace, so what stands in it is not known`, span);
  if (found.some((other) => other.text !== first.text))
    return unknown(`${text} is there in several folders, so which one this reads is not known`, span);
  const overlong = overlongText(first.document, first.text, machine.limits);
  return overlong ? unknown(overlong.message, span) : first;
}

/** Whether the workspace has a file at a path; undefined when that is not known, as other files than these may be there. */
export function isInWorkspace(machine: Machine, path: PyValue | undefined, span: SourceSpan): true | undefined {
  const text = pathOf(path);
  return text !== undefined && filesAt(machine, text, span).length > 0 ? true : undefined;
}

function filesAt(machine: Machine, path: string, span: SourceSpan): readonly WorkspaceFile[] {
  return documentsOf(machine, path).flatMap((document): readonly WorkspaceFile[] => {
    const text = machine.readDocument(document, span);
    return text === undefined ? [] : [{ kind: 'file', document, text }];
  });
}

/** The documents that a path can mean, nearest to the script first. */
export function documentsOf(machine: Machine, path: string): readonly string[] {
  if (path === '' || path.length > 1000) return [];
  // What is made of `__file__` says where it is.
  if (/^[a-z][\w+.-]+:\/\//i.test(path)) return [joinedPath(path)];
  if (/^([/\\~]|[a-z]:)/i.test(path)) return [];
  const { roots } = machine.reader;
  const [script = ''] = machine.dependencies;
  const folders = new Set<string>();
  let folder = script.slice(0, Math.max(0, script.lastIndexOf('/')));
  const isInside = (): boolean => roots.some((root) => folder === root || folder.startsWith(`${root}/`));
  folders.add(folder);
  while (isInside() && !roots.includes(folder)) {
    folder = folder.slice(0, folder.lastIndexOf('/'));
    folders.add(folder);
  }
  for (const root of roots) folders.add(root);
  return [...folders].map((each) => joinedPath(`${each}/${path}`));
}

/** `a/./b/../c` as `a/c`. */
export function joinedPath(path: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][\w+.-]+:\/\/)?(.*)$/is.exec(path) ?? [];
  const kept: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '.' || (part === '' && kept.length > 0)) continue;
    if (part === '..') kept.pop();
    else kept.push(part);
  }
  return scheme + kept.join('/');
}
