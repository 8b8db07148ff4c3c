// Open notebooks: for analysis each is one document of all its code cells; the editor knows the cells alone. Questions about a cell
// become questions about its notebook, and places in the notebook become places in its cells.

import { TextDocument } from 'vscode-languageserver-textdocument';
import { NotebookDocuments, type Connection } from 'vscode-languageserver/node';
import { notebookText, type CellLines } from '../common/notebook-text.ts';
import type { WirePosition, WireRange } from '../protocol/lsp-extensions.ts';

/** A code cell, and where its lines are in its notebook. */
interface Cell extends CellLines {
  readonly uri: string;
  readonly version: number;
}

export interface NotebookListener {
  readonly changed: (notebook: { readonly uri: string; readonly version: number; readonly text: string }) => void;
  readonly closed: (uri: string) => void;
}

/** The editor's name of notebooks with code cells. */
export const notebookType = 'jupyter-notebook';

export class NotebookCells {
  readonly #documents = new NotebookDocuments(TextDocument);
  readonly #cells = new Map<string, readonly Cell[]>();
  /** Grows over all: an edit of one cell is a version of its notebook. */
  #versions = 0;

  listen(connection: Connection, listener: NotebookListener): void {
    const read = (uri: string): void => {
      const code = (this.#documents.getNotebookDocument(uri)?.cells ?? []).flatMap((cell) => {
        const document = this.#documents.getCellTextDocument(cell);
        return document?.languageId === 'python' ? [document] : [];
      });
      const { text, lines } = notebookText(code.map((document) => document.getText()));
      const cells = lines.map((place, index) => ({
        ...place,
        uri: code[index]?.uri ?? '',
        version: code[index]?.version ?? 0,
      }));
      this.#cells.set(uri, cells);
      listener.changed({ uri, version: ++this.#versions, text });
    };
    this.#documents.onDidOpen(({ uri }) => {
      read(uri);
    });
    this.#documents.onDidChange(({ notebookDocument }) => {
      read(notebookDocument.uri);
    });
    this.#documents.onDidClose(({ uri }) => {
      this.#cells.delete(uri);
      listener.closed(uri);
    });
    this.#documents.listen(connection);
  }

  /** The cells of a notebook by their URIs; none for what is no open notebook. */
  cellsOf(notebook: string): readonly string[] {
    return (this.#cells.get(notebook) ?? []).map(({ uri }) => uri);
  }

  /** The notebook of a cell; undefined for what is no cell. */
  cell(uri: string): CellInNotebook | undefined {
    for (const [notebook, cells] of this.#cells) {
      const cell = cells.find((known) => known.uri === uri);
      if (cell !== undefined) return new CellInNotebook(notebook, cell);
    }
    return undefined;
  }

  /** Where a place of a document is for the editor: in a cell, or where it was where the document is no open notebook. */
  placed<Place extends { readonly uri: string; readonly range: WireRange }>(place: Place): Place {
    const cell = this.#cellAt(place.uri, place.range.start.line);
    return cell === undefined ? place : { ...place, uri: cell.uri, range: movedRange(place.range, -cell.first) };
  }

  /** Edits of documents, with those of a notebook cell by cell. */
  split<Edit extends { readonly range: WireRange }>(
    uri: string,
    version: number | null,
    edits: readonly Edit[],
  ): readonly { readonly uri: string; readonly version: number | null; readonly edits: readonly Edit[] }[] {
    const cells = this.#cells.get(uri);
    if (cells === undefined) return [{ uri, version, edits }];
    return cells.flatMap((cell) => {
      const own = edits.filter(({ range }) => holds(cell, range.start.line));
      const moved = own.map((edit) => ({ ...edit, range: movedRange(edit.range, -cell.first) }));
      return own.length === 0 ? [] : [{ uri: cell.uri, version: cell.version, edits: moved }];
    });
  }

  #cellAt(notebook: string, line: number): Cell | undefined {
    return this.#cells.get(notebook)?.find((cell) => holds(cell, line));
  }
}

/** One cell of an open notebook. */
export class CellInNotebook {
  readonly notebook: string;
  readonly #cell: Cell;

  constructor(notebook: string, cell: Cell) {
    this.notebook = notebook;
    this.#cell = cell;
  }

  holds({ line }: WirePosition): boolean {
    return holds(this.#cell, line);
  }

  /** A range of the cell in its notebook. */
  intoNotebook(range: WireRange): WireRange {
    return movedRange(range, this.#cell.first);
  }

  positionInto(position: WirePosition): WirePosition {
    return moved(position, this.#cell.first);
  }

  /** A range of the notebook in this cell. */
  intoCell(range: WireRange): WireRange {
    return movedRange(range, -this.#cell.first);
  }

  positionBack(position: WirePosition): WirePosition {
    return moved(position, -this.#cell.first);
  }
}

function holds({ first, count }: CellLines, line: number): boolean {
  return line >= first && line < first + count;
}

function moved({ line, character }: WirePosition, by: number): WirePosition {
  return { line: Math.max(0, line + by), character };
}

function movedRange({ start, end }: WireRange, by: number): WireRange {
  return { start: moved(start, by), end: moved(end, by) };
}
