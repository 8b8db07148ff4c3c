// Which modules of Python's standard library are modelled, by dotted name.

import { bool, list, string, unknown } from '../evaluator/values.ts';
import { argparseModule } from './argparse-module.ts';
import { abstractCollectionsModule, collectionsModule, itertoolsModule } from './collections-modules.ts';
import { configParserModule } from './configparser-module.ts';
import { astModule, csvModule, ioModule, jsonModule, tomlModule } from './file-modules.ts';
import { pathlibModule } from './pathlib-module.ts';
import { functoolsModule, operatorModule } from './functools-modules.ts';
import { inspectModule } from './inspect-module.ts';
import { mathModule } from './math-module.ts';
import type { ModuleTable } from './module-table.ts';
import { functionValues, plainClasses } from './module-table.ts';
import { abstractModule, copyModule, dataclassesModule, enumModule, typesModule } from './record-modules.ts';
import { packageDataModule } from './resource-modules.ts';
import {
  atexitModule,
  contextModule,
  contextVariablesModule,
  importlibModule,
  importlibUtilModule,
  loggingModule,
  osModule,
  pathModule,
  platformModule,
  sysModule,
  warningsModule,
} from './system-modules.ts';
import { fnmatchModule, regularExpressionModule, stringModule } from './text-modules.ts';
import { typingModule } from './typing-module.ts';
import { versionModules } from './version-module.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const numbersModule: ModuleTable = () => new Map(plainClasses('Number Integral Real Rational Complex'));

/** The reserved words of Python 3 (language reference 2.3.1). */
const reservedWords = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import in
   is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);
const keywordModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ['kwlist', list([...reservedWords].map(string))],
    ...functionValues({
      iskeyword: (_, args, span) =>
        args.positional[0]?.kind === 'string'
          ? bool(reservedWords.has(args.positional[0].value))
          : unknown('Whether this is a word of Python is not known', span),
    }),
  ]);

const tables: Readonly<Record<string, ModuleTable>> = {
  abc: abstractModule,
  argparse: argparseModule,
  ast: astModule,
  atexit: atexitModule,
  collections: collectionsModule,
  'collections.abc': abstractCollectionsModule,
  configparser: configParserModule,
  contextlib: contextModule,
  contextvars: contextVariablesModule,
  copy: copyModule,
  csv: csvModule,
  dataclasses: dataclassesModule,
  enum: enumModule,
  fnmatch: fnmatchModule,
  functools: functoolsModule,
  importlib: importlibModule,
  'importlib.metadata': importlibUtilModule,
  // The same for Pythons that lack it.
  importlib_metadata: importlibUtilModule,
  'importlib.util': importlibUtilModule,
  inspect: inspectModule,
  io: ioModule,
  itertools: itertoolsModule,
  json: jsonModule,
  keyword: keywordModule,
  logging: loggingModule,
  math: mathModule,
  numbers: numbersModule,
  operator: operatorModule,
  os: osModule,
  'os.path': pathModule,
  pathlib: pathlibModule,
  pkgutil: packageDataModule,
  platform: platformModule,
  re: regularExpressionModule,
  string: stringModule,
  sys: sysModule,
  tomllib: tomlModule,
  types: typesModule,
  typing: typingModule,
  typing_extensions: typingModule,
  warnings: warningsModule,
  ...versionModules,
};

/** Modules that may be imported, but whose contents no network's shape should depend on: each name in them is unknown. */
const silentNames = new Set(
  `array asyncio base64 bisect cmath concurrent ctypes datetime decimal difflib email errno fractions
   gc getpass glob gzip hashlib heapq html http ipaddress locale mmap multiprocessing pdb pickle
   pprint queue random select shlex shutil signal socket sqlite3 statistics struct subprocess tarfile tempfile textwrap threading
   time timeit traceback unicodedata unittest urllib uuid weakref xml zipfile zlib`.split(/\s+/),
);

/** The names of a standard module, or undefined when there is no such module. */
export function standardModule(machine: Machine, name: string): ReadonlyMap<string, PyValue> | undefined {
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  if (table) return table(machine);
  return silentNames.has(name.split('.', 1)[0] ?? '') ? new Map<string, PyValue>() : undefined;
}
