// `object.name`: instances and their classes, modules, and the methods of built-in types.

import type { SourceSpan } from '../../../common/source-span.ts';
import { attributeView } from './attribute-view.ts';
import { containerMethod } from './container-methods.ts';
import { unshared } from './effects.ts';
import {
  findInMetaclass,
  findMethod,
  isContainerOfOurs,
  isUserDictionary,
  isWhollyWritten,
  nativeClass,
  unknownBaseOf,
} from './classes.ts';
import { deleteItem, getItem } from './items.ts';
import {
  deferredName,
  importModule,
  isInPackage,
  lazyName,
  nameGiver,
  notModelled,
  resolveDeferred,
  unsetEnvironment,
} from './modules.ts';
import { hasKey, partial, lostIn } from './partial-dictionary.ts';
import { binary } from './operators.ts';
import { lacksName, mayHaveAttribute } from './python-names.ts';
import { stringMethod } from './string-methods.ts';
import {
  amongOf,
  bool,
  builtin,
  dict,
  int,
  isCertainKey,
  none,
  plainOf,
  string,
  tuple,
  typeName,
  unknown,
} from './values.ts';
import type {
  Machine,
  PartialDictValue,
  Arguments,
  ClassValue,
  DictValue,
  FunctionValue,
  InstanceValue,
  PyValue,
  UnknownValue,
} from './machine.ts';

/** Reads an attribute; unknown where there may be one that is not described, undefined where there is certainly none. */
export function attributeOrUnknown(
  machine: Machine,
  object: PyValue,
  name: string,
  span: SourceSpan,
): PyValue | undefined {
  const found = findAttribute(machine, object, name, span);
  if (found !== undefined) return found;
  // A class of a library that we describe has more than the description says.
  if (object.kind === 'class' && object.span === undefined && object.allNames?.has(name) !== false)
    return { ...unknown(`${object.name}.${name} is not modelled`, span), path: `${object.name}.${name}` };
  return mayHaveAttribute(object, name)
    ? { ...unknown(`${name} of a ${typeName(object)} is not modelled`, span), ...amongOf([object]) }
    : undefined;
}

/** Reads an attribute. Raises AttributeError where Python would and we know enough to say so. */
export function getAttribute(machine: Machine, object: PyValue, name: string, span: SourceSpan): PyValue {
  const found = attributeOrUnknown(machine, object, name, span);
  if (found !== undefined) return found;
  return machine.raise('AttributeError', `'${typeName(object)}' object has no attribute '${name}'`, span);
}

const isElementType = /^((bfloat|float|u?int|complex)\d+|bool|string)$/;

/** Reads an attribute, or undefined where there is none. */
export function findAttribute(machine: Machine, object: PyValue, name: string, span: SourceSpan): PyValue | undefined {
  if (name === '__class__' && object.kind !== 'instance' && object.kind !== 'unknown' && object.kind !== 'super')
    return (
      machine.builtins.get(typeName(object)) ??
      unknown(`What the class of a ${typeName(object)} is is not modelled`, span)
    );
  switch (object.kind) {
    case 'unknown':
      return ofUnknown(object, name);
    case 'instance': {
      const reader = findMethod(object.class, '__getattribute__');
      if (reader === undefined || name === '__class__') return instanceAttribute(machine, object, name, span);
      return machine.callWith(bindTo(machine, reader, object, span), span, string(name));
    }
    case 'class':
      return classAttribute(machine, object, name, span);
    case 'module':
      return moduleAttribute(machine, object, name, span);
    case 'super': {
      const order =
        object.self.kind === 'instance' ? object.self.class.mro : object.self.kind === 'class' ? object.self.mro : [];
      for (const candidate of order.slice(order.indexOf(object.after) + 1)) {
        const value = candidate.attributes.get(name);
        if (value !== undefined) return bindTo(machine, value, object.self, span);
        if (candidate.unknownBase !== undefined)
          return ofUnknownBase(machine, object.self, `${candidate.unknownBase} is not known`, name, span);
      }
      const { unknownBase } = object.after;
      if (unknownBase !== undefined && name !== '__new__' && name !== '__init_subclass__')
        return ofUnknownBase(machine, object.self, `${unknownBase} is not known`, name, span);
      // `object` has these, and they do nothing.
      if (name === '__init__' || name === '__init_subclass__') return builtin(name, () => none);
      const plain = plainAccess(machine, name, object.self);
      if (plain) return plain;
      if (name === '__new__') return builtin(name, newInstance);
      return object.self.kind === 'instance' && object.self.dictionary
        ? dictionaryMethod(object.self.dictionary, name)
        : undefined;
    }
    case 'tensor':
      return machine.library.tensorAttribute(machine, object, name, span);
    case 'string':
      // TensorFlow's kinds of elements are known by their names.
      if (/^(base|real)_dtype$/.test(name) && isElementType.test(object.value)) return object;
      return stringMethod(object.value, name);
    case 'list':
    case 'dict':
    case 'partial-dict':
    case 'set':
    case 'iterator':
      return containerMethod(object, name);
    case 'tuple': {
      const index = object.fields?.indexOf(name) ?? -1;
      if (index >= 0) return object.items[index];
      if (name === '_asdict')
        return builtin(name, () =>
          dict((object.fields ?? []).map((field, i) => [string(field), object.items[i] ?? none])),
        );
      if (name === '_replace') {
        return builtin(name, (_, args) => ({
          ...object,
          items: object.items.map((item, i) => args.keywords.get(object.fields?.[i] ?? '') ?? item),
        }));
      }
      if (name === 'numel' && object.isSize === true) return builtin(name, () => product(machine, object.items, span));
      const own = object.class && findMethod(object.class, name);
      return own ? bindTo(machine, own, object, span) : containerMethod(object, name);
    }
    case 'function':
      if (name === '__name__') return string(object.name);
      if (name === '__qualname__') {
        const owner = object.scope.classBody;
        return string(owner === undefined ? object.name : `${owner.name}.${object.name}`);
      }
      if (name === '__module__') return string(object.scope.module.name);
      if (name === '__doc__') return none;
      return object.attributes.get(name) ?? (name === '__code__' ? codeOf(object, span) : undefined);
    case 'builtin':
      if (name === '__kwdefaults__' || name === '__defaults__') return none;
      return name === '__name__' ? string(object.name) : undefined;
    case 'bound-method':
      return name === '__self__' ? object.self : findAttribute(machine, object.function, name, span);
    case 'partial':
      if (name === 'func') return object.function;
      if (name === 'keywords') return dict([...object.args.keywords].map(([key, value]) => [string(key), value]));
      return name === 'args' ? tuple(object.args.positional) : undefined;
    case 'property':
      if (name === 'setter') return builtin(name, (_, args) => ({ ...object, setter: args.positional[0] ?? none }));
      return undefined;
    case 'int':
    case 'float':
      // Integers have it since Python 3.12.
      if (name === 'is_integer' && object.kind === 'int')
        return unknown('Whether integers have is_integer depends on Python', span);
      if (name === 'is_integer') return builtin(name, () => ({ kind: 'bool', value: Number.isInteger(object.value) }));
      if (name === 'item') return builtin(name, () => object);
      if (name === 'value' && object.kind === 'int' && object.isDimension === true) return object;
      if (name === 'bit_length')
        return builtin(name, () => int(object.value === 0 ? 0 : Math.floor(Math.log2(Math.abs(object.value))) + 1));
      return undefined;
    default:
      return undefined;
  }
}

/** An attribute of something that is not known: of a module that is not there, or of one of several known things. */
function ofUnknown(object: UnknownValue, name: string): UnknownValue {
  if (object.path === undefined && object.among === undefined) return object;
  const methods = (object.among ?? []).flatMap((each): readonly PyValue[] => {
    const method = each.kind === 'instance' ? findMethod(each.class, name) : undefined;
    return method?.kind === 'function' ? [{ kind: 'bound-method', self: each, function: method }] : [];
  });
  return {
    ...object,
    ...(object.path !== undefined && { path: `${object.path}.${name}` }),
    ...(methods.length > 0 && { among: [...(object.among ?? []), ...methods] }),
  };
}

/** The number of elements of a size. */
function product(machine: Machine, sizes: readonly PyValue[], span: SourceSpan): PyValue {
  return sizes.reduce((left, right) => binary(machine, '*', left, right, span), int(1));
}

/** What reading `value` through `self` gives: methods are bound, properties run. */
function bindTo(machine: Machine, value: PyValue, self: PyValue, span: SourceSpan): PyValue {
  switch (value.kind) {
    case 'function':
      return self.kind === 'class' && value.name === '__new__'
        ? value
        : { kind: 'bound-method', self, function: value };
    case 'builtin':
      return value.bindsSelf === true ? { kind: 'bound-method', self, function: value } : value;
    case 'static-method':
      return value.function;
    case 'class-method': {
      const type = self.kind === 'instance' ? self.class : self;
      return value.function.kind === 'function' || value.function.kind === 'builtin'
        ? { kind: 'bound-method', self: type, function: value.function }
        : value.function;
    }
    case 'property':
      return machine.callWith(value.getter, span, self);
    case 'instance':
      return self.kind === 'instance' ? described(machine, value, self, self.class, span) : value;
    default:
      return value;
  }
}

/** What reading an attribute gives whose value in the class may be a descriptor. */
function described(
  machine: Machine,
  value: InstanceValue,
  self: PyValue,
  owner: ClassValue,
  span: SourceSpan,
): PyValue {
  const getter = machine.method(value, '__get__', span);
  return getter === undefined ? value : machine.callWith(getter, span, self, owner);
}

function instanceAttribute(
  machine: Machine,
  object: InstanceValue,
  name: string,
  span: SourceSpan,
  mayFallBack = true,
): PyValue | undefined {
  const own = object.attributes.get(name);
  const first = own && findMethod(object.class, name);
  // What a class does with a name at reading and setting comes before what the object has.
  if (first?.kind === 'property' || (first?.kind === 'instance' && findMethod(first.class, '__set__')))
    return bindTo(machine, first, object, span);
  if (own !== undefined) return own;
  if (name === '__class__') return object.class;
  if (name === 'data' && object.dictionary && isUserDictionary(object.class)) return object.dictionary;
  if (name === '__dict__') return namesOfObject(object, span);
  if (name === '__doc__') return findMethod(object.class, name) ?? none;
  const inherited = findMethod(object.class, name);
  const missing = whyMore(object);
  if (inherited !== undefined) {
    // What is not known may have set it on the object, or read it otherwise.
    if (missing !== undefined && isPlainData(inherited) && !machine.library.isLayer(object))
      return ofUnknownBase(machine, object, missing, name, span);
    return bindTo(machine, inherited, object, span);
  }
  const access = plainAccess(machine, name, object);
  if (access) return access;
  if (object.dictionary) {
    const method = containerMethod(object.dictionary, name);
    if (method !== undefined) return method;
  }
  // A member of `class Mode(str, Enum)` has what a string has.
  const plain = plainOf(object);
  if (plain !== object) return findAttribute(machine, plain, name, span);
  const fallback = name.startsWith('__') || !mayFallBack ? undefined : machine.method(object, '__getattr__', span);
  if (fallback) return machine.callWith(fallback, span, string(name));
  if (missing !== undefined) return ofUnknownBase(machine, object, missing, name, span);
  return mayFallBack ? ofPartlyDescribed(machine, object, name, span) : undefined;
}

/** What an object may have of a library's class that is described in part. All that layers have is described. */
function ofPartlyDescribed(
  machine: Machine,
  object: InstanceValue,
  name: string,
  span: SourceSpan,
): PyValue | undefined {
  const base = object.class.mro.find((type) => type.span === undefined && !describedWhole.test(type.name));
  if (base === undefined || machine.library.isLayer(object)) return undefined;
  return { ...unknown(`${name} of a ${base.name} is not modelled`, span), ...amongOf([object]) };
}

const describedWhole = /^(object|Namespace|SimpleNamespace|Generic|Protocol|ABC|AttributeDict)$/;

/** `vars(object)`, where all of them are known and kept there. */
function namesOfObject(object: InstanceValue, span: SourceSpan): PyValue {
  const missing = whyMore(object);
  if (missing !== undefined) return { ...unknown(missing, span), ...amongOf([object]) };
  if (object.class.mro.some(({ attributes }) => attributes.has('__slots__')))
    return { ...unknown('Which attributes stand in slots is not followed', span), ...amongOf([object]) };
  return attributeView(object);
}

/** Why an object may have other attributes than those that are known. */
function whyMore(object: InstanceValue): string | undefined {
  const base = unknownBaseOf(object.class);
  return base === undefined ? object.mayHaveMore : `${base}, a base of ${object.class.name}, is not known`;
}

function isPlainData({ kind }: PyValue): boolean {
  return !/^(function|builtin|class|property|static-method|class-method)$/.test(kind);
}

/** What an object has of a base that is not known: called, it may change the object. */
function ofUnknownBase(machine: Machine, self: PyValue, reason: string, name: string, span: SourceSpan): PyValue {
  const lost: UnknownValue = { kind: 'unknown', reason, span };
  if (self.kind !== 'instance' || machine.library.isLayer(self) || name === '__new__' || name === '__init_subclass__')
    return lost;
  if (name !== '__init__') return { ...lost, among: [self] };
  // A constructor goes on with what it made: what it has set so far may be otherwise, what it sets from then on is known.
  return builtin(name, (inner, args, at) => {
    const { attributes } = inner.change(self);
    for (const key of attributes.keys()) attributes.set(key, { ...lost, span: at });
    return inner.call(lost, args, at);
  });
}

/** What `object` does where a class has no attribute access of its own; layers have `__getattr__` as well. */
function plainAccess(machine: Machine, name: string, self: PyValue): PyValue | undefined {
  switch (name) {
    case '__setattr__':
    case '__delattr__':
    case '__getattribute__':
      break;
    case '__getattr__':
      if (!machine.library.isLayer(self)) return undefined;
      break;
    default:
      return undefined;
  }
  return builtin(name, (inner, { positional: [key = none, value = none] }, span) => {
    if (key.kind !== 'string') {
      inner.undecided(key, span);
      if (name !== '__getattribute__' && self.kind === 'class')
        inner.change(self).unknownBase = 'One of its attributes, which was set under a name that is not known,';
      else if (name !== '__getattribute__')
        inner.handOver([self], unknown('Which attribute is set here is not known', span));
      return key.kind === 'unknown' || key.kind === 'instance'
        ? unknown('Which attribute this is is not known', span)
        : inner.raise('TypeError', 'attribute name must be string', span);
    }
    if (name === '__setattr__') setPlainly(inner, self, key.value, value, span);
    else if (name === '__delattr__') deletePlainly(inner, self, key.value, span);
    else {
      const found = readPlainly(inner, self, key.value, span);
      return found ?? inner.raise('AttributeError', `'${typeName(self)}' object has no attribute '${key.value}'`, span);
    }
    return none;
  });
}

function readPlainly(machine: Machine, self: PyValue, name: string, span: SourceSpan): PyValue | undefined {
  return self.kind === 'instance'
    ? instanceAttribute(machine, self, name, span, false)
    : findAttribute(machine, self, name, span);
}

function classAttribute(machine: Machine, object: ClassValue, name: string, span: SourceSpan): PyValue | undefined {
  if (name === '__name__' || name === '__qualname__') return string(object.name);
  if (name === '__bases__') return tuple(object.bases);
  if (name === '__mro__') return tuple(object.mro);
  if (name === '__dict__') {
    const given = [...object.attributes].map(([key, value]) => [string(key), value] as const);
    // What every class has that derives from no other, and whether it has more, such as annotations.
    const others = object.bases.length > 0 ? ['__doc__'] : ['__dict__', '__weakref__', '__doc__'];
    const lost = unknown('It is there without being written', span);
    const made = dict([
      ...given,
      ...others.filter((each) => !object.attributes.has(each)).map((each) => [string(each), lost] as const),
    ]);
    return object.attributes.has('__slots__')
      ? { ...unknown('Which attributes stand in slots is not followed', span), ...amongOf([object]) }
      : made;
  }
  const found = findMethod(object, name);
  if (found !== undefined) {
    if (found.kind === 'static-method') return found.function;
    if (found.kind === 'class-method') return bindTo(machine, found, object, span);
    return found.kind === 'instance' ? described(machine, found, none, object, span) : found;
  }
  const ofMeta = findInMetaclass(object, name);
  if (ofMeta !== undefined) return bindTo(machine, ofMeta, object, span);
  if (name === '__doc__') return none;
  if (name === '__module__') return string('builtins');
  if (name === 'fromkeys' && object.mro.some((each) => each.name === 'dict' && each.span === undefined))
    return object.construct === undefined
      ? unknown(`What ${object.name}.fromkeys makes is not followed`, span)
      : builtin(name, fromKeys);
  if (/^(maketrans|fromhex|from_bytes)$/.test(name) && object.span === undefined) return undefined;
  if (/^(str|list|tuple|dict|set|int|float)$/.test(object.name) && object.span === undefined) {
    if (lacksName(object.name, name))
      return machine.raise('AttributeError', `type object '${object.name}' has no attribute '${name}'`, span);
    // `str.isalnum(text)`: the method of whatever it is called with.
    return builtin(
      name,
      (_, { positional: [self = none, ...positional], keywords }, at) => {
        if (isOfAnother(self, object.name))
          machine.raise(
            'TypeError',
            `descriptor '${name}' for '${object.name}' objects doesn't apply to '${typeName(self)}'`,
            at,
          );
        const own = self.kind === 'instance' && self.dictionary ? dictionaryMethod(self.dictionary, name) : undefined;
        return machine.call(own ?? getAttribute(machine, self, name, at), { positional, keywords }, at);
      },
      true,
    );
  }
  // `object.__setattr__(self, name, value)`
  if (unknownBaseOf(object) === undefined && /^__(setattr|delattr|getattribute|getattr)__$/.test(name)) {
    return builtin(
      name,
      (_, { positional: [self = none, ...positional], keywords }, at) => {
        const access = plainAccess(machine, name, self) ?? unknown(`${name} of ${object.name} is not known`, at);
        return machine.call(access, { positional, keywords }, at);
      },
      true,
    );
  }
  const missing = unknownBaseOf(object);
  if (missing !== undefined) return unknown(`${missing}, a base of ${object.name}, is not known`, span);
  // What a library's class does by itself, such as to make an instance of a file, is described in part.
  const base = object.mro.find(
    ({ span: own, name: known, allNames }) =>
      own === undefined && !describedWhole.test(known) && allNames?.has(name) !== false,
  );
  return base && object.span !== undefined ? unknown(`${name} of ${base.name} is not modelled`, span) : undefined;
}

/** Whether a value is certainly none of a built-in type. */
function isOfAnother({ kind }: PyValue, type: string): boolean {
  const own = { string: 'str', 'partial-dict': 'dict', bool: 'int' }[kind as string] ?? kind;
  return (
    /^(str|list|tuple|dict|set|int|float|none|function|builtin|range|class)$/.test(own) &&
    own !== type &&
    !(own === 'int' && type === 'float')
  );
}

/** `dict.fromkeys(keys, value)` */
function fromKeys(machine: Machine, { positional: [keys = none, value = none] }: Arguments, span: SourceSpan): PyValue {
  const items = machine.iterate(keys, span);
  if ('kind' in items) return items;
  machine.hold(items.length, span);
  if (!items.every((key) => isCertainKey(key))) return unknown('Which of these keys are equal is not known', span);
  return dict(items.map((key) => [key, value]));
}

/** `object.__new__`: an instance of the given class that no constructor has seen. */
function newInstance(machine: Machine, args: Arguments, span: SourceSpan): PyValue {
  const [type] = args.positional;
  return type?.kind === 'class' && !isContainerOfOurs(type)
    ? { kind: 'instance', class: type, attributes: new Map(), site: { span, callChain: [...machine.callStack] } }
    : unknown('What this makes an instance of is not known', span);
}

/** `function.__code__`, as far as it is its parameters. */
function codeOf({ name, parameters, scope }: FunctionValue, span: SourceSpan): PyValue {
  const names = parameters.map((parameter) => string(parameter.name));
  const attributes = new Map<string, PyValue>([
    ['co_varnames', tuple(names)],
    ['co_name', string(name)],
    ['co_filename', string(scope.module.document)],
    ['co_argcount', int(parameters.filter(({ kind }) => kind === 'positional').length)],
  ]);
  return { kind: 'instance', class: codeClass, attributes, site: { span, callChain: [] } };
}

const codeClass = nativeClass('code', []);

/** What a dictionary subclass finds behind its own methods. */
function dictionaryMethod(dictionary: DictValue | PartialDictValue, name: string): PyValue | undefined {
  switch (name) {
    case '__getitem__':
      return builtin(name, (machine, { positional: [key = none] }, span) => getItem(machine, dictionary, key, span));
    case '__delitem__':
      return builtin(name, (machine, { positional: [key = none] }, span) => {
        deleteItem(machine, dictionary, key, span);
        return none;
      });
    case '__contains__':
      return builtin(name, (_, { positional: [key = none] }, span) => {
        const has = hasKey(dictionary, key);
        return has === undefined ? unknown('Whether this key is there is not known', span) : bool(has);
      });
    case '__len__':
      return builtin(name, () => {
        const part = partial(dictionary);
        return part ? lostIn(part) : int(dictionary.entries.size);
      });
    default:
      return containerMethod(dictionary, name);
  }
}

function moduleAttribute(
  machine: Machine,
  object: Extract<PyValue, { kind: 'module' }>,
  name: string,
  span: SourceSpan,
): PyValue | undefined {
  const own = object.names.get(name) ?? deferredName(machine, object, name) ?? lazyName(machine, object, name, span);
  if (name === 'environ' && own?.kind === 'unknown' && isInPackage(machine, span))
    return object.names.get(unsetEnvironment) ?? own;
  if (own !== undefined) return own;
  if (name === '__dict__') {
    resolveDeferred(machine, object);
    return attributeView(object);
  }
  if (name === '__name__') return string(object.name);
  const child = importModule(machine, `${object.name}.${name}`, span);
  if (child !== undefined) return child;
  const getter = name.startsWith('__') ? undefined : nameGiver(machine, object);
  if (getter) return machine.callWith(getter, span, string(name));
  if (!object.isModelled) return undefined;
  return notModelled(object, name, span);
}

/** Sets an attribute. Values without attributes are left alone, as far as that can't matter. */
export function setAttribute(machine: Machine, object: PyValue, name: string, value: PyValue, span: SourceSpan): void {
  const setter = object.kind === 'instance' ? findMethod(object.class, '__setattr__') : undefined;
  if (setter) machine.callWith(bindTo(machine, setter, object, span), span, string(name), value);
  else setPlainly(machine, object, name, value, span);
}

/** Sets an attribute as `object` does. */
function setPlainly(machine: Machine, object: PyValue, name: string, value: PyValue, span: SourceSpan): void {
  if (object.kind === 'unknown') {
    setOnOne(machine, object, name, span);
    machine.mayRaise();
  } else if (object.kind === 'instance') {
    const inherited = findMethod(object.class, name);
    if (inherited?.kind === 'property' && inherited.setter) {
      machine.callWith(inherited.setter, span, object, value);
      return;
    }
    const descriptor = inherited?.kind === 'instance' ? machine.method(inherited, '__set__', span) : undefined;
    if (descriptor) machine.callWith(descriptor, span, object, value);
    else if (name === '__dict__') replaceAttributes(machine, object, value, span);
    else machine.change(object).attributes.set(name, value);
  } else if (object.kind === 'class' || object.kind === 'function') machine.change(object).attributes.set(name, value);
  else if (object.kind === 'module') machine.change(object).names.set(name, value);
  else if (object.kind === 'tensor') machine.change(object).own = new Map([...(object.own ?? []), [name, value]]);
}

/** Sets an attribute of one of several things. */
function setOnOne(machine: Machine, { among = [], reason }: UnknownValue, name: string, span: SourceSpan): void {
  for (const each of among) {
    const isPlain = each.kind === 'instance' && !findMethod(each.class, '__setattr__') && !findMethod(each.class, name);
    if (isPlain) {
      const { attributes } = machine.change(each);
      attributes.set(name, { ...unknown(reason, span), ...(!attributes.has(name) && { isMaybe: true }) });
    } else machine.handOver([each], unknown(reason, span));
  }
}

/** `self.__dict__ = entries`: from here on they are the same, also where the object is the dictionary itself. */
function replaceAttributes(machine: Machine, object: InstanceValue, value: PyValue, span: SourceSpan): void {
  const source = value.kind === 'instance' ? value.dictionary : value;
  if (source?.kind !== 'dict' || (source.viewOf && source.viewOf !== object)) {
    const reason = source?.kind === 'unknown' ? source.reason : 'It shares its attributes with another object, which';
    machine.ways.loseOwner(object, `${reason} is not followed`, span);
    return;
  }
  if (source.viewOf) return;
  const { attributes } = machine.change(object);
  attributes.clear();
  for (const { key, value: entry } of source.entries.values())
    if (key.kind === 'string') attributes.set(key.value, entry);
  const view = machine.change(source);
  view.entries = unshared(attributeView(object)).entries;
  view.viewOf = object;
}

/** `del object.name` */
export function deleteAttribute(machine: Machine, object: PyValue, name: string, span: SourceSpan): void {
  const own = object.kind === 'instance' ? findMethod(object.class, '__delattr__') : undefined;
  if (own) machine.callWith(bindTo(machine, own, object, span), span, string(name));
  else if (object.kind === 'unknown') {
    machine.loseAmong(object, span);
    machine.mayRaise();
  } else deletePlainly(machine, object, name, span);
}

function deletePlainly(machine: Machine, object: PyValue, name: string, span: SourceSpan): void {
  if (object.kind === 'instance') {
    const isThere = machine.change(object).attributes.delete(name);
    if (!isThere && whyMore(object) === undefined && isWhollyWritten(object))
      machine.raise('AttributeError', `'${object.class.name}' object has no attribute '${name}'`, span);
  } else if (object.kind === 'class') {
    const isThere = machine.change(object).attributes.delete(name);
    if (!isThere && unknownBaseOf(object) === undefined)
      machine.raise('AttributeError', `type object '${object.name}' has no attribute '${name}'`, span);
  } else if (object.kind === 'module') machine.change(object).names.delete(name);
}
