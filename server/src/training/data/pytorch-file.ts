// What `torch.save` writes (the zip format, PyTorch 1.6 and later), read as data: state dictionaries, checkpoints that hold one,
// and whole modules by their parameters and buffers. No code of the file runs, and nothing but tensors is taken from it.

import type { Result } from '../../common/problem.ts';
import { PickledCall, PickledName, PickledReference, pickledText, readPickle, type Pickled } from './pickle.ts';
import { inOrder } from './strided.ts';
import { floatReaders, type NamedWeight } from './weight.ts';
import { openZip, type ZipArchive } from './zip-archive.ts';

type Weights = ReadonlyMap<string, NamedWeight>;

/** Number types by the storages that PyTorch has for them; the others hold no weights. */
const storageTypes: ReadonlyMap<string, keyof typeof floatReaders> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
]);

/** Where training scripts keep the model's own weights in what they save, the likeliest first. */
const likelyKeys = [
  'state_dict',
  'model_state_dict',
  'model',
  'ema',
  'model_state',
  'net',
  'network',
  'weights',
  'params',
  'module',
];

/** A tensor as it lies in a storage. */
interface StoredTensor {
  readonly type: keyof typeof floatReaders;
  readonly key: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The weights of a file; the error is a sentence without a subject. */
export async function readPytorchFile(path: string, most: number): Promise<Result<Weights>> {
  const archive = await openZip(path, most, (fileName) => fileName.replace(/^[^/]*\//, ''));
  if (!archive.ok)
    return {
      ok: false,
      error: `${archive.error}. PyTorch before 1.6 wrote another format: load the file and save its state_dict() anew`,
    };
  try {
    return await weightsIn(archive.value, most);
  } finally {
    archive.value.close();
  }
}

async function weightsIn(archive: ZipArchive, most: number): Promise<Result<Weights>> {
  if (!archive.names.includes('data.pkl'))
    return { ok: false, error: 'holds nothing that torch.save wrote, or a TorchScript program, which is not read' };
  if (archive.names.includes('byteorder')) {
    const order = await archive.read('byteorder');
    if (order.ok && order.value.toString('utf8').trim() !== 'little')
      return { ok: false, error: 'has its numbers in the order of another kind of machine' };
  }
  const content = await archive.read('data.pkl');
  if (!content.ok) return content;
  const pickle = readPickle(content.value);
  if (!pickle.ok) return { ok: false, error: pickle.error };
  const tensors = namedTensors(pickle.value);
  if (tensors.size === 0) return { ok: false, error: 'holds no weights by name: save model.state_dict()' };
  const storages = new Map<string, Buffer>();
  const weights = new Map<string, NamedWeight>();
  let left = most;
  for (const [name, tensor] of tensors) {
    const { key, type, shape, strides, offset } = tensor;
    let bytes = storages.get(key);
    if (bytes === undefined) {
      const read = await archive.read(`data/${key}`);
      if (!read.ok) return read;
      bytes = read.value;
      storages.set(key, bytes);
    }
    const [size, number] = floatReaders[type];
    const count = shape.reduce((product, length) => product * length, 1);
    left -= 4 * count;
    if (left < 0) return { ok: false, error: `unpacks to more than ${String(most)} bytes, which is more than is read` };
    const last = shape.reduce((at, length, axis) => at + (length - 1) * (strides[axis] ?? 0), offset);
    if (count > 0 && (last + 1) * size > bytes.length)
      return { ok: false, error: `is cut off within its tensor ${name}` };
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    weights.set(name, { shape, data: inOrder(shape, strides, (at) => number(view, (offset + at) * size)) });
  }
  return { ok: true, value: weights };
}

/** Tensors under the model's names: of the value itself, or of what it holds under a name that is usual for it. */
function namedTensors(value: Pickled): ReadonlyMap<string, StoredTensor> {
  const own = ofDictionary(value);
  if (own.size > 0) return own;
  const ofModule = tensorsOfModule(value);
  if (ofModule.size > 0 || !(value instanceof Map)) return ofModule;
  for (const key of likelyKeys) {
    const found = namedTensors(value.get(key));
    if (found.size > 0) return found;
  }
  return new Map();
}

function ofDictionary(value: Pickled): ReadonlyMap<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  if (!(value instanceof Map)) return found;
  for (const [name, item] of value as ReadonlyMap<unknown, unknown>) {
    const tensor = tensorOf(item);
    if (typeof name === 'string' && tensor !== undefined) found.set(name, tensor);
  }
  return found;
}

/** The parameters and buffers that a pickled module keeps, and those of its parts. */
function tensorsOfModule(root: Pickled): ReadonlyMap<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  const seen = new Set<Pickled>();
  const waiting: { readonly module: Pickled; readonly prefix: string }[] = [{ module: root, prefix: '' }];
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    const { module, prefix } = one;
    if (!(module instanceof PickledCall) || !(module.state instanceof Map) || seen.has(module)) continue;
    seen.add(module);
    const attributes: ReadonlyMap<unknown, unknown> = module.state;
    for (const part of ['_parameters', '_buffers'])
      for (const [name, tensor] of ofDictionary(attributes.get(part))) found.set(`${prefix}${name}`, tensor);
    const parts = attributes.get('_modules');
    if (parts instanceof Map)
      for (const [name, part] of parts as ReadonlyMap<unknown, unknown>)
        if (typeof name === 'string') waiting.push({ module: part, prefix: `${prefix}${name}.` });
  }
  return found;
}

/** A tensor as `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)` would make it. */
function tensorOf(value: Pickled): StoredTensor | undefined {
  if (!(value instanceof PickledCall) || !(value.callee instanceof PickledName)) return undefined;
  const { name } = value.callee;
  const [first, offset, shape, strides] = Array.isArray(value.args) ? (value.args as readonly unknown[]) : [];
  if (/^torch\._utils\._rebuild_parameter(?:_with_state)?$/.test(name)) return tensorOf(first);
  if (!/^torch\._utils\._rebuild_tensor(?:_v2)?$/.test(name)) return undefined;
  if (!(first instanceof PickledReference) || !Array.isArray(first.id)) return undefined;
  const [what, storage, at] = first.id as readonly unknown[];
  const [kind, key] = [pickledText(what), pickledText(at)];
  if (kind !== 'storage' || key === undefined || !(storage instanceof PickledName)) return undefined;
  const type = storageTypes.get(storage.name);
  if (type === undefined || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) return undefined;
  return shape.length === strides.length ? { type, key, offset, shape, strides } : undefined;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}
