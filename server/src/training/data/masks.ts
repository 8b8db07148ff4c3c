// Images beside masks: a class a pixel, as numbers in a grey image or as indices of a palette.

import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ImagesInMemory, type ReadRequest, type ReadSet } from './data-set.ts';
import { decodeImage, loadSharp, type Sharp } from './decode-image.ts';
import { leftOutBecause } from './folder-walk.ts';
import { indexedPng, type PixelValues } from './indexed-png.ts';
import { type FilePair, pairedFiles, pairedRemedy } from './paired-folders.ts';

/** What pairs may take of memory, in bytes: they are decoded once, when a run begins. */
export const pairBytes = Math.min(4 * 2 ** 30, totalmem() / 4);

/** In masks of bytes, a pixel that does not count; as PASCAL VOC, Cityscapes' training classes and most others have it. */
const noClass = 255;

export async function readMasks(request: ReadRequest): Promise<Result<ReadSet>> {
  const {
    path,
    input,
    outputs: [output = input],
  } = request;
  const remedy = pairedRemedy('masks');
  let found: ReturnType<typeof pairedFiles>;
  try {
    found = pairedFiles(path, 'masks', request.outside);
  } catch (error) {
    return badFile(path, `is no folder that can be read (${reasonOf(error)})`, remedy);
  }
  if (found === undefined || found.training.length === 0)
    return badFile(path, 'has no images with masks of the same names', remedy);
  const sharp = await loadSharp();
  if (!sharp.ok) return sharp;
  const [, height, width] = output;
  const reader = new MaskReader(sharp.value, request, [height, width]);
  const training = await reader.read(found.training);
  const test = found.test && (await reader.read(found.test));
  if (reader.excess !== undefined) return badFile(path, reader.excess, 'Mend or remove the files');
  const parts = [training, ...(test ? [test] : [])];
  const classes = settleClasses(parts.map(({ masks }) => masks));
  const part = ({ pixels, masks, count }: ReadMasks): ImagesInMemory => ({
    kind: 'memory',
    count,
    labels: new Uint8Array(count),
    pixels,
    targets: [masks],
  });
  return {
    ok: true,
    value: {
      name: `images with masks in ${path}`,
      shape: input,
      classes,
      targets: [{ name: '', kind: 'classes', shape: [height, width], classes }],
      training: part(training),
      ...(test && { test: part(test) }),
      notices: [...found.notices, ...reader.notices],
    },
  };
}

interface ReadMasks {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly masks: Uint8Array;
}

class MaskReader {
  readonly #sharp: Sharp;
  readonly #request: ReadRequest;
  readonly #size: readonly [height: number, width: number];
  readonly #unreadable: string[] = [];
  #asked = 0;
  #unused = 0;

  constructor(sharp: Sharp, request: ReadRequest, size: readonly [height: number, width: number]) {
    this.#sharp = sharp;
    this.#request = request;
    this.#size = size;
  }

  async read(pairs: readonly FilePair[]): Promise<ReadMasks> {
    const { input } = this.#request;
    const [height, width] = this.#size;
    const [imageSize, maskSize] = [input[0] * input[1] * input[2], height * width];
    const most = Math.max(1, Math.floor(pairBytes / 2 / (imageSize + maskSize)));
    const stride = Math.ceil(pairs.length / most);
    const used = pairs.filter((_, index) => index % stride === 0);
    this.#unused += pairs.length - used.length;
    const pixels = new Uint8Array(used.length * imageSize);
    const masks = new Uint8Array(used.length * maskSize);
    let count = 0;
    for (const { image, target } of used) {
      this.#asked++;
      const place = pixels.subarray(count * imageSize, (count + 1) * imageSize);
      const decoded = await decodeImage(this.#sharp, image, input, place);
      const mask = decoded.ok ? await decodeMask(this.#sharp, target) : undefined;
      if (!decoded.ok) this.#unreadable.push(`${image} (${decoded.error})`);
      else if (mask?.ok === false) this.#unreadable.push(`${target} (${mask.error})`);
      else if (mask !== undefined) {
        cover(mask.value, this.#size, masks.subarray(count * maskSize, (count + 1) * maskSize));
        count++;
      }
    }
    return { count, pixels: pixels.subarray(0, count * imageSize), masks: masks.subarray(0, count * maskSize) };
  }

  /** Why the files are too bad to go on; undefined when they aren't. */
  get excess(): string | undefined {
    const bad = this.#unreadable.length;
    if (bad === 0 || (bad < this.#asked && bad <= this.#request.badFiles * this.#asked)) return undefined;
    return `has ${String(bad)} of ${String(this.#asked)} images or masks that can’t be read: ${this.#unreadable.slice(0, 5).join(', ')}`;
  }

  get notices(): readonly string[] {
    return [
      ...leftOutBecause(this.#unreadable, 'can’t be read', 'can’t be read'),
      ...(this.#unused > 0
        ? [`${String(this.#unused)} images are left out, since all would take more memory than there is for them`]
        : []),
    ];
  }
}

/** The values of a mask; the error says why they can't be had. */
async function decodeMask(sharp: Sharp, path: string): Promise<Result<PixelValues>> {
  try {
    const bytes = readFileSync(path);
    const indexed = indexedPng(bytes);
    if (indexed !== undefined) return indexed;
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    const values = new Uint8Array(height * width);
    for (let pixel = 0; pixel < values.length; pixel++) {
      const value = data[pixel * channels] ?? 0;
      for (let channel = 1; channel < channels; channel++)
        if (data[pixel * channels + channel] !== value)
          return { ok: false, error: 'it is in colours. Save class numbers, as a grey image or with a palette' };
      values[pixel] = value;
    }
    return { ok: true, value: { height, width, values } };
  } catch (error) {
    return { ok: false, error: reasonOf(error).split('\n')[0] ?? '' };
  }
}

/** Brings a mask to a size as images are: scaled until it covers it, cut to the middle; the nearest value, as classes have no mean. */
function cover(
  { height, width, values }: PixelValues,
  [rows, columns]: readonly [number, number],
  target: Uint8Array,
): void {
  const scale = Math.min(height / rows, width / columns);
  const [top, left] = [(height - rows * scale) / 2, (width - columns * scale) / 2];
  for (let y = 0; y < rows; y++) {
    const row = Math.min(height - 1, Math.floor(top + (y + 0.5) * scale));
    for (let x = 0; x < columns; x++) {
      const column = Math.min(width - 1, Math.floor(left + (x + 0.5) * scale));
      target[y * columns + x] = values[row * width + column] ?? 0;
    }
  }
}

/** Makes masks of black and white ones of 0 and 1; returns how many classes there are. */
export function settleClasses(parts: readonly Uint8Array[]): number {
  const times = new Float64Array(256);
  for (const values of parts) for (const value of values) times[value] = (times[value] ?? 0) + 1;
  const present = [...times.keys()].filter((value) => (times[value] ?? 0) > 0);
  if (present.every((value) => value === 0 || value === noClass) && present.includes(noClass)) {
    for (const values of parts) values.forEach((value, index) => (values[index] = value === noClass ? 1 : 0));
    return 2;
  }
  return Math.max(1, ...present.filter((value) => value !== noClass).map((value) => value + 1));
}
