// Files as they are in a git revision, read through git's plumbing: nothing is checked out, fetched or run, be it a hook, a
// filter or a helper that the repository's own settings name.

import { execFileSync } from 'node:child_process';
import { dirname, relative, resolve, sep } from 'node:path';
import { URI } from 'vscode-uri';
import type { CommittedFiles, FindCommitted } from '../analysis/committed-models.ts';
import type { Result } from '../common/problem.ts';
import type { SourceReader } from '../frontends/shared/frontend.ts';

/** A clone may lack files; git would fetch them by a program that the repository names. */
const withoutFetching = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none', GIT_TERMINAL_PROMPT: '0' };

const git = (folder: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-C', folder, '--no-optional-locks', ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...withoutFetching },
  });

/** The top folder of the repository that a folder lies in, spelled as the folder is; throws where there is none. */
const topOf = (folder: string): string => resolve(folder, git(folder, 'rev-parse', '--show-cdup').trim());

/** A reader that sees the repository of a folder as it is at a revision; what lies elsewhere is read from `disk`. */
export function readerAt(folder: string, revision: string, disk: SourceReader): Result<SourceReader> {
  let top: string;
  let commit: string;
  try {
    top = topOf(folder);
  } catch {
    return {
      ok: false,
      error: `${folder} lies in no git repository, or git is not installed, so there is nothing to compare with.`,
    };
  }
  try {
    commit = git(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`).trim();
  } catch {
    return {
      ok: false,
      error: `The repository has no revision ${revision}. Name a commit, branch or tag: --compare HEAD`,
    };
  }
  return { ok: true, value: commitReader(top, commit, disk) };
}

/** Finds what was committed in the repositories of documents. The last commit's files are one object. */
export function committedFiles(disk: SourceReader): FindCommitted {
  const known = new Map<string, CommittedFiles & { readonly commit: string }>();
  return (document, revision) => {
    if (!document.startsWith('file:')) return undefined;
    const folder = dirname(URI.parse(document).fsPath);
    try {
      if (revision !== undefined) {
        const commit = git(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
        return { reader: commitReader(topOf(folder), commit.trim(), disk) };
      }
      const [up = '', commit = ''] = git(folder, 'rev-parse', '--show-cdup', 'HEAD').split('\n');
      const top = resolve(folder, up);
      const last = known.get(top);
      if (last?.commit === commit) return last;
      const files = { commit, reader: commitReader(top, commit, disk) };
      known.set(top, files);
      return files;
    } catch {
      // No repository, no such commit, or no git.
      return undefined;
    }
  };
}

function commitReader(top: string, commit: string, disk: SourceReader): SourceReader {
  const known = new Map<string, string | undefined>();
  let names: ReadonlySet<string> | undefined;
  const read = (document: string): string | undefined => {
    const inside = relative(top, URI.parse(document).fsPath);
    if (inside.startsWith('..') || inside === '') return disk.read(document);
    const name = inside.split(sep).join('/');
    // Imports are looked for in many places: one list of names saves a process for each that is not there.
    names ??= new Set(git(top, 'ls-tree', '-r', '-z', '--name-only', '--full-tree', commit).split('\0'));
    if (!names.has(name)) return undefined;
    if (!known.has(name)) known.set(name, blob(top, `${commit}:${name}`));
    return known.get(name);
  };
  return {
    read,
    get roots() {
      return disk.roots;
    },
  };
}

/** Undefined where a clone has not got the file. */
function blob(top: string, name: string): string | undefined {
  try {
    return git(top, 'cat-file', 'blob', name);
  } catch {
    return undefined;
  }
}
