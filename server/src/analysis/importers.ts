// Which files of a workspace import a file, as far as their text says: whoever mentions its module in an import may, and
// whoever imports one of those and mentions a class or function of the file.

/** More rounds of packages that import packages are not followed. */
const mostRounds = 6;

/** What a file's text says of imports: read once a text. */
export interface ImportWords {
  /** Every word of its import statements. */
  readonly imported: ReadonlySet<string>;
  /** The classes and functions that it defines. */
  readonly defined: readonly string[];
  readonly words: ReadonlySet<string>;
  /** The names, without the ending, of files that it builds on as configurations of OpenMMLab do: by their path. */
  readonly bases: ReadonlySet<string>;
}

/** The words of a text. */
export function importWords(text: string): ImportWords {
  return {
    imported: importedWords(text),
    defined: definedIn(text),
    words: new Set(wordsOf(text)),
    bases: basesOf(text),
  };
}

/** The documents among `files` that import one of `documents`, directly or through others; those themselves are left out. */
export function importersOf(
  documents: readonly string[],
  files: readonly string[],
  wordsIn: (document: string) => ImportWords,
): readonly string[] {
  const defined = documents.flatMap((document) => wordsIn(document).defined);
  const found = new Set(documents);
  let news: readonly string[] = documents;
  for (let round = 0; round < mostRounds && news.length > 0; round += 1) {
    const names = news.map(moduleName);
    news = files.filter((file) => {
      if (found.has(file)) return false;
      const { imported, bases } = wordsIn(file);
      if (names.some((name) => bases.has(name))) return true;
      if (!names.some((name) => imported.has(name))) return false;
      // A package's own file passes on what it imports, maybe with a star; others must name what they take from it.
      return round === 0 || file.endsWith('/__init__.py') || defined.some((name) => wordsIn(file).words.has(name));
    });
    for (const file of news) found.add(file);
  }
  return [...found].slice(documents.length);
}

/** `resnet` for `…/models/resnet.py`, `models` for `…/models/__init__.py`. */
function moduleName(document: string): string {
  const parts = document.replace(/\.py$/, '').split('/');
  return (parts.at(-1) === '__init__' ? parts.at(-2) : parts.at(-1)) ?? '';
}

function basesOf(text: string): ReadonlySet<string> {
  const paths = text.includes('_base_') ? [...text.matchAll(/["'](?:[^"'\n]*[/:])?([^"'/:\n]+)\.py["']/g)] : [];
  return new Set(paths.map(([, name = '']) => name));
}

function definedIn(text: string): readonly string[] {
  return [...text.matchAll(/^(?:class|def)[ \t]+([\p{L}\p{N}_]+)/gmu)].map(([, name]) => name ?? '');
}

/** Every word of import statements that stand on lines of their own. */
function importedWords(text: string): ReadonlySet<string> {
  const lines = [...text.matchAll(/^[ \t]*(?:from|import)[ \t][^\n]*/gm)];
  return new Set(lines.flatMap(([line]) => wordsOf(line)));
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}
