// Files as they are in a git revision, read through git's plumbing: nothing is checked out, no hook and no filter runs.

import { execFileSync } from 'node:child_process';
import { relative, sep } from 'node:path';
import { URI } from 'vscode-uri';
import type { Result } from '../common/problem.ts';
import type { SourceReader } from '../frontends/shared/frontend.ts';

const git = (folder: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-C', folder, '--no-optional-locks', ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** A reader that sees the repository of a folder as it is at a revision; what lies elsewhere is read from `disk`. */
export function readerAt(folder: string, revision: string, disk: SourceReader): Result<SourceReader> {
  let top: string;
  let commit: string;
  try {
    top = git(folder, 'rev-parse', '--show-toplevel').trim();
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
  const known = new Map<string, string | undefined>();
  const read = (document: string): string | undefined => {
    const inside = relative(top, URI.parse(document).fsPath);
    if (inside.startsWith('..') || inside === '') return disk.read(document);
    if (!known.has(inside)) {
      let text: string | undefined;
      try {
        text = git(top, 'cat-file', 'blob', `${commit}:${inside.split(sep).join('/')}`);
      } catch {
        // There is no such file at that revision.
      }
      known.set(inside, text);
    }
    return known.get(inside);
  };
  return { ok: true, value: { read, roots: disk.roots } };
}
