// How each question about a cell of a notebook is asked about the notebook, and how its answer is told of the cell.

import {
  TextDocumentEdit,
  type CodeAction,
  type Diagnostic,
  type Location,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { Refusal, WireDocumentEdits } from '../protocol/lsp-extensions.ts';
import type { AnalysisQuestions, QuestionName } from './analysis-questions.ts';
import type { CellInNotebook, NotebookCells } from './notebook-cells.ts';

type Params<Name extends QuestionName> = AnalysisQuestions[Name]['params'];
type Answer<Name extends QuestionName> = AnalysisQuestions[Name]['answer'];

interface Translation<Name extends QuestionName> {
  readonly into?: (params: Params<Name>, cell: CellInNotebook) => Params<Name>;
  /** `cell` is the one that was asked about; absent where a whole document was. */
  readonly back?: (answer: Answer<Name>, cells: NotebookCells, cell: CellInNotebook | undefined) => Answer<Name>;
}

const aboutNotebook = <P extends { readonly textDocument: { readonly uri: string } }>(
  params: P,
  cell: CellInNotebook,
): P => ({ ...params, textDocument: { ...params.textDocument, uri: cell.notebook } });

const ofNotebook = <P extends { readonly uri: string }>(params: P, cell: CellInNotebook): P => ({
  ...params,
  uri: cell.notebook,
});

/** Of a list with ranges, those in the cell. */
function ownOf<Item extends { readonly range: Diagnostic['range'] }>(
  items: readonly Item[],
  cell: CellInNotebook | undefined,
): Item[] {
  if (cell === undefined) return [...items];
  return items
    .filter(({ range }) => cell.holds(range.start))
    .map((item) => ({ ...item, range: cell.intoCell(item.range) }));
}

function actionInCells(action: CodeAction, cells: NotebookCells): CodeAction {
  return action.edit === undefined ? action : { ...action, edit: editInCells(action.edit, cells) };
}

function editInCells(edit: WorkspaceEdit, cells: NotebookCells): WorkspaceEdit {
  const { changes, documentChanges } = edit;
  return {
    ...edit,
    ...(changes !== undefined && {
      changes: Object.fromEntries(
        Object.entries(changes).flatMap(([uri, edits]) =>
          cells.split(uri, null, edits).map((own) => [own.uri, [...own.edits]] as const),
        ),
      ),
    }),
    ...(documentChanges !== undefined && {
      documentChanges: documentChanges.flatMap((change): NonNullable<WorkspaceEdit['documentChanges']> => {
        if (!TextDocumentEdit.is(change)) return [change];
        const { uri, version } = change.textDocument;
        return cells
          .split(uri, version, change.edits)
          .map((own) => ({ textDocument: { uri: own.uri, version: own.version }, edits: [...own.edits] }));
      }),
    }),
  };
}

function documentsInCells(documents: readonly WireDocumentEdits[], cells: NotebookCells): readonly WireDocumentEdits[] {
  return documents.flatMap(({ uri, version, edits }) => cells.split(uri, version, edits));
}

function editsInCells<A extends { readonly documents: readonly WireDocumentEdits[] }>(
  answer: A | Refusal,
  cells: NotebookCells,
): A | Refusal {
  return 'refused' in answer ? answer : { ...answer, documents: documentsInCells(answer.documents, cells) };
}

/** A place of the page of costs. */
function placeIn(
  { uri, line, character }: { readonly uri: string; readonly line: number; readonly character: number },
  cells: NotebookCells,
): { uri: string; line: number; character: number } {
  const at = { line, character };
  const there = cells.placed({ uri, range: { start: at, end: at } });
  return { uri: there.uri, ...there.range.start };
}

const placed = (location: Location, cells: NotebookCells): Location => cells.placed(location);

type Translations = { readonly [Name in QuestionName]: Translation<Name> };

const translations: Translations = {
  'inlay-hints': {
    into: (params, cell) => ({ ...aboutNotebook(params, cell), range: cell.intoNotebook(params.range) }),
    back: (hints, _, cell) =>
      cell === undefined
        ? hints
        : hints
            .filter(({ position }) => cell.holds(position))
            .map((hint) => ({ ...hint, position: cell.positionBack(hint.position) })),
  },
  // The editor gives a hint back as it got it: in its cell.
  'inlay-hint': {
    back: (hint, cells) =>
      typeof hint.label === 'string'
        ? hint
        : {
            ...hint,
            label: hint.label.map((part) =>
              part.location === undefined ? part : { ...part, location: placed(part.location, cells) },
            ),
          },
  },
  hover: {
    into: (params, cell) => ({ ...aboutNotebook(params, cell), position: cell.positionInto(params.position) }),
    back: (hover, _, cell) =>
      cell === undefined || hover?.range === undefined ? hover : { ...hover, range: cell.intoCell(hover.range) },
  },
  // What completes a word carries no place but that of the word, which only files of one language have.
  completion: {
    into: (params, cell) => ({ ...aboutNotebook(params, cell), position: cell.positionInto(params.position) }),
  },
  'code-lenses': { into: aboutNotebook, back: (lenses, _, cell) => ownOf(lenses, cell) },
  'code-actions': {
    into: (params, cell) => ({
      ...aboutNotebook(params, cell),
      range: cell.intoNotebook(params.range),
      context: {
        ...params.context,
        diagnostics: params.context.diagnostics.map((one) => ({ ...one, range: cell.intoNotebook(one.range) })),
      },
    }),
    back: (actions, cells, cell) =>
      actions.map((action) => {
        const { diagnostics } = action;
        return actionInCells(
          diagnostics === undefined ? action : { ...action, diagnostics: ownOf(diagnostics, cell) },
          cells,
        );
      }),
  },
  'code-action': {
    back: (answer, cells) => ('refused' in answer ? answer : actionInCells(answer, cells)),
  },
  diagnostics: {
    into: aboutNotebook,
    back: (found, cells, cell) =>
      ownOf(found, cell).map((one) =>
        one.relatedInformation === undefined
          ? one
          : {
              ...one,
              relatedInformation: one.relatedInformation.map((related) => ({
                ...related,
                location: placed(related.location, cells),
              })),
            },
      ),
  },
  siblings: { into: ofNotebook },
  committed: { into: ofNotebook },
  entries: {},
  devices: { into: ofNotebook },
  models: { into: ofNotebook },
  'project-edit': { into: ofNotebook },
  'cost-table': {
    into: ofNotebook,
    back: (answer, cells) =>
      'refused' in answer
        ? answer
        : {
            ...answer,
            rows: answer.rows.map((row) => (row.place === null ? row : { ...row, place: placeIn(row.place, cells) })),
          },
  },
  'cost-graph': {
    into: ofNotebook,
    back: (answer, cells) =>
      'refused' in answer
        ? answer
        : {
            ...answer,
            boxes: answer.boxes.map((box) => ({ ...box, places: box.places.map((place) => placeIn(place, cells)) })),
          },
  },
  'try-widths': { into: ofNotebook },
  'width-edits': { into: ofNotebook, back: editsInCells },
  'own-widths': { into: ofNotebook, back: editsInCells },
  'draft-run': { into: ofNotebook },
  'run-network': {},
  'script-lines': {
    into: ofNotebook,
    back: (answer, cells) => ('refused' in answer ? answer : documentsInCells(answer, cells)),
  },
  'proposal-edits': { back: editsInCells },
  'slim-model': {},
  'layer-location': { back: (answer, cells) => ('refused' in answer ? answer : cells.placed(answer)) },
};

/** A question about a cell as one about its notebook. */
export function intoNotebook<Name extends QuestionName>(
  name: Name,
  params: Params<Name>,
  cell: CellInNotebook | undefined,
): Params<Name> {
  const { into }: Translation<Name> = translations[name];
  return cell === undefined || into === undefined ? params : into(params, cell);
}

/** An answer with the places that the editor knows. */
export function intoCells<Name extends QuestionName>(
  name: Name,
  answer: Answer<Name>,
  cells: NotebookCells,
  cell: CellInNotebook | undefined,
): Answer<Name> {
  const { back }: Translation<Name> = translations[name];
  return back === undefined ? answer : back(answer, cells, cell);
}
