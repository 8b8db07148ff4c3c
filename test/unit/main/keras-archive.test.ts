// The config of a `.keras` archive is read without its weights, and files that lie about their lengths end in nothing.

import { crc32, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { FileBytes } from '../../../server/src/frontends/shared/frontend.ts';
import { archivedConfig } from '../../../server/src/main/keras-archive.ts';

interface Member {
  readonly name: string;
  readonly text: string;
  /** Stored as it is where not. */
  readonly isPacked: boolean;
  readonly claimed?: number;
}

/** A zip file: members with their headers, the directory, and its end. */
function archive(members: readonly Member[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text, isPacked, claimed } of members) {
    const content = Buffer.from(text);
    const packed = isPacked ? deflateRawSync(content) : content;
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(content), 0);
    sizes.writeUInt32LE(packed.length, 4);
    sizes.writeUInt32LE(claimed ?? content.length, 8);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(name.length, 0);
    const method = Buffer.from([isPacked ? 8 : 0, 0]);
    const times = Buffer.alloc(4);
    const local = Buffer.concat([
      Buffer.from('504b03041400 0000'.replace(' ', ''), 'hex'),
      method,
      times,
      sizes,
      lengths,
      Buffer.from(name),
    ]);
    const place = Buffer.alloc(4);
    place.writeUInt32LE(at, 0);
    directory.push(
      Buffer.concat([
        Buffer.from('504b0102140014000000', 'hex'),
        method,
        times,
        sizes,
        lengths,
        Buffer.alloc(10),
        place,
        Buffer.from(name),
      ]),
    );
    parts.push(local, packed);
    at += local.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('504b0506', 'hex');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listed, end, Buffer.from(comment)]);
}

/** A file in memory that counts what is read of it. */
function fileOf(content: Uint8Array): FileBytes & { bytesRead: number } {
  const file = {
    size: content.length,
    bytesRead: 0,
    read: (start: number, length: number) => {
      const bytes = content.subarray(Math.min(start, content.length), start + length);
      file.bytesRead += bytes.length;
      return bytes;
    },
  };
  return file;
}

const config = { name: 'config.json', text: '{"class_name":"Sequential","é":1}', isPacked: true };
const weights = { name: 'model.weights.h5', text: 'w'.repeat(3_000_000), isPacked: false };

test.for([
  ['packed', [{ ...config }, weights], ''],
  ['stored, behind its weights, with a comment', [weights, { ...config, isPacked: false }], 'a comment'],
] as const)('a config that is %s', ([, members, comment]) => {
  const file = fileOf(archive([...members], comment));
  expect(archivedConfig(file)).toBe(config.text);
  expect(file.bytesRead).toBeLessThan(100_000);
});

test.for([
  ['no archive', Buffer.from('{"class_name":"Sequential"}')],
  ['an empty file', Buffer.alloc(0)],
  ['an archive without a config', archive([weights])],
  ['a config in a folder', archive([{ ...config, name: 'x/config.json' }])],
  ['a config that is longer than it says', archive([{ ...config, claimed: 3 }])],
  ['a config that claims 4 GB', archive([{ ...config, claimed: 0xfffffff0 }])],
  ['a config that unpacks to more than is read', archive([{ ...config, text: ' '.repeat(9_000_000), claimed: 100 }])],
  ['an archive that was cut off', archive([config]).subarray(0, 60)],
] as const)('%s has no config', ([, content]) => {
  expect(archivedConfig(fileOf(content))).toBeUndefined();
});

test('a damaged archive has the whole config, or none', () => {
  const whole = archive([config, { ...weights, text: 'w'.repeat(50) }]);
  for (let at = 0; at < whole.length; at++)
    for (const value of [0, 0xff, whole[at]! ^ 0x55]) {
      const content = Uint8Array.from(whole);
      content[at] = value;
      const text = archivedConfig(fileOf(content));
      expect([undefined, config.text]).toContain(text);
    }
});
