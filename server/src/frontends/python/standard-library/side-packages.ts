// Packages that scripts import beside a framework, but whose contents no network's shape should depend on.

import { dict } from '../evaluator/values.ts';
import { tomlModule, yamlModule } from './file-modules.ts';
import { functionValues, passThrough } from './module-table.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const silentNames =
  /^(PIL(\.\w+)*|matplotlib(\.\w+)*|pandas|sklearn(\.\w+)*|scipy(\.\w+)*|cv2|tensorboard(\.\w+)*|wandb|requests|huggingface_hub(\.\w+)*|safetensors(\.\w+)*)$/;

/** The names of such a package, or undefined when there is none of that name: each name not given is unknown. */
export function sidePackage(machine: Machine, name: string): ReadonlyMap<string, PyValue> | undefined {
  if (name === 'yaml') return yamlModule(machine);
  if (name === 'toml' || name === 'tomli') return tomlModule(machine);
  if (name === 'tqdm') return new Map(['tqdm', 'trange'].map((each) => [each, passThrough(each)]));
  // Weights are no part of a structure: what is loaded holds none.
  if (name === 'safetensors.torch') return new Map(functionValues({ load_file: () => dict(), load: () => dict() }));
  return silentNames.test(name) ? new Map<string, PyValue>() : undefined;
}
