// Data files of packages (`pkgutil`): text that stands beside a module's source, found and bounded as source is.

import { overlongText } from '../../shared/frontend.ts';
import { none, string, unknown } from '../evaluator/values.ts';
import { argument, functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const textOf = (value: PyValue | undefined): string | undefined => (value?.kind === 'string' ? value.value : undefined);

/** A path below the folder of a loaded module; undefined when there is no such module. */
function besideModule(machine: Machine, moduleName: string, path: string): string | undefined {
  const module = machine.modules.get(moduleName);
  if (module === undefined || module.document === '') return undefined;
  return `${module.document.slice(0, module.document.lastIndexOf('/'))}/${path}`;
}

/** `pkgutil.get_data(package, resource)`: the file's text, as which its bytes are decoded next. */
const getData: LibraryFunction = (machine, args, span) => {
  const [moduleName, path] = [textOf(argument(args, 0, 'package')), textOf(argument(args, 1, 'resource'))];
  if (moduleName === undefined || path === undefined) return unknown('Which file this reads is not known', span);
  const document = besideModule(machine, moduleName, path);
  if (document === undefined) return none;
  const text = machine.readDocument(document, span);
  if (text === undefined) return machine.raise('FileNotFoundError', `No such file: '${path}'`, span);
  const overlong = overlongText(document, text, machine.limits);
  if (overlong) return unknown(overlong.message, span);
  machine.holdText(text.length, span);
  return string(text);
};

export const packageDataModule: ModuleTable = () => new Map(functionValues({ get_data: getData }));
