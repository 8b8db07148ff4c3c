// The walk over the parser's own memory sees what the parser's published interface shows, node by node: the contract that the
// exact version of web-tree-sitter is held to.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { Language, Parser, type Node } from 'web-tree-sitter';
import { treeWalk } from '../../../../server/src/frontends/python/syntax/tree-walk.ts';

const require = createRequire(import.meta.url);
const bytes = (file: string): Uint8Array => readFileSync(require.resolve(file));
const runtime = { wasmBinary: bytes('web-tree-sitter/web-tree-sitter.wasm') };
await Parser.init(runtime);
const language = await Language.load(bytes('tree-sitter-python/tree-sitter-python.wasm'));
const parser = new Parser();
parser.setLanguage(language);
const walk = treeWalk(runtime);

type Seen = readonly [type: string, start: number, end: number, isMissing: boolean, field: string | null];

function published(node: Node, field: string | null, seen: Seen[]): readonly Seen[] {
  seen.push([node.type, node.startIndex, node.endIndex, node.isMissing, field]);
  for (let index = 0; index < node.childCount; index++) {
    const child = node.child(index);
    if (child !== null) published(child, node.fieldNameForChild(index), seen);
  }
  return seen;
}

function walked(at: number, seen: Seen[]): readonly Seen[] {
  const { types, fields } = language;
  const type = types[walk.kind(at)] ?? 'ERROR';
  seen.push([type, walk.start(at), walk.end(at), walk.isMissing(at) !== 0, fields[walk.field(at)] ?? null]);
  if (walk.toFirstChild(at) === 0) return seen;
  do walked(at, seen);
  while (walk.toNextSibling(at) !== 0);
  walk.toParent(at);
  return seen;
}

const examples = readdirSync('examples').filter((name) => name.endsWith('.py'));
const texts: readonly (readonly [string, string])[] = [
  ...examples.map((name) => [name, readFileSync(`examples/${name}`, 'utf8')] as const),
  ['text beyond ASCII', 'größe = "🙂" + f"{x!r:>{n}}"\n'],
  ['an open bracket', 'net = nn.Sequential(\n    nn.Conv2d(3, 8, 3),\n'],
  ['no Python', 'class :\n  def (\n$$$ x = = 3\n'],
  ['nothing', ''],
];

test.each(texts)('%s', (_, text) => {
  const tree = parser.parse(text);
  if (tree === null) throw new Error('the parser has a language');
  expect(walk.from(tree, (at) => walked(at, []))).toEqual(published(tree.rootNode, null, []));
  tree.delete();
});
