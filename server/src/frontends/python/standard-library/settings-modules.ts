// Which packages of settings are modelled: some always, as their own source is too much to be followed, and some where it is not
// installed.

import type { Machine, ModuleValue, PyValue } from '../evaluator/machine.ts';
import { importModule } from '../evaluator/modules.ts';
import { hydraModules } from './hydra-module.ts';
import { functionValues, passThrough } from './module-table.ts';
import { omegaConf } from './omegaconf-module.ts';
import { openConfigModule, openModelModule, registryModule } from './openmmlab-modules.ts';
import { easyDictModule, mlCollectionsModule, yacsModule } from './settings-packages.ts';

type Names = ReadonlyMap<string, PyValue>;

/** Modules that are modelled though their source may be there. */
export function settingsModule(machine: Machine, name: string): Names | undefined {
  switch (name) {
    case 'omegaconf':
      return omegaConf().names;
    case 'hydra':
      return hydraModules();
    case 'ml_collections':
      return mlCollectionsModule(machine);
    case 'mmengine.config':
      return openConfigModule(machine);
    case 'mmengine.registry':
      return registryModule();
    default:
      return /^(hydra|ml_collections)\./.test(name) ? within(machine, name) : undefined;
  }
}

/** Whether a module that a package of source takes in beside it is modelled. */
export const isModelledWithin = (name: string): boolean => /^mmengine\.(config|registry)$/.test(name);

/** Modules that are modelled where their source is not there. */
export function settingsStandIn(machine: Machine, name: string): Names | undefined {
  switch (name) {
    case 'yacs':
      return new Map([['config', moduleOf('yacs.config', yacsModule(machine))]]);
    case 'easydict':
      return easyDictModule('EasyDict')(machine);
    case 'munch':
      return easyDictModule('Munch')(machine);
    case 'mmengine':
    case 'mmcv':
      return openEngine(machine, name);
    default:
      return /^(yacs|mmengine|mmcv)\./.test(name) ? within(machine, name) : undefined;
  }
}

/** A module inside a modelled one, which is made once. */
function within(machine: Machine, name: string): Names | undefined {
  const [first = '', ...parts] = name.split('.');
  let module = importModule(machine, first, { document: '', start: 0, end: 0 });
  for (const part of parts) {
    const inner: PyValue | undefined = module?.isModelled === true ? module.names.get(part) : undefined;
    module = inner?.kind === 'module' ? inner : undefined;
  }
  return module?.names;
}

function openEngine(machine: Machine, name: string): Names {
  const span = { document: '', start: 0, end: 0 };
  const config = importModule(machine, 'mmengine.config', span)?.names ?? new Map<string, PyValue>();
  const registry = importModule(machine, 'mmengine.registry', span)?.names ?? new Map<string, PyValue>();
  const model = openModelModule(machine);
  const decorators = functionValues(
    Object.fromEntries(['auto_fp16', 'force_fp32'].map((each) => [each, () => passThrough(each)])),
  );
  const inner: readonly (readonly [string, Names])[] =
    name === 'mmengine'
      ? [
          ['config', config],
          ['registry', registry],
          ['model', model],
        ]
      : [
          ['utils', new Map([...config, ...registry])],
          ['runner', new Map([...model, ...decorators])],
        ];
  return new Map<string, PyValue>([
    ...config,
    ...registry,
    ...inner.map(([part, names]) => [part, moduleOf(`${name}.${part}`, names)] as const),
  ]);
}

function moduleOf(name: string, names: Names): ModuleValue {
  return { kind: 'module', name, document: '', names: new Map(names), isModelled: true };
}
