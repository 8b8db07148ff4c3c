// Attention over rows of features, as ViT and Swin have it.

import type { ValueId } from '../../../network/op.ts';
import { Misfit, type ModuleBuilder } from '../../shared/module-builder.ts';
import type { Width } from '../../shared/traced-width.ts';

/**
 * Self-attention.
 * @param input [groups, positions, width]: the rows of a group attend to one another
 * @returns the same shape
 */
export function attention(
  build: ModuleBuilder,
  part: string,
  input: ValueId,
  width: Width,
  heads: number,
  hasBias: boolean,
  /** Added to the scores, [heads, positions, positions]. */
  bias?: ValueId,
): ValueId {
  const [groups, positions] = build.shapeOf(input);
  if (typeof groups !== 'number' || typeof positions !== 'number')
    throw new Misfit('how many positions there are is not known');
  if (width.value % heads !== 0)
    throw new Misfit(`a width of ${String(width.value)} does not fall into ${String(heads)} heads`);
  const size = width.value / heads;
  const byHead = (name: string, order: readonly number[]): ValueId => {
    const made = build.dense(`${part}.${name}`, input, width, hasBias);
    return build.permute(
      `${part}.permute`,
      build.reshape(`${part}.view`, made, [groups, positions, heads, size]),
      order,
    );
  };
  const query = byHead('q_proj', [0, 2, 1, 3]);
  const key = byHead('k_proj', [0, 2, 3, 1]);
  const value = byHead('v_proj', [0, 2, 1, 3]);
  const scores = build.product(`${part}.scores`, query, key);
  const weights = build.softmax(
    `${part}.softmax`,
    bias === undefined ? scores : build.add(`${part}.add`, scores, bias),
  );
  const mixed = build.permute(`${part}.permute`, build.product(`${part}.context`, weights, value), [0, 2, 1, 3]);
  return build.dense(`${part}.o_proj`, build.reshape(`${part}.view`, mixed, [groups, positions, width.value]), width);
}
