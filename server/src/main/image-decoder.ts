// The composition root of a decoding thread: requests come from the trainer one after the other, answers go back.

import { parentPort } from 'node:worker_threads';
import { Decoder } from '../training/data/decoder.ts';
import type { DecoderEnd, DecoderRequest, DecoderSettings } from '../training/data/decoder-messages.ts';

const port = parentPort;
if (port === null) throw new Error('The decoder is a thread of the trainer, no program of its own.');

let decoder: Decoder | undefined;
let earlier: Promise<void> = Promise.resolve();

port.on('message', (request: DecoderRequest | DecoderSettings | DecoderEnd) => {
  if (request.kind === 'settings') {
    decoder = new Decoder(request);
    return;
  }
  if (request.kind === 'end') {
    void earlier.then(() => port.close());
    return;
  }
  // One after the other: an answer takes many images, and the threads are as many as may work at once.
  earlier = earlier.then(async () => {
    const answer = await decoder?.answer(request);
    if (answer === undefined) return;
    port.postMessage(answer, answer.kind === 'batch' ? [answer.images.buffer] : []);
  });
});
