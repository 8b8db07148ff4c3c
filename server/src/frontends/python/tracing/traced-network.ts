// The network that grows while a model is run in the evaluator: who emits an op, what it is called, and what happens when
// it does not fit. What a layer is, each framework's rules say.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { NetworkMoment } from '../evaluator/machine.ts';
import { GraphBuilder } from '../../../network/graph-builder.ts';
import { inferShapes } from '../../../network/infer-shapes.ts';
import type { Framework } from '../../../network/network-graph.ts';
import type { LayerSite, OpAttributes, PaddedWidths, Parameter } from '../../../network/op.ts';
import { elementCount, type Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { constantResult, longestConstant, type Fold } from './constants.ts';
import { DataFlows } from './data-flows.ts';
import { unknown } from '../evaluator/values.ts';
import type { Machine, InstanceValue, PyValue, TensorValue, UnknownValue } from '../evaluator/machine.ts';

/** One op to be, before it has a place in the graph. */
export interface Emission {
  /** The framework's word for it. */
  readonly label: string;
  readonly attributes: OpAttributes;
  readonly inputs: readonly TensorValue[];
  /** Its own parameter tensors, in the order weight, bias, statistics. */
  readonly parameters?: readonly (TensorValue | undefined)[];
  readonly span: SourceSpan;
  /** Its own part of its layer's name, where the layer runs several ops: `depthwise`. */
  readonly part?: string | undefined;
  /** What it computes for one element of each input; lets constants be computed. */
  readonly fold?: Fold | undefined;
  /** The output's element type where it is not the first input's: `int`, `bool`. */
  readonly dtype?: string | undefined;
  readonly outWidth?: WidthOrigin | undefined;
  readonly groupsWidth?: WidthOrigin | undefined;
  readonly paddedWidths?: PaddedWidths | undefined;
  readonly inWidth?: WidthOrigin | undefined;
}

/** What the layers of a framework are, as far as the ops that they run are named and placed after them. */
export interface LayerRules {
  isLayer(value: PyValue): value is InstanceValue;
  /** The layers that one holds, by what each adds to the name. */
  childrenOf(layer: InstanceValue): readonly (readonly [string, InstanceValue])[];
  /** Stands between the parts of a name. */
  readonly separator: '.' | '/';
  /** The method that runs a layer. */
  readonly runMethod: string;
  /** Kinds of ops by the library layer whose subclasses run them with a weight that they compute first. */
  readonly layerOfKind: Readonly<Partial<Record<OpAttributes['kind'], string>>>;
}

/** Kinds that cost what is counted even where they work on constants alone. */
/** An element of a constant is worked out in the time that several take to be copied. */
const walksOfElement = 3;
const costly: ReadonlySet<OpAttributes['kind']> = new Set(['convolution', 'transposed-convolution', 'dense', 'matmul']);

/** Kinds whose output has the elements of the first input, and so their type. */
const movesElements: ReadonlySet<OpAttributes['kind']> = new Set([
  'slice',
  'reshape',
  'permute',
  'expand',
  'pad',
  'concat',
  'identity',
  'rearrange',
]);

/** Grows one graph; made anew for every evaluation. */
export class TracedNetwork {
  readonly builder = new GraphBuilder();
  /** Where its tensors get names in the source. */
  readonly flows = new DataFlows();
  readonly moduleStack: InstanceValue[] = [];
  readonly names = new Map<InstanceValue, string>();
  /** Layers that were handed to code which is not known, and may no longer be what they were. */
  readonly handed = new Map<InstanceValue, UnknownValue>();
  /** The module that a parameter was first found in. */
  readonly #holders = new Map<TensorValue, InstanceValue>();
  /** What layers are in each framework that is open. */
  readonly #rules: () => readonly LayerRules[];
  #usedParameters = new Set<string>();
  #constants = new Map<TensorValue, TensorValue>();
  /** Both as they were last asked for, until one of them grows. */
  #standing:
    { readonly used: ReadonlySet<string>; readonly constants: ReadonlyMap<TensorValue, TensorValue> } | undefined;
  /** Off until the entry's input is there: what a constructor or the file's own top level runs is no part of the model. */
  #isRecording = false;
  #firstLayer: OpAttributes | undefined;
  readonly #inputIds = new Set<number>();

  constructor(rules: () => readonly LayerRules[]) {
    this.#rules = rules;
  }

  #rulesOf(module: PyValue): LayerRules | undefined {
    return this.#rules().find((rules) => rules.isLayer(module));
  }

  /** What stands now: how many ops, and the way back to it. */
  moment(): NetworkMoment {
    if (!this.#isRecording) return { ops: 0, restore: () => undefined };
    const back = this.builder.moment();
    const flowsBack = this.flows.moment();
    const then = (this.#standing ??= { used: new Set(this.#usedParameters), constants: new Map(this.#constants) });
    return {
      ops: this.builder.opCount,
      restore: () => {
        back();
        flowsBack();
        if (this.#standing === then) return;
        this.#usedParameters = new Set(then.used);
        this.#constants = new Map(then.constants);
        this.#standing = then;
      },
    };
  }

  #use(parameter: string): void {
    if (this.#usedParameters.has(parameter)) return;
    this.#standing = undefined;
    this.#usedParameters.add(parameter);
  }

  /** The name of the layer whose forward runs; empty for the model itself. */
  get moduleUnderWay(): string {
    const module = this.moduleStack.at(-1);
    return (module && this.names.get(module)) ?? '';
  }

  /** What the model's forward calls the inputs that it has to be given. */
  inputNames: readonly string[] = [];
  /** The sizes of the first weight that the model keeps. */
  firstWeight: readonly number[] | undefined;
  secondWeight: readonly number[] | undefined;

  /** The first layer with weights that was called, whether or not its input fits. */
  get firstLayer(): OpAttributes | undefined {
    return this.#firstLayer;
  }

  isModule(value: PyValue): value is InstanceValue {
    return this.#rulesOf(value) !== undefined;
  }

  /** Submodules by attribute name, in registration order. */
  childrenOf(module: InstanceValue): readonly (readonly [string, InstanceValue])[] {
    return this.#rulesOf(module)?.childrenOf(module) ?? [];
  }

  /** Submodules as source walks them: with what may be one, so that nothing unknown is passed over. */
  walkedChildrenOf(module: InstanceValue): readonly (readonly [string, PyValue])[] {
    return [...module.attributes].filter(([, value]) => value.kind === 'unknown' || this.isModule(value));
  }

  /** Parameters and buffers of a module itself, by attribute name. */
  parametersOf(module: InstanceValue): readonly (readonly [string, TensorValue])[] {
    // Asked of every module of a model, most of which have none.
    const found: (readonly [string, TensorValue])[] = [];
    for (const [name, value] of module.attributes)
      if (value.kind === 'tensor' && value.parameter) found.push([name, value]);
    return found;
  }

  /** Gives every module and parameter under a root the name that `named_modules` prints; the first path wins. */
  nameModules(root: InstanceValue): void {
    this.#nameFrom(root, '');
  }

  #nameFrom(root: InstanceValue, rootName: string): void {
    const visit = (module: InstanceValue, name: string): void => {
      if (this.names.has(module)) return;
      this.names.set(module, name);
      const prefix = name === '' ? '' : `${name}${this.#separatorOf(module)}`;
      this.nameParameters(module);
      for (const [attribute, child] of this.childrenOf(module)) visit(child, `${prefix}${attribute}`);
    };
    visit(root, rootName);
  }

  /** Names a layer that is called by the layer under way, where it was made after the model was named. */
  nameWithin(module: InstanceValue, own: string): void {
    if (!this.#isRecording) return;
    if (!this.names.has(module)) this.#nameFrom(module, this.#nameInside(own));
    this.nameParameters(module);
  }

  /** Gives a module's own parameters and buffers their qualified names. */
  nameParameters(module: InstanceValue): void {
    const name = this.names.get(module) ?? '';
    for (const [attribute, tensor] of this.parametersOf(module)) {
      const { parameter } = tensor;
      if (!this.#holders.has(tensor)) this.#holders.set(tensor, module);
      if (parameter?.id === '')
        parameter.id = name === '' ? attribute : `${name}${this.#separatorOf(module)}${attribute}`;
    }
  }

  /** Adds an op and gives its output; over constants alone only the shape is worked out. */
  emit(machine: Machine, emission: Emission): TensorValue | UnknownValue {
    const { attributes, inputs, label } = emission;
    for (const input of inputs) machine.walk(input.shape.length, emission.span);
    const parameters = this.#parametersOf(emission);
    if (
      !this.#isRecording ||
      (parameters.length === 0 &&
        !costly.has(attributes.kind) &&
        inputs.every((input) => input.id === undefined && input.parameter?.trainable !== true))
    ) {
      return this.#constant(machine, emission);
    }
    if (parameters.length > 0 && this.#tellsOfInput(emission)) this.#firstLayer ??= attributes;
    this.#makeRoom(machine, emission.span);
    const owner = this.#ownerOf(emission);
    const site = this.#siteOf(machine, emission, owner);
    const ids = inputs.map((input) => this.#materialise(machine, input, site));
    const name = this.#nameOf(emission, owner);
    const added = this.builder.add({
      name,
      label,
      attributes,
      inputs: ids,
      parameters,
      site,
      outWidth: emission.outWidth,
      groupsWidth: emission.groupsWidth,
      inWidth: emission.inWidth,
      paddedWidths: emission.paddedWidths,
    });
    if (!added.ok) return this.#misfit(machine, emission, name, site, ids, added.error);
    for (const parameter of parameters) this.#use(parameter.id);
    const dtype = emission.dtype ?? (movesElements.has(attributes.kind) ? inputs[0]?.dtype : undefined);
    return { ...this.#output(added.value[0]), ...(dtype !== undefined && { dtype }), ...ownerOf(inputs) };
  }

  /** A layer that tells what the input is like; a table does where its indices are the input itself. */
  #tellsOfInput({ attributes, inputs }: Emission): boolean {
    if (attributes.kind !== 'embedding') return costly.has(attributes.kind);
    return inputs[0]?.id !== undefined && this.#inputIds.has(inputs[0].id);
  }

  /** The graph's input. */
  input(shape: Shape, site: LayerSite, name: string, owner?: Framework, channelAxis?: number): TensorValue {
    this.#isRecording = true;
    const attributes = { kind: 'input', shape, ...(channelAxis !== undefined && { channelAxis }) } as const;
    const added = this.builder.add({ name, label: 'input', attributes, inputs: [], site });
    const value = this.#output(added.ok ? added.value[0] : undefined);
    if (value.id !== undefined) this.#inputIds.add(value.id);
    return owner === undefined ? value : { ...value, owner };
  }

  /** The id of a tensor, which becomes a constant of the graph if it is none of its values yet. */
  idOf(machine: Machine, tensor: TensorValue, span: SourceSpan): number {
    return this.#materialise(machine, tensor, { span, callChain: [...machine.callStack] });
  }

  /** Counts a parameter as used by ops that list it in parts. */
  noteUse(tensor: TensorValue): void {
    if (tensor.parameter) this.#use(tensor.parameter.id);
  }

  /** Layers that were made but whose parameters no op used. */
  addIdleLayers(): void {
    for (const [module, name] of this.names) {
      const handed = this.handed.get(module);
      if (handed) this.builder.addUnknown(handed);
      for (const value of module.attributes.values())
        if (value.kind === 'unknown' && value.mayHide === true && !this.builder.isLostFor(value.reason))
          this.builder.addUnknown(value);
      const idle = this.parametersOf(module).flatMap(([, tensor]): Parameter[] => {
        const { parameter } = tensor;
        if (!parameter?.trainable || this.#usedParameters.has(parameter.id)) return [];
        this.#use(parameter.id);
        return [{ id: parameter.id, role: parameter.role, shape: tensor.shape }];
      });
      if (idle.length > 0)
        this.builder.addIdle({ name, label: module.class.name, parameters: idle, site: module.site });
    }
  }

  /** The output as a constant, for what is no part of the network. */
  #constant(machine: Machine, emission: Emission): TensorValue {
    const { attributes, inputs, span, fold, dtype } = emission;
    const shapes = inferShapes(
      attributes,
      inputs.map((input) => input.shape),
    );
    if (!shapes.ok) {
      const owner = ownerOf(inputs);
      if (owner.owner === undefined) return machine.raise('RuntimeError', shapes.error, span);
      // A model that is written down tensor by tensor: what does not fit is told when it is run.
      return { kind: 'tensor', shape: this.#fittingShapes(emission)?.[0] ?? inputs[0]?.shape ?? [], ...owner };
    }
    // Only known numbers are worked through: a weight that is being initialised has none.
    if (inputs.every((input) => input.parameter?.trainable !== true && (input.elements ?? input.fill) !== undefined))
      machine.walk(walksOfElement * Math.min(2 * longestConstant, elementCount(shapes.value[0] ?? []) ?? 0), span);
    return { ...constantResult(attributes, inputs, shapes.value[0] ?? [], fold, dtype), ...ownerOf(inputs) };
  }

  /** Something unknown that is given tensors of the network: an opaque op, so that its place in the graph shows. */
  opaque(machine: Machine, operation: string, reason: string, tensors: readonly TensorValue[], span: SourceSpan): void {
    machine.loseTrack(reason, span);
    const inputs = tensors.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (!this.#isRecording || inputs.length === 0) return;
    this.#makeRoom(machine, span);
    this.builder.add({
      name: this.#nameInside(operation),
      label: operation,
      attributes: { kind: 'opaque', operation, reason, shapes: [] },
      inputs,
      site: { span, callChain: [...machine.callStack] },
    });
  }

  #output(id: number | undefined): TensorValue {
    if (id === undefined) throw new Error('An op without an output was added');
    return { kind: 'tensor', shape: this.builder.shapeOf(id), id };
  }

  #parametersOf(emission: Emission): Parameter[] {
    return (emission.parameters ?? []).flatMap((tensor) => {
      if (!tensor?.parameter || !isListed(tensor.parameter)) return [];
      const { id, role, length, initializer } = tensor.parameter;
      const own: Parameter = { id, role, shape: tensor.shape, ...(initializer && { initializer }) };
      return length?.parameter ? [own, { id: length.parameter.id, role: 'other', shape: length.shape }] : [own];
    });
  }

  #makeRoom(machine: Machine, span: SourceSpan): void {
    const most = machine.limits.ops;
    if (this.builder.opCount >= most)
      machine.stop('limit-ops', `The network has more than ${most.toLocaleString('en')} operations`, span);
  }

  /**
   * The layer whose weight another module's forward uses for what the layer is for; the innermost module under way that owns
   * one of the op's parameters; or the current module where its own forward is ours.
   */
  #ownerOf(emission: Emission): InstanceValue | undefined {
    const current = this.moduleStack.at(-1);
    if (current === undefined) return undefined;
    const rules = this.#rulesOf(current);
    const own = (emission.parameters ?? []).flatMap((tensor) => (tensor ? [tensor] : []));
    const underWay = (tensors: readonly TensorValue[]): InstanceValue | undefined =>
      tensors.length === 0 ? undefined : this.moduleStack.findLast((module) => holdsOneOf(module, tensors));
    const [weight] = own;
    const lender = weight && !underWay([weight]) ? this.#holders.get(weight) : undefined;
    if (lender && isLayerOf(lender, emission.attributes.kind, this.#rulesOf(lender))) return lender;
    const holder = underWay(own);
    // A layer is made where its numbers stand. The model as a whole is no layer: what it computes itself stands in its forward.
    if (holder)
      return this.names.get(holder) === '' && !isLibraryLayer(holder, this.#rulesOf(holder)) ? undefined : holder;
    if (isLayerOf(current, emission.attributes.kind, rules)) return current;
    return runsNatively(current, rules) ? current : undefined;
  }

  #siteOf(machine: Machine, emission: Emission, owner: InstanceValue | undefined): LayerSite {
    return owner?.site ?? { span: emission.span, callChain: [...machine.callStack] };
  }

  #nameOf(emission: Emission, owner: InstanceValue | undefined): string {
    if (owner === undefined) return this.#nameInside(emission.label.replace(/^(F|torch|Tensor|tf|ops|np|K)\./, ''));
    const name = this.names.get(owner) || owner.class.name;
    return emission.part === undefined ? name : `${name}${this.#separatorOf(owner)}${emission.part}`;
  }

  /** The name of what the layer under way computes itself. */
  #nameInside(own: string): string {
    const enclosing = this.moduleStack.findLast((module) => this.names.has(module));
    const prefix = enclosing ? (this.names.get(enclosing) ?? '') : '';
    return enclosing === undefined || prefix === '' ? own : `${prefix}${this.#separatorOf(enclosing)}${own}`;
  }

  #separatorOf(module: InstanceValue): string {
    return this.#rulesOf(module)?.separator ?? '.';
  }

  #materialise(machine: Machine, tensor: TensorValue, site: LayerSite): number {
    if (tensor.id !== undefined) {
      if (this.builder.holds(tensor.id)) return tensor.id;
      // It was computed in a way that the program may or may not take, and which was undone.
      machine.loseTrack('This tensor was computed in a part that may not be run', site.span);
    }
    const known = this.#constants.get(tensor)?.id;
    if (known !== undefined) return known;
    const parameter = tensor.parameter?.trainable === true ? tensor.parameter : undefined;
    const added = this.builder.add({
      name: parameter?.id ?? 'constant',
      label: parameter ? 'Parameter' : 'constant',
      attributes: { kind: 'constant', shape: tensor.shape, ...(tensor.fill !== undefined && { value: tensor.fill }) },
      inputs: [],
      parameters: parameter
        ? [
            {
              id: parameter.id,
              role: parameter.role,
              shape: tensor.shape,
              ...(parameter.initializer && { initializer: parameter.initializer }),
            },
          ]
        : [],
      site,
    });
    if (parameter) this.#use(parameter.id);
    const output = this.#output(added.ok ? added.value[0] : undefined);
    this.#standing = undefined;
    this.#constants.set(tensor, output);
    machine.tick(site.span);
    return output.id ?? 0;
  }

  /** Reports what does not fit and goes on with the shape that the layer would have given to a fitting input. */
  #misfit(
    machine: Machine,
    emission: Emission,
    name: string,
    site: LayerSite,
    ids: readonly number[],
    message: string,
  ): TensorValue | UnknownValue {
    const { span } = emission;
    machine.report({
      code: 'shape-mismatch',
      severity: 'error',
      message: `${name === '' ? emission.label : name}: ${message}`,
      span,
      ...(site.span !== span && { related: [{ span: site.span, message: `${emission.label} is made here` }] }),
    });
    machine.loseTrack(message, span);
    const shapes = this.#fittingShapes(emission);
    if (shapes === undefined) return unknown(message, span);
    const added = this.builder.add({
      name,
      label: emission.label,
      attributes: { kind: 'opaque', operation: emission.label, reason: message, shapes },
      inputs: ids,
      site,
    });
    return added.ok ? { ...this.#output(added.value[0]), ...ownerOf(emission.inputs) } : unknown(message, span);
  }

  #fittingShapes(emission: Emission): readonly Shape[] | undefined {
    const { attributes } = emission;
    const [input] = emission.inputs;
    if (!input) return undefined;
    let axis: number;
    let size: number;
    if (attributes.kind === 'convolution' || attributes.kind === 'transposed-convolution')
      [axis, size] = [attributes.channelAxis, attributes.inChannels];
    else if (attributes.kind === 'batch-norm') [axis, size] = [attributes.channelAxis, attributes.channels];
    else if (attributes.kind === 'dense') [axis, size] = [-1, attributes.inFeatures];
    else return undefined;
    if (axis >= input.shape.length || input.shape.length === 0) return undefined;
    const shape = input.shape.with(axis, size);
    const fitting = inferShapes(attributes, [shape]);
    return fitting.ok ? fitting.value : undefined;
  }
}

/** Whose tensor comes of these. */
function ownerOf(inputs: readonly TensorValue[]): { owner?: Framework } {
  const owner = inputs.find((input) => input.owner !== undefined)?.owner;
  return owner === undefined ? {} : { owner };
}

/** Running statistics belong to their op though they are not trained; other buffers are constants. */
function isListed({ trainable, role }: NonNullable<TensorValue['parameter']>): boolean {
  return trainable || role === 'running-mean' || role === 'running-variance';
}

/** Whether an op is what a module is for: the convolution of a class that derives from the library's. */
function isLayerOf(module: InstanceValue, kind: OpAttributes['kind'], rules: LayerRules | undefined): boolean {
  const base = rules?.layerOfKind[kind];
  return base !== undefined && module.class.mro.some((type) => type.name === base && type.span === undefined);
}

/** Whether the module is one of the library's layers, with a method that runs it of its own or not. */
function isLibraryLayer(module: InstanceValue, rules: LayerRules | undefined): boolean {
  return module.class.mro.some((type) => type.attributes.get(rules?.runMethod ?? '')?.kind === 'builtin');
}

/** Whether what runs the module is one of ours, not written in the source. */
function runsNatively(module: InstanceValue, rules: LayerRules | undefined): boolean {
  for (const type of module.class.mro) {
    const run = type.attributes.get(rules?.runMethod ?? '');
    if (run) return run.kind === 'builtin';
  }
  return false;
}

/** Whether one of these tensors is a module's own; asked for each op and each module around it, so nothing is copied. */
function holdsOneOf(module: InstanceValue, tensors: readonly TensorValue[]): boolean {
  for (const value of module.attributes.values())
    if (value.kind === 'tensor' && value.parameter && tensors.includes(value)) return true;
  return false;
}
