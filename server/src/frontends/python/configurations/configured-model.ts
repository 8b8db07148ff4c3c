// Builds the model of a configuration as OpenMMLab's runner does: from the registry of the library that the settings name, which is
// installed or stands in the workspace. What the library makes stands in the file at the settings that it is made of.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ModelEntry, NetworkGraph } from '../../../network/network-graph.ts';
import { unshared } from '../evaluator/effects.ts';
import type { InstanceValue, Machine, ModuleValue, PyValue } from '../evaluator/machine.ts';
import { importModule } from '../evaluator/modules.ts';
import { none, string, unknown } from '../evaluator/values.ts';
import { entriesOf, isTreeValue } from '../standard-library/settings-trees.ts';
import type { Expression, Statement } from '../syntax/ast.ts';
import { modelName } from './configuration-entries.ts';

/** OpenMMLab's libraries of models, asked in this order where a configuration names none. */
const libraries = [
  'mmpretrain',
  'mmdet',
  'mmseg',
  'mmcls',
  'mmpose',
  'mmaction',
  'mmyolo',
  'mmrotate',
  'mmagic',
  'mmselfsup',
];

/** The model of an entry, or why there is none. */
export function configuredModel(machine: Machine, entry: ModelEntry, body: readonly Statement[]): PyValue {
  const { span } = entry;
  const call = (of: PyValue, name: string, ...positional: readonly PyValue[]): PyValue =>
    machine.call(machine.attribute(of, name, span), { positional, keywords: new Map() }, span);
  const config = importModule(machine, 'mmengine.config', span)?.names.get('Config') ?? none;
  const settings = call(config, 'fromfile', string(entry.document));
  if (settings.kind !== 'instance') return settings;
  const model = call(settings, 'get', string(modelName), none);
  if (model.kind !== 'instance' || !isTreeValue(model)) {
    if (model.kind === 'unknown') return model;
    return unknown('What this configuration calls its model is no dictionary of settings', span);
  }
  const place = placeOf(body);
  notePlaces(model, place, span);
  const scope = call(settings, 'get', string('default_scope'), none);
  const type = call(model, 'get', string('type'), none);
  if (type.kind === 'class' || type.kind === 'function') {
    const registry = importModule(machine, 'mmengine.registry', span)?.names.get('MODELS') ?? none;
    return call(registry, 'build', model);
  }
  const wanted = scope.kind === 'string' ? [scope.value] : libraries;
  for (const name of wanted) {
    const registry = registryOf(machine, name, span);
    if (registry === undefined) continue;
    const found = call(registry, 'get', type);
    if (found.kind === 'none' || found.kind === 'unknown') continue;
    call(importModule(machine, 'mmengine.registry', span) ?? none, 'init_default_scope', string(name));
    return call(registry, 'build', model);
  }
  const missing = scope.kind === 'string' ? scope.value : 'OpenMMLab’s library';
  return unknown(
    `${type.kind === 'string' ? type.value : 'This model'} is of ${missing}, which is neither in the workspace nor in installed packages (morphnet.python.sitePackages, --site-packages)`,
    span,
  );
}

/** Where a library of OpenMMLab registers its models. */
function registryOf(machine: Machine, library: string, span: SourceSpan): InstanceValue | undefined {
  for (const name of [`${library}.registry`, `${library}.models.builder`]) {
    const module: ModuleValue | undefined = importModule(machine, name, span);
    if (module === undefined || module.isModelled) continue;
    const registry = machine.attribute(module, 'MODELS', span);
    if (registry.kind === 'instance') return registry;
  }
  return undefined;
}

/** Where the settings under a path of keys are written in a file; undefined where they are not. */
type PlaceOf = (path: readonly string[]) => SourceSpan | undefined;

function placeOf(body: readonly Statement[]): PlaceOf {
  return (path) => {
    const found = writtenSettings(body, path);
    if (found?.kind !== 'call' && found?.kind !== 'dictionary') return found?.span;
    return itemsOf(found).find(({ key }) => key === 'type')?.value.span ?? { ...found.span, end: found.span.start + 1 };
  };
}

/** The expression that a file writes for a path of keys. */
export function writtenSettings(
  body: readonly Statement[],
  [name, ...rest]: readonly string[],
): Expression | undefined {
  let found: Expression | undefined;
  for (const statement of body)
    if (statement.kind === 'assignment')
      for (const target of statement.targets)
        if (target.kind === 'name' && target.name === name) found = statement.value;
  for (const key of rest) {
    if (found === undefined) return undefined;
    const items: readonly { readonly key: string; readonly value: Expression }[] = itemsOf(found);
    found = items.find((item) => item.key === key)?.value;
  }
  return found;
}

/** What `dict(…)`, `{…}` and lists hold, by key; items of a list are numbered. */
export function itemsOf(settings: Expression): readonly { readonly key: string; readonly value: Expression }[] {
  if (settings.kind === 'list' || settings.kind === 'tuple')
    return settings.elements.map((value, i) => ({ key: String(i), value }));
  if (settings.kind === 'dictionary')
    return settings.entries.flatMap(({ key, value }) => (key?.kind === 'string' ? [{ key: key.value, value }] : []));
  if (settings.kind !== 'call' || settings.callee.kind !== 'name' || settings.callee.name !== 'dict') return [];
  return settings.arguments.flatMap(({ name, value }) => (name === undefined ? [] : [{ key: name, value }]));
}

/** Tells all settings of a model where they are written: at their own line, or at that of what they are a part of. */
function notePlaces(model: InstanceValue, place: PlaceOf, whole: SourceSpan): void {
  const visit = (value: PyValue, path: readonly string[], around: SourceSpan): void => {
    const span = place(path) ?? around;
    if (value.kind === 'list' || value.kind === 'tuple')
      for (const [i, item] of value.items.entries()) visit(item, [...path, String(i)], span);
    if (value.kind !== 'instance' || !isTreeValue(value)) return;
    unshared(value).writtenAt = span;
    const entries = entriesOf(value);
    if (entries.kind === 'unknown') return;
    for (const { key, value: inner } of entries.entries.values())
      if (key.kind === 'string') visit(inner, [...path, key.value], span);
  };
  visit(model, [modelName], whole);
}

/** The network with its operations where the configuration has the settings that they are made of. */
export function atSettings(graph: NetworkGraph, document: string): NetworkGraph {
  const sited = <
    T extends { readonly site?: { readonly span: SourceSpan; readonly callChain: readonly SourceSpan[] } | undefined },
  >(
    made: T,
  ): T => {
    const { site } = made;
    const span = site?.callChain.findLast((each) => each.document === document);
    return site === undefined || span === undefined || site.span.document === document
      ? made
      : { ...made, site: { span, callChain: [...site.callChain, site.span] } };
  };
  return { ...graph, ops: graph.ops.map(sited), idle: graph.idle.map(sited) };
}
