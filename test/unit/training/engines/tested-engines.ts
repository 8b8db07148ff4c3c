// The engines that tests of what all engines have in common run on.

import type { Engine } from '../../../../server/src/training/engines/engine.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { tfjsEngineOn } from '../../../../server/src/training/engines/tfjs/tfjs-engine.ts';
import { isNative, tfjsBackend } from './tfjs-backend.ts';

const onnx = createOnnxEngine(1);
const tfjs = tfjsBackend.then((backend) => tfjsEngineOn(backend, { version: '4', threads: 1, device: 'cpu' }));

export interface TestedEngine {
  readonly name: string;
  readonly engine: Promise<Engine>;
  readonly isSlow: boolean;
}

export const testedEngines: readonly TestedEngine[] = [
  { name: 'onnx', engine: onnx, isSlow: false },
  { name: 'tfjs', engine: tfjs, isSlow: !isNative },
];
