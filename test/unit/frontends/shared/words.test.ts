// What is offered at a place of a Darknet file or a Caffe net, and that a hover says what a word means. `|` is the cursor.

import { expect, test } from 'vitest';
import { wordHover } from '../../../../server/src/analysis/format-words.ts';
import { caffeFrontend } from '../../../../server/src/frontends/caffe/caffe-frontend.ts';
import { caffeWords } from '../../../../server/src/frontends/caffe/words.ts';
import { darknetFrontend } from '../../../../server/src/frontends/darknet/darknet-frontend.ts';
import { darknetWords } from '../../../../server/src/frontends/darknet/words.ts';
import type { WordsHere } from '../../../../server/src/frontends/shared/words.ts';
import { expectLinear } from '../../../support/growth.ts';
import { sessionOver, uriOf } from '../../../support/analysis-session.ts';

type Words = (text: string, offset: number) => WordsHere | undefined;

/** What is offered, first the first; and the text with the word of a name put in. */
function offered(words: Words, marked: string): { readonly names: readonly string[]; put(name: string): string } {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const here = words(text, offset);
  return {
    names: here?.words.map(({ name }) => name) ?? [],
    put: (name) => {
      const word = here!.words.find((each) => each.name === name)!;
      return text.slice(0, here!.start) + (word.insert ?? name) + text.slice(here!.end);
    },
  };
}

test.for<[string, string, string, string]>([
  ['a section', '[net]\n[con|]', 'convolutional', '[net]\n[convolutional]'],
  ['an option of its section', '[net]\n[convolutional]\nfil|', 'filters', '[net]\n[convolutional]\nfilters='],
  ['an option that has a value', '[net]\n[connected]\nou|t=3', 'output', '[net]\n[connected]\noutput=3'],
  ['an option of a section by its other name', '[net]\n[max]\n|', 'stride', '[net]\n[max]\nstride='],
  ['an activation', '[net]\n[convolutional]\nactivation=le|', 'leaky', '[net]\n[convolutional]\nactivation=leaky'],
  ['a switch', '[net]\n[convolutional]\nbatch_normalize = |', '1', '[net]\n[convolutional]\nbatch_normalize = 1'],
])('Darknet: %s', ([, marked, name, result]) => {
  expect(offered(darknetWords, marked).put(name)).toBe(result);
});

test.for<[string, string, string[]]>([
  ['a comment', '[net]\n# wid|', []],
  ['a section that is not known', '[net]\n[other]\n|', []],
  ['a number', '[net]\nwidth=|', []],
  ['the net', '[net]\n|', ['width', 'height', 'channels']],
])('Darknet: %s', ([, marked, names]) => {
  expect(offered(darknetWords, marked).names.slice(0, names.length === 0 ? undefined : 3)).toEqual(names);
});

test.for<[string, string, string, string]>([
  ['a layer', 'lay|', 'layer', 'layer {'],
  ['a field of a layer', 'layer { bot| }', 'bottom', 'layer { bottom:  }'],
  [
    'the settings of its type',
    'layer { type: "Pooling" | }',
    'pooling_param',
    'layer { type: "Pooling" pooling_param { }',
  ],
  [
    'a field of settings',
    'layer { convolution_param { num| } }',
    'num_output',
    'layer { convolution_param { num_output:  } }',
  ],
  [
    'a field that has a value',
    'layer { convolution_param { num|: 3 } }',
    'num_output',
    'layer { convolution_param { num_output: 3 } }',
  ],
  ['a type', 'layer { type: "Conv|" }', 'Convolution', 'layer { type: "Convolution" }'],
  ['a type without quotes', 'layer { type: |', 'ReLU', 'layer { type: "ReLU"'],
  [
    'a blob of a layer before',
    'layer { top: "conv1" } layer { bottom: "|" }',
    'conv1',
    'layer { top: "conv1" } layer { bottom: "conv1" }',
  ],
  ['a method', 'layer { pooling_param { pool: | } }', 'AVE', 'layer { pooling_param { pool: AVE } }'],
  ['a phase', 'layer { include { phase: T| } }', 'TEST', 'layer { include { phase: TEST } }'],
  [
    'true or false',
    'layer { convolution_param { bias_term: f| } }',
    'false',
    'layer { convolution_param { bias_term: false } }',
  ],
  [
    'a filler',
    'layer { convolution_param { weight_filler { type: "m|" } } }',
    'msra',
    'layer { convolution_param { weight_filler { type: "msra" } } }',
  ],
  ['in the old notation', 'layers { convolution_param < | >', 'group', 'layers { convolution_param < group:  >'],
])('Caffe: %s', ([, marked, name, result]) => {
  expect(offered(caffeWords, marked).put(name)).toBe(result);
});

test.for<[string, string]>([
  ['a comment', 'layer { # bot|'],
  ['a name', 'layer { name: "x|" }'],
  ['a number', 'layer { convolution_param { num_output: 6| } }'],
  ['a message that is not known', 'layer { my_param { | } }'],
])('Caffe: nothing in %s', ([, marked]) => {
  expect(offered(caffeWords, marked).names).toEqual([]);
});

test('a hover says what a word means, and nothing of others', () => {
  const cfg = '[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=4\nsize=3\nmine=1\n';
  const net = 'layer { name: "data" type: "Input" top: "data" }\nlayer {\n  pooling_param { pool: AVE }\n}';
  const session = sessionOver(
    new Map([
      ['a.cfg', cfg],
      ['a.prototxt', net],
    ]),
    [darknetFrontend, caffeFrontend],
  );
  const at = (file: string, text: string, word: string) =>
    wordHover(session, uriOf(file), text.indexOf(word) + 1)?.markdown;
  expect(at('a.cfg', cfg, 'size')).toBe('`size`: Side of the square kernel. 1 where it is left out.');
  expect(at('a.cfg', cfg, 'mine')).toBeUndefined();
  expect(at('a.prototxt', net, 'AVE')).toBe('`AVE`: The average.');
  expect(at('a.prototxt', net, 'pool:')).toBe('`pool`: MAX, AVE or STOCHASTIC.');
});

test('time grows with the text', () => {
  for (const piece of ['layer { top: "a" ', '"', '{ ', 'a: ', '[x\n', 'k=1\n'])
    expectLinear(
      40_000,
      (size) => piece.repeat(size / piece.length),
      (text) => {
        caffeWords(text, text.length);
        darknetWords(text, text.length);
      },
    );
});
