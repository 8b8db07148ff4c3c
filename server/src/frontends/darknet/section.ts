// The text of a Darknet .cfg as sections of options, every piece with its place. Knows the notation, not what it means.

import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';

/** `key=value`. Blanks around both are left out of the spans. */
export interface Option {
  readonly key: string;
  readonly keySpan: SourceSpan;
  readonly value: string;
  readonly valueSpan: SourceSpan;
}

/** `[type]` and the options below it, in order. */
export interface Section {
  /** In lower case. */
  readonly type: string;
  /** The header with its brackets. */
  readonly span: SourceSpan;
  readonly options: readonly Option[];
}

export interface SectionList {
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
}

/** Reads sections out of any text; what is no section or option is reported and skipped. */
export function readSections(document: string, text: string): SectionList {
  const sections: { type: string; span: SourceSpan; options: Option[] }[] = [];
  const problems: Problem[] = [];
  const report = (code: string, message: string, span: SourceSpan): void => {
    problems.push({ code, severity: 'error', message, span });
  };
  for (const { start, end } of lines(text)) {
    const span = trimmed(document, text, start, end);
    const line = text.slice(span.start, span.end);
    if (line === '') continue;
    if (line.startsWith('[')) {
      const close = line.indexOf(']');
      const type = line
        .slice(1, close === -1 ? undefined : close)
        .trim()
        .toLowerCase();
      if (close === -1)
        report('syntax-darknet-section', `The section header lacks its closing bracket; write [${type}]`, span);
      else if (type === '')
        report(
          'syntax-darknet-section',
          'The section header names no layer type; write for example [convolutional]',
          span,
        );
      else if (close !== line.length - 1) {
        report('syntax-darknet-section', `Text after the section header is not read; put it on a line of its own`, {
          ...span,
          start: span.start + close + 1,
        });
      }
      const headerEnd = close === -1 ? span.end : span.start + close + 1;
      sections.push({ type, span: { ...span, end: headerEnd }, options: [] });
      continue;
    }
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(equals, 0)).trim();
    if (equals === -1 || key === '') {
      report(
        'syntax-darknet-option',
        `"${shortened(line)}" is no option; write key=value, or # before a comment`,
        span,
      );
      continue;
    }
    const section = sections.at(-1);
    if (section === undefined) {
      report(
        'syntax-darknet-option',
        `The option ${key} stands before the first section; begin the file with [net]`,
        span,
      );
      continue;
    }
    const keySpan = { ...span, end: span.start + key.length };
    const valueSpan = trimmed(document, text, span.start + equals + 1, span.end);
    section.options.push({
      key: key.toLowerCase(),
      keySpan,
      value: text.slice(valueSpan.start, valueSpan.end),
      valueSpan,
    });
  }
  return { sections, problems };
}

/** Offsets of each line without its break and without a comment; `#` and `;` start one wherever they stand. */
function* lines(text: string): Generator<{ readonly start: number; readonly end: number }> {
  const lineBreak = /[\r\n]/g;
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start <= text.length) {
    lineBreak.lastIndex = start;
    const end = lineBreak.exec(text)?.index ?? text.length;
    const comment = text.slice(start, end).search(/[#;]/);
    yield { start, end: comment === -1 ? end : start + comment };
    start = end + 1;
  }
}

function trimmed(document: string, text: string, start: number, end: number): SourceSpan {
  const piece = text.slice(start, end);
  const first = start + piece.length - piece.trimStart().length;
  return { document, start: first, end: Math.max(first, start + piece.trimEnd().length) };
}

function shortened(line: string): string {
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
