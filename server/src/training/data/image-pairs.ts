// Images beside images: what a network makes of each, as in super-resolution and denoising. Pairs are cut into patches of the
// network's size and never scaled, since scaling is what such networks learn.

import type { Result } from '../../common/problem.ts';
import { badFile, reasonOf, type ImageShape, type ImagesInMemory, type ReadRequest, type ReadSet } from './data-set.ts';
import { decodeWhole, loadSharp, type Sharp, type WholeImage } from './decode-image.ts';
import { leftOutBecause } from './folder-walk.ts';
import { pairBytes } from './masks.ts';
import { type FilePair, pairedFiles, pairedRemedy } from './paired-folders.ts';

export async function readImagePairs(request: ReadRequest): Promise<Result<ReadSet>> {
  const {
    path,
    input,
    outputs: [output],
  } = request;
  const remedy = pairedRemedy('pairs');
  if (output === undefined)
    return badFile(path, 'has images to be made of images, but the network’s output is none', 'Choose other data');
  const [inputFits, outputFits] = [input, output].map(([channels]) => channels === 1 || channels === 3);
  if (inputFits !== true || outputFits !== true)
    return badFile(path, 'has pictures, which have 1 or 3 channels, but the network has others', 'Use NumPy arrays');
  let found: ReturnType<typeof pairedFiles>;
  try {
    found = pairedFiles(path, 'pairs', request.outside);
  } catch (error) {
    return badFile(path, `is no folder that can be read (${reasonOf(error)})`, remedy);
  }
  if (found === undefined || found.training.length === 0)
    return badFile(path, 'has no two folders with images of the same names', remedy);
  const sharp = await loadSharp();
  if (!sharp.ok) return sharp;
  const reader = new PairReader(sharp.value, input, output);
  const training = await reader.read(found.training);
  const test = found.test && (await reader.read(found.test));
  const excess = reader.excess(request.badFiles);
  if (excess !== undefined) return badFile(path, excess, 'Mend or remove the files');
  return {
    ok: true,
    value: {
      name: `pairs of images in ${path}`,
      shape: input,
      classes: 0,
      targets: [{ name: '', kind: 'numbers', shape: output, classes: 0 }],
      training,
      ...(test && { test }),
      notices: [...found.notices, ...reader.notices],
    },
  };
}

const sizeOf = ([channels, height, width]: ImageShape): number => channels * height * width;

class PairReader {
  readonly #sharp: Sharp;
  readonly #input: ImageShape;
  readonly #output: ImageShape;
  readonly #unreadable: string[] = [];
  #asked = 0;
  #patches = 0;
  #unused = 0;

  constructor(sharp: Sharp, input: ImageShape, output: ImageShape) {
    this.#sharp = sharp;
    this.#input = input;
    this.#output = output;
  }

  async read(pairs: readonly FilePair[]): Promise<ImagesInMemory> {
    const [inputSize, outputSize] = [sizeOf(this.#input), sizeOf(this.#output)];
    // Evenly over all images: each gives as many patches as there is room for.
    const most = Math.max(1, Math.floor(pairBytes / 2 / (inputSize + outputSize) / pairs.length));
    const images: Uint8Array[] = [];
    const targets: Uint8Array[] = [];
    for (const pair of pairs) {
      this.#asked++;
      const read = await this.#pair(pair);
      if (!read.ok) {
        this.#unreadable.push(read.error);
        continue;
      }
      const { image, target } = read.value;
      const [, height, width] = this.#input;
      const places: (readonly [number, number])[] = [];
      for (let row = 0; row < Math.floor(image.height / height); row++)
        for (let column = 0; column < Math.floor(image.width / width); column++) places.push([row, column]);
      const stride = Math.ceil(places.length / most);
      for (const [index, [row, column]] of places.entries()) {
        if (index % stride !== 0) {
          this.#unused++;
          continue;
        }
        images.push(patch(image, this.#input, row, column));
        targets.push(patch(target, this.#output, row, column));
      }
    }
    this.#patches += images.length;
    const joined = (parts: readonly Uint8Array[], size: number): Uint8Array => {
      const all = new Uint8Array(parts.length * size);
      parts.forEach((part, index) => all.set(part, index * size));
      return all;
    };
    return {
      kind: 'memory',
      count: images.length,
      labels: new Uint8Array(images.length),
      pixels: joined(images, inputSize),
      targets: [joined(targets, outputSize)],
    };
  }

  /** Both images, whose sizes are to each other as the network's are. */
  async #pair({
    image,
    target,
  }: FilePair): Promise<Result<{ readonly image: WholeImage; readonly target: WholeImage }>> {
    const [channels, height, width] = this.#input;
    const [outChannels, outHeight, outWidth] = this.#output;
    const first = await decodeWhole(this.#sharp, image, channels);
    if (!first.ok) return { ok: false, error: `${image} (${first.error})` };
    const second = await decodeWhole(this.#sharp, target, outChannels);
    if (!second.ok) return { ok: false, error: `${target} (${second.error})` };
    const { value: small } = first;
    const { value: large } = second;
    const size = ({ height: rows, width: columns }: WholeImage): string => `${String(columns)}×${String(rows)}`;
    if (small.height < height || small.width < width)
      return {
        ok: false,
        error: `${image} (it is ${size(small)}, less than the ${String(width)}×${String(height)} that the network takes)`,
      };
    const rows = Math.floor(small.height / height) * outHeight;
    const columns = Math.floor(small.width / width) * outWidth;
    const isLarger = Math.abs(large.height / small.height - outHeight / height) > 0.5 / height;
    if (large.height < rows || large.width < columns || isLarger)
      return {
        ok: false,
        error: `${target} (it is ${size(large)} for an image of ${size(small)}, but the network makes ${String(outWidth)}×${String(outHeight)} of ${String(width)}×${String(height)})`,
      };
    return { ok: true, value: { image: small, target: large } };
  }

  /** Why the files are too bad to go on; undefined when they aren't. */
  excess(badFiles: number): string | undefined {
    const bad = this.#unreadable.length;
    if (bad === 0 || (bad < this.#asked && bad <= badFiles * this.#asked)) return undefined;
    return `has ${String(bad)} of ${String(this.#asked)} pairs that can’t be used: ${this.#unreadable.slice(0, 5).join(', ')}`;
  }

  get notices(): readonly string[] {
    return [
      `${String(this.#patches)} patches of the network’s size are taken of ${String(this.#asked)} pairs of images${this.#unused > 0 ? `, evenly over them; ${String(this.#unused)} more would take too much memory` : ''}`,
      ...leftOutBecause(this.#unreadable, 'can’t be used', 'can’t be used'),
    ];
  }
}

/** The patch of a shape at a row and column of such patches. */
function patch(image: WholeImage, [channels, height, width]: ImageShape, row: number, column: number): Uint8Array {
  const found = new Uint8Array(channels * height * width);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < height; y++) {
      const start = (channel * image.height + row * height + y) * image.width + column * width;
      found.set(image.planes.subarray(start, start + width), (channel * height + y) * width);
    }
  return found;
}
