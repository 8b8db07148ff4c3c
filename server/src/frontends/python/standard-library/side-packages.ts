// Packages that scripts import beside a framework, but whose contents no network's shape should depend on.

import { nativeClass } from '../evaluator/classes.ts';
import { builtin, dict, unknown } from '../evaluator/values.ts';
import { tomlModule, yamlModule } from './file-modules.ts';
import { functionValues, passThrough } from './module-table.ts';
import { clickModule, fireModule, typerModule } from './program-starters.ts';
import { settingsModule } from './settings-modules.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const silentNames =
  /^(PIL(\.\w+)*|matplotlib(\.\w+)*|pandas|sklearn(\.\w+)*|scipy(\.\w+)*|cv2|tensorboard(\.\w+)*|wandb|requests|huggingface_hub(\.\w+)*|safetensors(\.\w+)*|rich(\.\w+)*|pygments(\.\w+)*|loguru|lmdb|torchvision\.(datasets|io)(\.\w+)*)$/;

/** The names of such a package, or undefined when there is none of that name: each name not given is unknown. */
export function sidePackage(machine: Machine, name: string): ReadonlyMap<string, PyValue> | undefined {
  if (name === 'yaml') return yamlModule(machine);
  if (name === 'toml' || name === 'tomli') return tomlModule(machine);
  if (name === 'fire') return fireModule(machine);
  if (name === 'typer') return typerModule(machine);
  if (name === 'click') return clickModule(machine);
  if (name === 'tqdm') return new Map(['tqdm', 'trange'].map((each) => [each, passThrough(each)]));
  // What programs for Python 2 and 3 alike take the names of one from.
  if (name === 'six.moves')
    return new Map(
      Object.entries({ xrange: 'range', range: 'range', zip: 'zip', map: 'map', filter: 'filter', reduce: 'reduce' })
        .map(([own, builtinName]) => [own, machine.builtins.get(builtinName)] as const)
        .filter((pair): pair is readonly [string, PyValue] => pair[1] !== undefined),
    );
  // Weights are no part of a structure: what is loaded holds none.
  if (name === 'safetensors.torch') return new Map(functionValues({ load_file: () => dict(), load: () => dict() }));
  if (name === 'morphnet_torch') return morphnetTorch();
  const settings = settingsModule(machine, name);
  if (settings) return settings;
  return silentNames.test(name) ? new Map<string, PyValue>() : undefined;
}

/** What a training script has from us: it leaves the layers as they are, and what it learns is not followed. */
function morphnetTorch(): ReadonlyMap<string, PyValue> {
  const learned: PyValue = builtin('attach', (_, _args, span) => unknown('What MorphNet learns is not followed', span));
  const names = functionValues({
    lightning_callback: (_, _args, span) => unknown('MorphNet’s callback is not followed', span),
    trainer_callback: (_, _args, span) => unknown('MorphNet’s callback is not followed', span),
  });
  return new Map<string, PyValue>([
    ...names,
    ['MorphNet', nativeClass('MorphNet', [], [['attach', learned]])],
    ['with_regularization', passThrough('with_regularization')],
  ]);
}
