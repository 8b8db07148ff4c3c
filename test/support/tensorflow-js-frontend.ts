// The frontend of TensorFlow.js programs, with its parser loaded.

import { createFrontends } from '../../server/src/main/frontends.ts';

const found = (await createFrontends()).find(({ languageId }) => languageId === 'javascript');
if (found === undefined) throw new Error('There is no frontend for JavaScript');

export const tensorflowJsFrontend = found;
