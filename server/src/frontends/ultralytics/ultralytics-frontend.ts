// Model tables of Ultralytics (YOLOv3 to the newest) in YAML: a table is one model for each of its scales.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { numberOf, valueAt, type ConfigText } from '../config/config-tree.ts';
import { readYaml } from '../config/yaml-tree.ts';
import { keepingLast } from '../config/last-reading.ts';
import { findDirectives, type Directive } from '../shared/directive.ts';
import { askedInput, chosenFirst, textOfEntry } from '../shared/file-entries.ts';
import {
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
} from '../shared/frontend.ts';
import { yamlNumbers } from '../shared/number-dialect.ts';
import { moduleOf, rowsOf, scalesOf, TableReader, type TableScale } from './read-table.ts';

const imageSize = 640;
const classifiedSize = 224;

const readTree = keepingLast(readYaml);

export const ultralyticsFrontend: Frontend = {
  languageId: 'yaml',
  numbers: yamlNumbers,

  /** Both parts of a table begin a line, the first of them early in the file. */
  accepts(document: string, head: string): boolean {
    return /\.ya?ml$/i.test(document) && /^backbone[ \t]*:/m.test(head) && /^head[ \t]*:/m.test(head);
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    const table = text === undefined ? undefined : tableOf(readTree(document, text));
    if (text === undefined || table === undefined) return { entries: [], problems: [] };
    const { directives, problems } = findDirectives(document, text);
    const scales = scalesOf(table);
    const asked = request?.entry ?? directives.findLast(({ entry }) => entry !== undefined)?.entry;
    const fromName = /yolo(?:e-)?v?\d+([nslmx])/.exec(fileName(document))?.[1];
    const first = asked ?? fromName;
    const chosen = scales.find(({ name }) => name === first);
    const span = { document, start: table.span.start, end: table.span.start };
    if (asked !== undefined && chosen === undefined) {
      const message = `${fileName(document)} has no scale ${asked}; it has ${scales.map(({ name }) => name).join(', ')}`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const listed = chosenFirst(scales, chosen, request);
    const input = inputOf(
      document,
      table,
      directives.findLast((each) => each.input !== undefined),
      request,
    );
    const from = request?.entry !== undefined ? request.from : asked !== undefined ? 'directive' : 'call';
    return {
      entries: listed.map((scale, i): ModelEntry => ({
        document,
        name: scale.name,
        from: i === 0 ? from : 'call',
        span: spanOfTable(table, document),
        input,
      })),
      problems,
    };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const found = textOfEntry(entry, reader, limits);
    if (!found.ok) return found.error;
    const text = found.value;
    const read = readTree(document, text);
    const table = tableOf(read);
    if (table === undefined) return { graph: undefined, problems: read.problems, dependencies };
    const problems: Problem[] = [...read.problems];
    const [shape] = entry.input.shapes;
    if (entry.input.shapes.length !== 1 || shape?.length !== 3) {
      const message = `A table of modules has one input of channels×height×width, not ${entry.input.shapes.map((sizes) => sizes.join('×')).join(', ')}`;
      problems.push({ code: 'input-shape', severity: 'error', message, span: entry.span });
      return { graph: undefined, problems, dependencies };
    }
    const scales = scalesOf(table);
    const scale: TableScale | undefined = scales.find(({ name }) => name === entry.name) ?? scales[0];
    if (scale === undefined) return { graph: undefined, problems, dependencies };
    const graph = new TableReader(table, entry, scale, limits, cancellation, (problem) =>
      problems.push(problem),
    ).read();
    return { graph, problems, dependencies };
  },
};

/** The table of a text whose rows are rows: other YAML with these keys is none. */
function tableOf({ root }: ConfigText): NonNullable<ConfigText['root']> | undefined {
  if (root === undefined) return undefined;
  const rows = rowsOf(root);
  return rows.length > 0 && moduleOf(rows[0]) !== '' ? root : undefined;
}

/** The lens stands above the backbone. */
function spanOfTable(table: NonNullable<ConfigText['root']>, document: string): ModelEntry['span'] {
  const backbone = table.kind === 'map' ? table.entries.find(({ key }) => key === 'backbone') : undefined;
  return backbone?.keySpan ?? { document, start: 0, end: 0 };
}

function inputOf(
  document: string,
  table: NonNullable<ConfigText['root']>,
  directive: Directive | undefined,
  request: EntryRequest | undefined,
): ModelEntry['input'] {
  const asked = askedInput(request, directive);
  if (asked !== undefined) return asked;
  const channels = numberOf(valueAt(table, 'ch')) ?? 3;
  const size =
    moduleOf(rowsOf(table).at(-1)) === 'Classify' || fileName(document).includes('-cls') ? classifiedSize : imageSize;
  return { shapes: [[channels, size, size]], from: 'default' };
}
