// CIFAR's batches as torchvision unpacks them: pickles, of which nothing is ever run.

import { inflateSync } from 'node:zlib';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { pickledBytes, pickledNumbers, readPickle } from '../../../../server/src/training/data/pickle.ts';
import { errorOf, inMemory, readSet } from '../../../support/data-sets.ts';
import { idxImages, idxLabels, writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A batch as Python 2's cPickle wrote the published ones (protocol 2), each image filled with one value. */
function batch(labels: readonly number[], values: readonly number[], labelName = 'labels'): Buffer {
  const pixels = Buffer.concat(values.map((value) => Buffer.alloc(3072, value)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(pixels.length);
  const name = (text: string): Buffer => Buffer.concat([ascii('U'), Buffer.of(text.length), ascii(text)]);
  return Buffer.concat([
    ascii('\x80\x02}q\x01('),
    name('batch_label'),
    name('training batch 1 of 5'),
    name(labelName),
    ascii(']q\x05('),
    Buffer.from(labels.flatMap((label) => [0x4b, label])),
    ascii('e'),
    name('data'),
    ascii('cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\tU\x01b\x87q\nRq\x0b(K\x01K'),
    Buffer.of(labels.length),
    ascii('M\x00\x0c\x86q\x0ccnumpy\ndtype\nq\rU\x02u1K\x00K\x01\x87q\x0eRq\x0f('),
    ascii('K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T'),
    length,
    pixels,
    ascii('tbu.'),
  ]);
}

describe('torchvision’s root', () => {
  it('holds CIFAR-10 as pickles', async () => {
    const root = temporaryFolder();
    const folder = join(root, 'cifar-10-batches-py');
    mkdirSync(folder);
    writeFiles(folder, {
      data_batch_2: batch([9], [3]),
      data_batch_1: batch([0, 7], [1, 2]),
      test_batch: batch([5], [4]),
      'batches.meta': Buffer.of(1),
    });
    for (const reference of [
      { kind: 'auto', path: root },
      { kind: 'cifar10', path: root },
      { kind: 'auto', path: folder },
      { kind: 'cifar10', path: folder },
    ] as const) {
      const { shape, classes, ...parts } = await readSet(reference, [3, 32, 32]);
      const [training, test] = [inMemory(parts.training), inMemory(parts.test)];
      expect([shape, classes, [...training.labels], [...test.labels]]).toEqual([[3, 32, 32], 10, [0, 7, 9], [5]]);
      expect([0, 1, 2].map((image) => training.pixels[image * 3072 + 5])).toEqual([1, 2, 3]);
    }
  });

  it('holds CIFAR-100 with the labels of its classes', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'cifar-100-python'));
    writeFiles(join(root, 'cifar-100-python'), {
      train: batch([99], [1], 'fine_labels'),
      test: batch([7], [1], 'fine_labels'),
      meta: Buffer.of(1),
    });
    const { classes, training } = await readSet({ kind: 'auto', path: root }, [3, 32, 32]);
    expect([classes, inMemory(training).labels[0]]).toEqual([100, 99]);
  });

  it('holds MNIST in MNIST/raw', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'MNIST/raw'), { recursive: true });
    writeFiles(join(root, 'MNIST/raw'), {
      'train-images-idx3-ubyte': idxImages(1, 2, 2, [1, 2, 3, 4]),
      'train-labels-idx1-ubyte': idxLabels([1]),
      't10k-images-idx3-ubyte': idxImages(1, 2, 2, [1, 2, 3, 4]),
      't10k-labels-idx1-ubyte': idxLabels([0]),
    });
    expect((await readSet({ kind: 'auto', path: root }, [1, 2, 2])).shape).toEqual([1, 2, 2]);
    expect((await readSet({ kind: 'idx', path: root }, [1, 2, 2])).classes).toBe(2);
  });
});

test('pickles of every protocol of today’s Python are read', () => {
  for (const [protocol, text] of Object.entries(written)) {
    const read = readPickle(inflateSync(Buffer.from(text, 'base64')));
    if (!read.ok) throw new Error(`${protocol}: ${read.error}`);
    const content = read.value as ReadonlyMap<string, unknown>;
    expect(pickledNumbers(content.get('labels')), protocol).toEqual([3, 1]);
    expect([...(pickledBytes(content.get('data')) ?? [])], protocol).toEqual([0, 10, 92, 128, 200, 255]);
  }
});

test.for([
  ['a program', "cos\nsystem\n(S'touch pwned'\ntR."],
  ['a program in a later protocol', '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.'],
  ['an object', '\x80\x02c__main__\nBatch\n)\x81}b.'],
  ['nothing', ''],
  ['a list', '\x80\x02]q\x00.'],
])('%s in a pickle is not run, and told to be no batch', async ([, text]) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'data_batch_1'), ascii(text ?? ''));
  expect(await errorOf({ kind: 'cifar10', path: folder })).toMatch(
    /data_batch_1 (is no CIFAR-10 batch|is cut off|has the opcode)/,
  );
});

test('damaged pickles are values or told, and never thrown or endless', () => {
  const whole = batch([1, 2], [3, 4]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const damaged = Buffer.from(whole.subarray(0, length));
      if (at < damaged.length) damaged[at] = byte;
      const read = readPickle(damaged);
      if (!read.ok) expect(read.error).toMatch(/^(is|has|holds) /);
    }),
  );
});

/**
 * Python 3.11 and NumPy 2: `pickle.dumps({b'labels': [3, 1], b'data': numpy.array([[0, 10, 92], [128, 200, 255]], 'u1')}, n)`,
 * deflated.
 */
const written: Readonly<Record<string, string>> = {
  '0': 'eNotj8FuwyAQRO/zJb7UgnUcO5/AxYcccqoUYYyiSI6zMnCw1EM/r3/V7tpFAo3gzexQTWwQ7uE9xZAQFxVgi+o2+zHOCUwQmZ+LBTfIfMKVW1Qzn+EaeGfh00P5yWcP7vBQqhfqgrCUF2+1pK+xfpU5P/26+g33NYb3kvJaQpZhBtVBYpkOgK0kOiNBlrCnj3LXHNlWK9hW1VlVJ6jipIXksv+fiylvrJ+5iL9IfTJwRrcVjKx4icTX4PYljw2GYXAfFvvW2XTCqIa9wGcxsvbT69mG759fsbVHKdIq1KnqMab6D3KkYAo=',
  '1': 'eNotjstuwjAQRZ1AaXHf7+cHeBUln0EtZeEVi1bIcSyBFAI3mSwitVKX/atK5cPaMeDFyDP3zrnzCaHczK1K71rp6/CRiNR0JISobOGrFvG+oUWdYUAYGhy8Y6T0QEd+zt4hy6Uli8M5y0cGY1d3y3WfMLfxybKraGGbxvZy1ni3qltqOkcSUu18si53Mo6VFoSTAI0YWuA0EM8MzgkXBpdKR0rHmmdX+9WS+jVffK2mMS90GW4maSonaSYJtwZ3fOUW9YH7PM9f//htS8h5KII3hI3ZIeTb79fme/ODxxD6ZPBMeCm65B9d+1dI',
  '2': 'eNotjstuwjAQRe1Aobgv+n5+QFaR+I1aysKrLFohx7EEUjBcx1lEaiU2LfBVlcqHtRNgFqOZuTPnzjL6BIvN2MwLayphXVsI8KzHGCt1bssK0aEJUzdC5xtdhaN39GLZkdxOeNYltdBBoz8h9VhhYFw9WzQJUb1NZnUZptp73Yixt2buquBrEwTEfk24Yq/iRLIvnBKREzHHWYs7V7hYYahwGUsuI0mjq8NdEZoF/XqdRbRej3CzWa9wq3BHn+0QH7hP0/T1j2KXJAt4yDdkMCCVibff5Xa9/cFja/Sk8BzwktfJP74ZVps=',
  '3': 'eNotjb0OgjAAhFtQ1PrvUzCR+AxsNmFgYtCQAh1MAL3aDiSasCjyZr4VEvGGG+77kqvtB4jrO7lIZH4DPcFyuc2p9EeZ0AJ2WpriWnlxelHSK0yuz0IpUbFYyfRS3rQyqWYYDRors4FizMkTjk8TTBpMQ8xcTrnF7RfYX810dZUM88gihJg9Fu27wTLEqv+PaL/dsQ6C4ND1+RUnGpuk9R3CjvWnw1ZjlxjvC8rmQPA=',
  '4': 'eNoljM0KgkAAhHf9hejcM3gSegZvLXjoXMiqCwWmsu4ehAIv/Qh7c3qM3qO3MtM5DAzzzXTO+0MW3RBEXsFTUTQ4ImA2oyJycq44zKbUl7oNk6ySIrzoQp25lLyFWSdSZFXZKKkzhQHGnUkYv8wXZAAjd0Q0xRP76ZYyi9kPnHzj5qqtxX9k6S3619Lbhl4Rx/FunDQbIwppH3lkdei+I6agwx8XwEjm',
};
