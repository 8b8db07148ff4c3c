// Weights that a training starts from: a safetensors file, NumPy's `.npz`, or what `torch.save` wrote, with the parameters under the names of the model.

import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import type { Result } from '../../common/problem.ts';
import { reasonOf } from './data-set.ts';
import { readNpy } from './npy.ts';
import { openNpz } from './npz.ts';
import { readPytorchFile } from './pytorch-file.ts';
import { inOrder } from './strided.ts';
import { floatReaders, type NamedWeight } from './weight.ts';

/** Larger files are not read: more than any network that trains here has, in bytes. */
const mostBytes = 4 * 2 ** 30;

/** By name, without what wrappers put in front. The failure is a sentence that names the file. */
export async function readWeightFile(path: string): Promise<Result<ReadonlyMap<string, NamedWeight>>> {
  const isArchive = /\.npz$/i.test(path);
  const isPytorch = /\.(?:pth|pt|bin|ckpt|tar)$/i.test(path);
  if (!isArchive && !isPytorch && !/\.safetensors$/i.test(path))
    return {
      ok: false,
      error: `${path} is neither .safetensors, .pth nor .npz. Save the weights as one: safetensors.torch.save_file(model.state_dict(), "weights.safetensors")`,
    };
  try {
    if (statSync(path).size > mostBytes) return { ok: false, error: `${path} is larger than the 4 GB that are read` };
    const found = isPytorch
      ? await readPytorchFile(path, mostBytes)
      : isArchive
        ? await fromArchive(path)
        : fromSafetensors(readFileSync(path));
    if (!found.ok) return { ok: false, error: `${path} ${found.error}` };
    return { ok: true, value: new Map([...found.value].map(([name, weight]) => [withoutWrappers(name), weight])) };
  } catch (error) {
    return { ok: false, error: `${path} can not be read (${reasonOf(error)})` };
  }
}

/** `module.` of data-parallel models, `_orig_mod.` of compiled ones. */
function withoutWrappers(name: string): string {
  return name.replace(/^(?:(?:module|_orig_mod)\.)+/, '');
}

const headerSchema = v.record(v.string(), v.unknown());
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(0))),
  data_offsets: v.tuple([v.number(), v.number()]),
});

function isFloat(type: string): type is keyof typeof floatReaders {
  return Object.hasOwn(floatReaders, type);
}

function fromSafetensors(bytes: Buffer): Result<ReadonlyMap<string, NamedWeight>> {
  const fail = (error: string): Result<never> => ({ ok: false, error });
  if (bytes.length < 8) return fail('is cut off before its header');
  const bodyStart = 8 + Number(bytes.readBigUInt64LE(0));
  if (!(bodyStart <= bytes.length)) return fail('is cut off inside its header');
  const header = v.safeParse(headerSchema, JSON.parse(bytes.toString('utf8', 8, bodyStart)));
  if (!header.success) return fail('has a damaged header');
  const weights = new Map<string, NamedWeight>();
  for (const [name, described] of Object.entries(header.output)) {
    if (name === '__metadata__') continue;
    const entry = v.safeParse(entrySchema, described);
    if (!entry.success) return fail(`does not describe its tensor ${name}`);
    const { dtype, shape, data_offsets: offsets } = entry.output;
    if (!isFloat(dtype)) continue;
    const [size, read] = floatReaders[dtype];
    const count = shape.reduce((product, length) => product * length, 1);
    const start = bodyStart + offsets[0];
    if (offsets[1] - offsets[0] !== count * size || start + count * size > bytes.length)
      return fail(`is cut off within its tensor ${name}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * size);
    weights.set(name, { shape, data: Float32Array.from({ length: count }, (_, index) => read(view, index * size)) });
  }
  return { ok: true, value: weights };
}

async function fromArchive(path: string): Promise<Result<ReadonlyMap<string, NamedWeight>>> {
  const archive = await openNpz(path, mostBytes);
  if (!archive.ok) return archive;
  try {
    const weights = new Map<string, NamedWeight>();
    for (const name of archive.value.names) {
      const content = await archive.value.read(name);
      if (!content.ok) return content;
      const array = readNpy(content.value);
      if (!array.ok) return { ok: false, error: `${array.error} (in ${name})` };
      const { shape, strides, type, elements } = array.value;
      if (type.startsWith('f'))
        weights.set(name, { shape, data: inOrder(shape, strides, (at) => Number(elements[at] ?? NaN)) });
    }
    return { ok: true, value: weights };
  } finally {
    archive.value.close();
  }
}
