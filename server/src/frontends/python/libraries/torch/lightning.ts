// PyTorch Lightning's module: an `nn.Module` that keeps the arguments it was made with, and whose other methods train.

import { nativeClass } from '../../evaluator/classes.ts';
import { int, none } from '../../evaluator/values.ts';
import { method, plainClasses, without } from '../../standard-library/module-table.ts';
import { cpu } from './element-types.ts';
import type { Names, Table } from './library-table.ts';
import type { ClassValue, InstanceValue, PyValue, Scope } from '../../evaluator/machine.ts';

/** What `self.hparams` is: a dictionary whose keys are attributes too. */
const keptArguments = nativeClass(
  'AttributeDict',
  [],
  [
    method('__getitem__', (self, { positional: [key] }, machine, span) =>
      key?.kind === 'string' ? machine.attribute(self, key.value, span) : none,
    ),
    method('get', (self, { positional: [key, fallback = none] }) =>
      key?.kind === 'string' ? (self.attributes.get(key.value) ?? fallback) : fallback,
    ),
    method('__contains__', (self, { positional: [key] }) => ({
      kind: 'bool',
      value: key?.kind === 'string' && self.attributes.has(key.value),
    })),
  ],
);

/** The arguments of the constructor that is running, with those that it was given by other names. */
function argumentsOf(scope: Scope | undefined): readonly (readonly [string, PyValue])[] {
  const constructor = scope?.method?.owner.attributes.get('__init__');
  if (scope === undefined || constructor?.kind !== 'function') return [];
  return constructor.parameters.slice(1).flatMap(({ name, kind }) => {
    const value = scope.names.get(name);
    if (value === undefined || kind === 'splat') return [];
    if (kind !== 'dictionary-splat' || value.kind !== 'dict') return [[name, value] as const];
    return [...value.entries.values()].flatMap(({ key, value: one }) =>
      key.kind === 'string' ? [[key.value, one] as const] : [],
    );
  });
}

const textsIn = (value: PyValue | undefined): readonly string[] => {
  if (value?.kind === 'string') return [value.value];
  return value?.kind === 'list' || value?.kind === 'tuple' ? value.items.flatMap((item) => textsIn(item)) : [];
};

/** Entries of a namespace or a dictionary that is kept in place of the arguments. */
function entriesOf(value: PyValue | undefined): readonly (readonly [string, PyValue])[] | undefined {
  if (value?.kind === 'instance') return [...value.attributes];
  if (value?.kind !== 'dict') return undefined;
  return [...value.entries.values()].flatMap(({ key, value: one }) =>
    key.kind === 'string' ? [[key.value, one] as const] : [],
  );
}

function lightningModule(base: ClassValue): ClassValue {
  return nativeClass(
    'LightningModule',
    [base],
    [
      method('save_hyperparameters', (self, { positional, keywords }, machine, span) => {
        const named = positional.flatMap(textsIn);
        const left = textsIn(keywords.get('ignore'));
        const entries = entriesOf(positional[0]) ?? argumentsOf(machine.scopes.at(-1));
        const kept = entries.filter(([name]) => (named.length === 0 || named.includes(name)) && !left.includes(name));
        const known = self.attributes.get('hparams');
        const hparams: InstanceValue =
          known?.kind === 'instance' && known.class === keptArguments
            ? known
            : { kind: 'instance', class: keptArguments, attributes: new Map(), site: { span, callChain: [] } };
        for (const [name, value] of kept) machine.change(hparams).attributes.set(name, value);
        machine.change(self).attributes.set('hparams', hparams);
        return none;
      }),
      ...['log', 'log_dict', 'print', 'freeze', 'unfreeze', 'toggle_optimizer', 'untoggle_optimizer'].map(
        (name): [string, PyValue] => [name, without(name)],
      ),
      ['device', cpu],
      ['current_epoch', int(0)],
      ['global_step', int(0)],
      ['trainer', none],
      ['logger', none],
    ],
  );
}

const names: Table = ({ classes }): Names => {
  const base = classes.get('Module');
  return [
    ...(base ? [['LightningModule', lightningModule(base)] as const] : []),
    ...plainClasses('LightningDataModule Callback'),
  ];
};

/** Under the names that the package had and has. */
export const lightningTables: Readonly<Record<string, Table>> = Object.fromEntries(
  [
    'lightning',
    'lightning.pytorch',
    'lightning.pytorch.core',
    'lightning.pytorch.core.module',
    'pytorch_lightning',
    'pytorch_lightning.core',
    'pytorch_lightning.core.lightning',
    'pytorch_lightning.core.module',
  ].map((name) => [name, names]),
);
