// Which files of a workspace import a file, as far as their text says: whoever names its module in an import does, and whoever
// imports one of those and mentions a class or function of the file. Relative imports are followed to the one file that they
// mean; absolute ones may start at any folder, as programs add folders of their own to where they are looked up.

/** More rounds of packages that import packages are not followed. */
const mostRounds = 6;

/** What a file's text says of imports: read once a text. */
export interface ImportWords {
  /** The modules that its import statements name. */
  readonly imported: readonly ImportedModule[];
  /** The classes and functions that it defines. */
  readonly defined: readonly string[];
  readonly words: ReadonlySet<string>;
  /** The names, without the ending, of files that it builds on as configurations of OpenMMLab do: by their path. */
  readonly bases: ReadonlySet<string>;
}

/** `from ..models.resnet import X` goes up 2 and along `models`, `resnet`. */
interface ImportedModule {
  /** How many dots it begins with; 0 where it is looked up in the folders of the program. */
  readonly up: number;
  readonly path: readonly string[];
}

/** The words of a text. */
export function importWords(text: string): ImportWords {
  return {
    imported: importedModules(text),
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
    const modules = news.map(moduleOf);
    news = files.filter((file) => {
      if (found.has(file)) return false;
      const { imported, words, bases } = wordsIn(file);
      if (modules.some((module) => bases.has(module.at(-1) ?? ''))) return true;
      if (!imported.some((one) => modules.some((module) => isModule(module, one, file)))) return false;
      // A package's own file passes on what it imports, maybe with a star; others must name what they take from it.
      return round === 0 || file.endsWith('/__init__.py') || defined.some((name) => words.has(name));
    });
    for (const file of news) found.add(file);
  }
  return [...found].slice(documents.length);
}

/** The parts of a document's place as a module: `…/models/resnet.py` and `…/models/resnet/__init__.py` are the same. */
function moduleOf(document: string): readonly string[] {
  return partsOf(document)
    .join('/')
    .replace(/\.\w+$/, '')
    .replace(/\/__init__$/, '')
    .split('/');
}

/** Whether an import in `file` can mean a module. */
function isModule(module: readonly string[], { up, path }: ImportedModule, file: string): boolean {
  if (path.length > module.length) return false;
  if (!path.every((part, index) => module[module.length - path.length + index] === part)) return false;
  if (up === 0) return true;
  const folder = partsOf(file).slice(0, -up);
  return module.length === folder.length + path.length && folder.every((part, index) => module[index] === part);
}

/** The parts of a document's URI as programs write them. */
function partsOf(document: string): readonly string[] {
  try {
    return decodeURI(document).split('/');
  } catch {
    return document.split('/');
  }
}

function basesOf(text: string): ReadonlySet<string> {
  const paths = text.includes('_base_') ? [...text.matchAll(/["'](?:[^"'\n]*[/:])?([^"'/:\n]+)\.py["']/g)] : [];
  return new Set(paths.map(([, name = '']) => name));
}

function definedIn(text: string): readonly string[] {
  return [...text.matchAll(/^(?:class|(?:async[ \t]+)?def)[ \t]+([\p{L}\p{N}_]+)/gmu)].map(([, name]) => name ?? '');
}

/** Import statements, several lines long where they are in brackets or go on behind a backslash. */
const statements =
  /(?:^|[:;])[ \t]*(?:from(?=[ \t.])[ \t]*(?<from>\.*[ \t]*[\p{L}\p{N}_.]*)[ \t]+import\b[ \t]*(?:\((?<inBrackets>[^)]*)\)?|(?<names>(?:\\\r?\n|[^\n;])*))|import[ \t]+(?<modules>(?:\\\r?\n|[^\n;])*))/gmu;

function importedModules(text: string): readonly ImportedModule[] {
  return [...text.matchAll(statements)].flatMap(({ groups = {} }): readonly ImportedModule[] => {
    const { from, inBrackets, names, modules } = groups;
    if (from === undefined)
      // `import a.b.c` binds a, by which a.b and whatever else is in it can be taken.
      return (modules ?? '').split(',').flatMap((module) => {
        const path = wordsOf(module.split(/\sas\s/)[0] ?? '');
        return path.map((_, index) => ({ up: 0, path: path.slice(0, index + 1) }));
      });
    const up = /^\.*/.exec(from)?.[0].length ?? 0;
    const path = wordsOf(from);
    const taken = (inBrackets ?? names ?? '')
      .replaceAll(/#[^\n]*/g, '')
      .split(',')
      .flatMap((name) => wordsOf(name).slice(0, 1));
    // What is taken may be a module of the package.
    return [{ up, path }, ...taken.map((name) => ({ up, path: [...path, name] }))];
  });
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}
