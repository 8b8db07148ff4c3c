// Which files a folder or a list gives, with which classes, in which order; nothing is decoded here.

import { mkdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSetReference } from '../../../../server/src/protocol/run-config.ts';
import { errorOf, listedFiles, readSet } from '../../../support/data-sets.ts';
import { writeFiles } from '../../../support/idx-files.ts';
import { temporaryFolder } from '../../../support/run-folder.ts';

const some = Buffer.of(1);
const input = [3, 4, 4] as const;

/** A folder with files at these paths. */
function folderWith(paths: readonly string[]): string {
  const folder = temporaryFolder();
  for (const path of paths) {
    const slash = path.lastIndexOf('/');
    writeFiles(join(folder, path.slice(0, Math.max(0, slash))), { [path.slice(slash + 1)]: some });
  }
  return folder;
}

interface Listed {
  readonly training: readonly string[];
  readonly test: readonly string[];
  readonly classes: number;
  readonly notices: readonly string[];
}

/** `path=label`, with paths below the folder. */
async function listed(reference: DataSetReference, folder: string): Promise<Listed> {
  const { training, test, classes, notices } = await readSet(reference, input);
  const lines = (part: typeof training): string[] =>
    listedFiles(part).map(([path, label]) => `${relative(folder, path)}=${String(label)}`);
  return { training: lines(training), test: lines(test), classes, notices };
}

describe('a folder of images', () => {
  it('has a class a sub-folder, in the order of characters', async () => {
    const folder = folderWith([
      'b/2.PNG',
      'b/1.jpeg',
      'Z/x.webp',
      'a/deep/er/3.jpg',
      'a/0.jpg',
      'a/notes.txt',
      '.x/y.png',
    ]);
    const { training, test, classes } = await listed({ kind: 'auto', path: folder, validation: 0.01 }, folder);
    // Of either class with two images one validates.
    expect([...training, ...test].sort()).toEqual([
      'Z/x.webp=0',
      'a/0.jpg=1',
      'a/deep/er/3.jpg=1',
      'b/1.jpeg=2',
      'b/2.PNG=2',
    ]);
    expect([training.length, test.length, classes]).toEqual([3, 2, 3]);
  });

  it.for(['test', 'val', 'validation'])('may have its own part to test in %s', async (name) => {
    const folder = folderWith(['train/b/1.png', 'train/a/2.png', `${name}/b/3.png`]);
    expect(await listed({ kind: 'images', path: folder }, folder)).toEqual({
      training: ['train/a/2.png=0', 'train/b/1.png=1'],
      test: [`${name}/b/3.png=1`],
      classes: 2,
      notices: [],
    });
  });

  it('may have a class of that name', async () => {
    const folder = folderWith(['train/1.png', 'train/2.png', 'bus/1.png', 'bus/2.png']);
    expect((await listed({ kind: 'images', path: folder }, folder)).classes).toBe(2);
  });

  it('tells what is left out', async () => {
    const folder = folderWith(['a/1.png', 'a/2.png', 'a/3.bmp', 'a/4.bmp', 'b/1.png', 'b/2.png']);
    symlinkSync(join(folder, 'b/1.png'), join(folder, 'b/9.png'));
    const byConfig = await listed({ kind: 'images', path: folder }, folder);
    expect(byConfig.notices).toEqual([
      `Left out: ${join(folder, 'a/3.bmp')}, ${join(folder, 'a/4.bmp')}, which are of formats that are not read (2 files)`,
      `Left out: ${join(folder, 'b/9.png')}, which is a link`,
    ]);
    const byHand = await listed({ kind: 'images', path: folder, outside: true }, folder);
    expect([...byHand.training, ...byHand.test]).toContain('b/9.png=1');
  });

  it('with links in a circle comes to an end', async () => {
    const folder = folderWith(['a/1.png', 'a/2.png']);
    symlinkSync(folder, join(folder, 'a/again'));
    symlinkSync(join(folder, 'a'), join(folder, 'a/self'));
    const { training, test } = await listed({ kind: 'images', path: folder, outside: true }, folder);
    // Both links come back to the class, which is on the way already.
    expect([...training, ...test].sort()).toEqual(['a/1.png=0', 'a/2.png=0']);
  });

  it.for<readonly [string, readonly string[], string]>([
    ['no sub-folders', ['1.png'], 'has no sub-folders with images'],
    ['only formats that are not read', ['a/1.bmp'], '1.bmp, which is of a format that is not read'],
    ['an unknown class to test', ['train/a/1.png', 'test/c/1.png'], 'is a class that'],
    ['nothing to validate with', ['a/1.png', 'b/1.png'], 'has no test images, and no class'],
  ])('tells of %s', async ([, paths, message]) => {
    const error = await errorOf({ kind: 'images', path: folderWith(paths) }, input);
    expect(error).toContain(message);
  });

  it('goes with pictures’ channels only', async () => {
    const path = folderWith(['a/1.png', 'a/2.png']);
    expect(await errorOf({ kind: 'images', path }, [4, 8, 8])).toContain('1 or 3 channels, but the network takes 4');
  });
});

describe('a list of files', () => {
  /** What a list beside three images comes to. */
  async function read(text: string): Promise<Listed> {
    const folder = folderWith(['a.png', 'b.png', 'sub/c, d.png']);
    writeFiles(folder, { 'list.csv': Buffer.from(text) });
    return listed({ kind: 'csv', path: join(folder, 'list.csv'), validation: 0.01 }, folder);
  }
  const all = ({ training, test }: Listed): string[] => [...training, ...test].sort();

  it('has a path and a class a line', async () => {
    const names = await read('a.png,dog\nb.png,cat\n\n"sub/c, d.png",dog\n');
    expect(all(names)).toEqual(['a.png=1', 'b.png=0', 'sub/c, d.png=1']);
    expect(names.classes).toBe(2);
  });

  it('has numbers as they are', async () => {
    const numbers = await read('a.png,7\nb.png,7\nsub/c, d.png,0\n'.replace('sub/c, d.png', '"sub/c, d.png"'));
    expect(all(numbers)).toEqual(['a.png=7', 'b.png=7', 'sub/c, d.png=0']);
    expect(numbers.classes).toBe(8);
  });

  it.for<readonly [string, string]>([
    ['known words in any order', 'id,Label,filename\n1,x,a.png\n2,x,b.png\n'],
    ['its own words', 'Bild,Art\na.png,x\nb.png,x\n'],
    ['semicolons, and the mark that spreadsheets write first', '\uFEFFpath;class\r\na.png;x\r\nb.png;x\r\n'],
    ['tabs', 'a.png\tx\nb.png\tx\n'],
  ])('may have a header: %s', async ([, text]) => {
    expect(all(await read(text))).toEqual(['a.png=0', 'b.png=0']);
  });

  it('may say which part an image belongs to', async () => {
    const { training, test } = await read('file,class,split\na.png,x,train\nb.png,y,test\n');
    expect([training, test]).toEqual([['a.png=0'], ['b.png=1']]);
  });

  it.for<readonly [string, string, string]>([
    ['a line without a class', 'a.png,x\nb.png\n', 'list.csv:2 has no path and label'],
    ['an unknown part', 'file,class,split\na.png,x,later\n', 'list.csv:2 has the part later'],
    ['a path that leads elsewhere', 'a.png,x\n../b.png,x\n', 'list.csv:2 names ../b.png, which lies outside'],
    ['an absolute path elsewhere', '/etc/b.png,x\n', 'list.csv:1 names /etc/b.png, which lies outside'],
    ['no lines', 'path,label\n', 'list.csv has no lines'],
    ['quotes that do not end', 'a.png,"x\n', 'list.csv is no list of comma-separated values'],
  ])('tells of %s', async ([, text, message]) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('may lead elsewhere when it was chosen by hand', async () => {
    const folder = folderWith(['lists/x', 'a.png', 'b.png']);
    writeFiles(join(folder, 'lists'), { 'list.csv': Buffer.from('../a.png,x\n../b.png,x\n') });
    const reference = { kind: 'csv', path: join(folder, 'lists/list.csv'), outside: true } as const;
    expect(all(await listed(reference, folder))).toEqual(['a.png=0', 'b.png=0']);
  });
});

describe('a path alone', () => {
  it.for<readonly [string, readonly string[], string, string]>([
    ['IDX files', ['train-images.idx3-ubyte.gz'], '', 'has no training images and labels in IDX form'],
    ['CIFAR-10', ['data_batch_1.bin'], '', 'CIFAR-10 batch'],
    ['CIFAR-100', ['train.bin'], '', 'CIFAR-100 batch'],
    ['arrays', ['x.npy'], '', 'has the arrays x'],
    ['an archive', ['x.npz'], 'x.npz', 'is no zip archive'],
    ['a list', ['x.csv'], 'x.csv', 'x.csv:1'],
    ['images', ['a/x.txt'], '', 'has no sub-folders with images'],
    ['nothing known', ['x.txt'], '', 'has no data set of a kind that is known'],
    ['a file of no known kind', ['x.txt'], 'x.txt', 'is no data set of a kind that is known'],
    ['nothing at all', ['x.txt'], 'gone', 'does not exist'],
  ])('leads to %s', async ([, paths, name, message]) => {
    const folder = folderWith(paths);
    expect(await errorOf({ kind: 'auto', path: join(folder, name) }, input)).toContain(message);
  });

  it('leads to CIFAR though folders lie beside it', async () => {
    const folder = folderWith(['data_batch_1.bin']);
    mkdirSync(join(folder, 'notes'));
    expect(await errorOf({ kind: 'auto', path: folder }, input)).toContain('CIFAR-10 batch');
  });
});
