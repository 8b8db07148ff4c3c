// Drawings to train on, so that the first run needs no download: bars, crosses and rings in MNIST's file format, the same ones
// each time.

const side = 28;
const classes = 4;

/** A file of the data set. */
export interface DataFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The four files of the set, for `train` and `test` images of 28×28 pixels in four classes. */
export function shapeImages(train: number, test: number): readonly DataFile[] {
  return [...idxFiles('train', train, 1), ...idxFiles('t10k', test, 2)];
}

/** Images and labels as MNIST's page describes them: big-endian sizes behind a magic number, then bytes. */
function idxFiles(part: string, count: number, seed: number): readonly DataFile[] {
  const random = randomNumbers(seed);
  const labels = Uint8Array.from({ length: count }, (_, index) => index % classes);
  const images = new Uint8Array(count * side * side);
  for (const [index, label] of labels.entries())
    draw(images.subarray(index * side * side, (index + 1) * side * side), label, random);
  return [
    { name: `${part}-images-idx3-ubyte`, bytes: withHead([0x803, count, side, side], images) },
    { name: `${part}-labels-idx1-ubyte`, bytes: withHead([0x801, count], labels) },
  ];
}

function withHead(head: readonly number[], body: Uint8Array): Uint8Array {
  const file = new Uint8Array(4 * head.length + body.length);
  const view = new DataView(file.buffer);
  for (const [index, size] of head.entries()) view.setUint32(4 * index, size);
  file.set(body, 4 * head.length);
  return file;
}

/** A shape of the label's kind somewhere in a grey image, with noise over all of it. */
function draw(image: Uint8Array, label: number, random: () => number): void {
  const [x, y] = [9 + 10 * random(), 9 + 10 * random()];
  const reach = 4 + 4 * random();
  const thickness = 1 + random();
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [dx, dy] = [Math.abs(column - x), Math.abs(row - y)];
      const isLying = dy <= thickness && dx <= reach;
      const isStanding = dx <= thickness && dy <= reach;
      const isRing = Math.abs(Math.hypot(dx, dy) - reach) <= thickness;
      const isDrawn = [isLying, isStanding, isLying || isStanding, isRing][label] === true;
      image[row * side + column] = Math.round((isDrawn ? 170 : 20) + 60 * random());
    }
  }
}

/** Park and Miller's generator: numbers from 0 up to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
