// Zip archives whose files are read on demand and checked.

import { crc32 } from 'node:zlib';
import * as yauzl from 'yauzl';
import type { Result } from '../../common/problem.ts';
import { reasonOf } from './data-set.ts';

/** The archive's files by the names that were chosen for them. */
export interface ZipArchive {
  readonly names: readonly string[];
  readonly read: (name: string) => Promise<Result<Buffer>>;
  readonly close: () => void;
}

/**
 * Opens an archive; the error says what is wrong with the file, as a sentence without a subject. `nameOf` says how a file is
 * called, or that it is of no use; `most` is how many bytes all that is read may have, as a few kilobytes may claim to be terabytes.
 */
export async function openZip(
  path: string,
  most: number,
  nameOf: (fileName: string) => string | undefined,
): Promise<Result<ZipArchive>> {
  let archive: yauzl.ZipFile | undefined;
  const entries = new Map<string, yauzl.Entry>();
  try {
    archive = await open(path);
    await listEntries(archive, entries, nameOf);
  } catch (error) {
    archive?.close();
    return { ok: false, error: `is no zip archive that can be read (${reasonOf(error)})` };
  }
  const opened = archive;
  let unpacked = 0;
  return {
    ok: true,
    value: {
      names: [...entries.keys()],
      close: () => opened.close(),
      async read(name) {
        const entry = entries.get(name);
        if (entry === undefined) return { ok: false, error: `has no array ${name}` };
        unpacked += entry.uncompressedSize;
        if (unpacked > most)
          return {
            ok: false,
            error: `unpacks to more than ${String(most)} bytes with ${name}, which is more than is read`,
          };
        try {
          const content = await contentOf(opened, entry);
          if (crc32(content) === entry.crc32) return { ok: true, value: content };
          return { ok: false, error: `is damaged: the checksum of ${name} differs` };
        } catch (error) {
          return { ok: false, error: `is damaged in ${name} (${reasonOf(error)})` };
        }
      },
    },
  };
}

function open(path: string): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, archive) => {
      if (error) reject(error);
      else resolve(archive);
    });
  });
}

function listEntries(
  archive: yauzl.ZipFile,
  entries: Map<string, yauzl.Entry>,
  nameOf: (fileName: string) => string | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.on('error', reject);
    archive.on('end', resolve);
    archive.on('entry', (entry: yauzl.Entry) => {
      const name = nameOf(entry.fileName);
      if (name !== undefined) entries.set(name, entry);
      archive.readEntry();
    });
    archive.readEntry();
  });
}

function contentOf(archive: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    archive.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', (failure) => {
        stream.destroy();
        reject(failure);
      });
      stream.on('end', () => resolve(Buffer.concat(chunks)));
    });
  });
}
