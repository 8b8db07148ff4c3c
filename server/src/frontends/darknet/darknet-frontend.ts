// Darknet .cfg files as a frontend. A file is one model: its entry has no name, its input is what [net] says unless
// a request or a directive comment says otherwise.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { findDirectives } from '../shared/directive.ts';
import { textOfEntry } from '../shared/file-entries.ts';
import {
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
} from '../shared/frontend.ts';
import { darknetNumbers } from '../shared/number-dialect.ts';
import { readNetwork } from './read-network.ts';
import { readSections, type Section } from './section.ts';
import { darknetWords } from './words.ts';
import { SectionOptions } from './section-options.ts';

const sectionLine = /^[ \t]*\[([^\]\r\n]*)\]/m;
const isNetSection = (type: string): boolean => type === 'net' || type === 'network';
const fallbackInput = [3, 224, 224];

export const darknetFrontend: Frontend = {
  languageId: 'darknet',
  numbers: darknetNumbers,
  words: darknetWords,

  /** `.cfg` is a common name, so the first section decides. */
  accepts(document: string, head: string): boolean {
    if (!document.toLowerCase().endsWith('.cfg')) return false;
    return isNetSection(sectionLine.exec(head)?.[1]?.trim().toLowerCase() ?? '');
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    if (text === undefined) return { entries: [], problems: [] };
    const { sections } = readSections(document, text);
    const net = sections.find((section) => isNetSection(section.type)) ?? sections[0];
    if (net === undefined) return { entries: [], problems: [noNet(document)] };
    if (request?.entry !== undefined && request.entry !== '') {
      const message = `A Darknet file is one model without a name; leave out "${request.entry}"`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span: net.span }] };
    }
    const { directives, problems } = findDirectives(document, text);
    const directive = directives.findLast(({ input }) => input !== undefined);
    const entry = { document, name: '', from: 'call', span: net.span } as const;
    if (request?.input !== undefined)
      return one({ ...entry, input: { shapes: request.input, from: request.from } }, problems);
    if (directive?.input !== undefined) {
      return one({ ...entry, input: { shapes: directive.input, from: 'directive', span: directive.span } }, problems);
    }
    const reading: Problem[] = [...problems];
    const written = inputOf(net, (problem) => reading.push(problem));
    if (written !== undefined)
      return one({ ...entry, input: { shapes: [written], from: 'call', span: net.span } }, reading);
    reading.push({
      code: 'darknet-no-input',
      severity: 'warning',
      message: `[net] does not give the input's size; ${fallbackInput.join('×')} is assumed. Add channels, height and width, or inputs.`,
      span: net.span,
    });
    return one({ ...entry, input: { shapes: [fallbackInput], from: 'default' } }, reading);
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const found = textOfEntry(entry, reader, limits);
    if (!found.ok) return found.error;
    const text = found.value;
    const { sections, problems: syntax } = readSections(document, text);
    const problems: Problem[] = [...syntax];
    const [first] = sections;
    if (first === undefined) return { graph: undefined, problems: [...problems, noNet(document)], dependencies };
    if (!isNetSection(first.type)) {
      problems.push({
        code: 'darknet-no-net',
        severity: 'error',
        message: `The file begins with [${first.type}]; Darknet wants [net] first`,
        span: first.span,
      });
    }
    const [shape] = entry.input.shapes;
    if (entry.input.shapes.length !== 1 || shape === undefined || (shape.length !== 3 && shape.length !== 1)) {
      const shapes = entry.input.shapes.map((sizes) => sizes.join('×')).join(', ');
      const message = `A Darknet network has one input of channels×height×width (or of one size), not ${shapes === '' ? 'none' : shapes}`;
      return {
        graph: undefined,
        problems: [...problems, { code: 'input-shape', severity: 'error', message, span: entry.span }],
        dependencies,
      };
    }
    const layers = sections.filter((section) => !isNetSection(section.type));
    const graph = readNetwork(entry, layers, limits, cancellation, (problem) => problems.push(problem));
    return { graph, problems, dependencies };
  },
};

function one(entry: ModelEntry, problems: readonly Problem[]): EntryList {
  return { entries: [entry], problems };
}

function noNet(document: string): Problem {
  return {
    code: 'darknet-no-net',
    severity: 'error',
    message: 'There is no section; a Darknet file begins with [net]',
    span: { document, start: 0, end: 0 },
  };
}

/** What [net] says of its input, or undefined when it says too little. */
function inputOf(net: Section, report: (problem: Problem) => void): readonly number[] | undefined {
  const options = new SectionOptions(net, report);
  const [channels, height, width] = ['channels', 'height', 'width'].map((key) => options.integer(key, 0, 1));
  if (
    channels !== undefined &&
    height !== undefined &&
    width !== undefined &&
    channels > 0 &&
    height > 0 &&
    width > 0
  ) {
    return [channels, height, width];
  }
  const inputs = options.integer('inputs', 0, 1);
  return inputs > 0 ? [inputs] : undefined;
}
