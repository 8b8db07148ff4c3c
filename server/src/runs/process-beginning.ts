// When a process began, as a word that tells it from a later one with the same number. Systems hand numbers out again.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** So long the system's own programs may take to answer, in milliseconds. */
const patience = 5000;

/** Linux's proc(5): the 22nd field of `stat`, in ticks since the system's start; the 20th after the name in parentheses. */
function fromProc(pid: number): string {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** POSIX's `ps`, which macOS and the BSDs have; in one language and time zone, whoever asks. */
export function fromProcessStatus(pid: number): string {
  const answer = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patience,
  });
  return answer.trim().replaceAll(/\s+/g, '-');
}

function fromPowerShell(pid: number): string {
  const question = `(Get-Process -Id ${String(pid)}).StartTime.ToFileTimeUtc()`;
  return execFileSync('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', question], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patience,
    windowsHide: true,
  }).trim();
}

/** One word; empty where the system does not tell. */
export function processBeginning(pid: number, platform: NodeJS.Platform = process.platform): string {
  try {
    if (platform === 'linux') return fromProc(pid);
    return platform === 'win32' ? fromPowerShell(pid) : fromProcessStatus(pid);
  } catch {
    return '';
  }
}
