// Functions of NumPy that differ from those of PyTorch with the same name, or have none there.

import { fn, type TracedFunction } from '../../tracing/traced-call.ts';
import { arrangementRows, meshgrid, repeatInterleave } from './arrangement-functions.ts';
import { tensorSplit } from './splitting-functions.ts';

export const numpyFunctions: Readonly<Record<string, TracedFunction | undefined>> = {
  split: fn('input|ary indices_or_sections dim|axis=0', tensorSplit),
  array_split: fn('input|ary indices_or_sections dim|axis=0', tensorSplit),
  expand_dims: arrangementRows['unsqueeze'],
  repeat: fn('input|a repeats dim|axis=None', repeatInterleave),
  meshgrid: fn('*tensors indexing=xy sparse=False copy=True', meshgrid),
};
