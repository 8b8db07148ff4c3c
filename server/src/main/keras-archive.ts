// The architecture inside a `.keras` archive: a zip file with `config.json` beside weights that may be gigabytes. Of the file
// the directory at its end and that one member are read, however long it claims to be.

import { crc32, inflateRawSync } from 'node:zlib';
import type { FileBytes } from '../frontends/shared/frontend.ts';

const member = 'config.json';
/** A config that is longer is none. */
const mostText = 8_000_000;
/** An archive of Keras has a handful of members, and assets beside them. */
const mostDirectory = 4_000_000;

const endLength = 22;
const longestComment = 65_535;
const signatures = { end: 0x06054b50, wideEnd: 0x06064b50, locator: 0x07064b50, entry: 0x02014b50, local: 0x04034b50 };
/** What a field holds that has its value elsewhere. */
const elsewhere = 0xffffffff;

interface Member {
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly length: number;
  readonly start: number;
}

/** The text of an archive's `config.json`; undefined when the file is no such archive or is damaged. */
export function archivedConfig(file: FileBytes): string | undefined {
  const directory = directoryOf(file);
  const found = directory && memberIn(directory);
  if (found === undefined || found.length > mostText || found.packed > mostText) return undefined;
  const local = view(file, found.start, 30);
  if (local?.getUint32(0, true) !== signatures.local) return undefined;
  const start = found.start + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = file.read(start, found.packed);
  if (packed.length !== found.packed) return undefined;
  const bytes = found.method === 0 ? packed : found.method === 8 ? inflated(packed) : undefined;
  return bytes?.length === found.length && crc32(bytes) === found.checksum
    ? Buffer.from(bytes).toString('utf8')
    : undefined;
}

function inflated(packed: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(packed, { maxOutputLength: mostText });
  } catch {
    // Damaged, or longer than it says: no config in either case.
    return undefined;
  }
}

function view(file: FileBytes, start: number, length: number): DataView | undefined {
  if (start < 0) return undefined;
  const bytes = file.read(start, length);
  return bytes.length === length ? new DataView(bytes.buffer, bytes.byteOffset, bytes.length) : undefined;
}

/** The list of members, which the end of the file points to. */
function directoryOf(file: FileBytes): DataView | undefined {
  const length = Math.min(file.size, endLength + longestComment);
  const tail = view(file, file.size - length, length);
  if (tail === undefined) return undefined;
  for (let at = length - endLength; at >= 0; at--) {
    if (tail.getUint32(at, true) !== signatures.end) continue;
    const [size, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
    if (size !== elsewhere && start !== elsewhere) return size > mostDirectory ? undefined : view(file, start, size);
    return wideDirectory(file, file.size - length + at);
  }
  return undefined;
}

/** The same of archives above 4 GB. */
function wideDirectory(file: FileBytes, end: number): DataView | undefined {
  const locator = view(file, end - 20, 20);
  if (locator?.getUint32(0, true) !== signatures.locator) return undefined;
  const wide = view(file, Number(locator.getBigUint64(8, true)), 56);
  if (wide?.getUint32(0, true) !== signatures.wideEnd) return undefined;
  const [size, start] = [Number(wide.getBigUint64(40, true)), Number(wide.getBigUint64(48, true))];
  return size > mostDirectory ? undefined : view(file, start, size);
}

function memberIn(directory: DataView): Member | undefined {
  for (let at = 0; at + 46 <= directory.byteLength;) {
    if (directory.getUint32(at, true) !== signatures.entry) return undefined;
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const end = at + 46 + (nameLength ?? 0);
    if (end > directory.byteLength) return undefined;
    const name = Buffer.from(directory.buffer, directory.byteOffset + at + 46, nameLength).toString('utf8');
    if (name === member)
      return {
        method: directory.getUint16(at + 10, true),
        checksum: directory.getUint32(at + 16, true),
        packed: directory.getUint32(at + 20, true),
        length: directory.getUint32(at + 24, true),
        start: directory.getUint32(at + 42, true),
      };
    at = end + (extra ?? 0) + (comment ?? 0);
  }
  return undefined;
}
