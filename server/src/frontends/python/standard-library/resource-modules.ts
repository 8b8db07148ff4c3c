// Data files of packages (`pkgutil`): text that stands beside a module's source, found and bounded as source is.

import { overlongText } from '../../shared/frontend.ts';
import type { Interpreter } from '../evaluator/interpreter.ts';
import { none, string, unknown, type PyValue } from '../evaluator/values.ts';
import { argument, functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';

const textOf = (value: PyValue | undefined): string | undefined => (value?.kind === 'string' ? value.value : undefined);

/** A path below the folder of a loaded module; undefined when there is no such module. */
function besideModule(interpreter: Interpreter, moduleName: string, path: string): string | undefined {
  const module = interpreter.modules.get(moduleName);
  if (module === undefined || module.document === '') return undefined;
  return `${module.document.slice(0, module.document.lastIndexOf('/'))}/${path}`;
}

/** `pkgutil.get_data(package, resource)`: the file's text, as which its bytes are decoded next. */
const getData: LibraryFunction = (interpreter, args, span) => {
  const [moduleName, path] = [textOf(argument(args, 0, 'package')), textOf(argument(args, 1, 'resource'))];
  if (moduleName === undefined || path === undefined) return unknown('Which file this reads is not known', span);
  const document = besideModule(interpreter, moduleName, path);
  if (document === undefined) return none;
  interpreter.dependencies.add(document);
  const text = interpreter.untimed(() => interpreter.reader.read(document));
  if (text === undefined) return interpreter.raise('FileNotFoundError', `No such file: '${path}'`, span);
  const overlong = overlongText(document, text, interpreter.limits);
  if (overlong) return unknown(overlong.message, span);
  interpreter.holdText(text.length, span);
  return string(text);
};

export const packageDataModule: ModuleTable = () => new Map(functionValues({ get_data: getData }));
