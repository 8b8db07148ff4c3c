// Which layers a net has in which state: phase (TRAIN or TEST) and stages, as its layers' `include` and `exclude` say.

import { numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import { valuesAt } from '../config/protobuf-text.ts';
import type { LayerDefinition } from './layer-definition.ts';

export interface NetState {
  /** As a user names it: `TEST`, `TRAIN`, or a stage; empty where all states have the same layers. */
  readonly name: string;
  readonly phase: 'TRAIN' | 'TEST';
  readonly stages: readonly string[];
}

/** The states in which a net differs, that of inference first; one without a name where it does not differ. */
export function statesOf(layers: readonly LayerDefinition[]): readonly NetState[] {
  const rules = layers.flatMap(({ body }) => [...valuesAt(body, 'include'), ...valuesAt(body, 'exclude')]);
  const stages = new Set(
    rules.flatMap((rule) =>
      [...valuesAt(rule, 'stage'), ...valuesAt(rule, 'not_stage')].flatMap((stage) => textOf(stage) ?? []),
    ),
  );
  const ofStages = [...stages].map((stage): NetState => ({
    name: stage,
    phase: stage.startsWith('train') ? 'TRAIN' : 'TEST',
    stages: [stage],
  }));
  const byPhase: readonly NetState[] = [
    { name: 'TEST', phase: 'TEST', stages: [] },
    { name: 'TRAIN', phase: 'TRAIN', stages: [] },
  ];
  const differs = rules.some((rule) => valueAt(rule, 'phase') !== undefined);
  if (ofStages.length > 0) {
    const deployFirst = ofStages.toSorted((left, right) => rankOf(left) - rankOf(right));
    return [...deployFirst, ...byPhase];
  }
  return differs ? byPhase : [{ name: '', phase: 'TEST', stages: [] }];
}

const rankOf = ({ name, phase }: NetState): number => (name === 'deploy' ? 0 : phase === 'TEST' ? 1 : 2);

/** The layers that a net has in a state. */
export function layersIn(layers: readonly LayerDefinition[], state: NetState): readonly LayerDefinition[] {
  return layers.filter(({ body }) => {
    const included = valuesAt(body, 'include');
    if (included.length > 0) return included.some((rule) => isMet(rule, state));
    return !valuesAt(body, 'exclude').some((rule) => isMet(rule, state));
  });
}

function isMet(rule: ConfigValue, { phase, stages }: NetState): boolean {
  const wanted = valueAt(rule, 'phase');
  // Enums may be written as numbers: TRAIN is 0.
  if (wanted !== undefined && (textOf(wanted) ?? (numberOf(wanted) === 0 ? 'TRAIN' : 'TEST')) !== phase) return false;
  if ((numberOf(valueAt(rule, 'min_level')) ?? 0) > 0 || (numberOf(valueAt(rule, 'max_level')) ?? 0) < 0) return false;
  const has = (stage: ConfigValue): boolean => stages.includes(textOf(stage) ?? '');
  return valuesAt(rule, 'stage').every(has) && !valuesAt(rule, 'not_stage').some(has);
}
