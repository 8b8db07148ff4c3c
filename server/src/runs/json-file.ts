// JSON files of runs. They may have been written by anybody, so they are read with their schemas, and a number that JavaScript
// would read as infinite is none.

import * as v from 'valibot';
import { issueWords } from '../protocol/issue-words.ts';
import type { Result } from '../common/problem.ts';
import { readRegularFile } from './regular-file.ts';

/** Whether every number in a parsed JSON value is finite: `1e999` is a number to JSON, and Infinity to us. */
export function hasFiniteNumbers(content: unknown): boolean {
  const rest: unknown[] = [content];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === 'number' && !Number.isFinite(value)) return false;
    // Not spread: an array may be longer than a call has arguments.
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) rest.push(part);
  }
  return true;
}

/** A JSON file; undefined when it is not there, a failure that names it when it is not what it should be. */
export function readJsonFile<T>(path: string, schema: v.GenericSchema<unknown, T>): Result<T | undefined> {
  let content: unknown;
  try {
    const bytes = readRegularFile(path);
    if (bytes === undefined) return { ok: true, value: undefined };
    content = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return { ok: false, error: `${path} can not be read: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!hasFiniteNumbers(content))
    return { ok: false, error: `${path} is not as it should be: it has a number that is not finite` };
  const parsed = v.safeParse(schema, content);
  if (parsed.success) return { ok: true, value: parsed.output };
  const [issue] = parsed.issues;
  return { ok: false, error: `${path} is not as it should be: ${v.getDotPath(issue) ?? 'it'} ${issueWords(issue)}` };
}
