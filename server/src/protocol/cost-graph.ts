// A model's network as a drawing: what the server gives to the page of costs when somebody asks to see it.

import * as v from 'valibot';

/** Zero-based, as LSP has it. */
const place = v.object({ uri: v.string(), line: v.number(), character: v.number() });
const point = v.object({ x: v.number(), y: v.number() });

/** Lengths are in pixels at a zoom of 1. */
export const costGraphSchema = v.object({
  /** The entry's name, as the table has it. */
  entry: v.string(),
  width: v.number(),
  height: v.number(),
  boxes: v.array(
    v.object({
      /** The qualified name of its first layer. */
      name: v.string(),
      /** What it does, in order: `Conv2d · BatchNorm2d · ReLU`. */
      label: v.string(),
      /** The shape of one image that it gives. */
      shape: v.string(),
      /** Its rows of the table of costs. */
      rows: v.array(v.number()),
      /** Where it stands in source, the place that a click leads to first. */
      places: v.array(place),
      x: v.number(),
      y: v.number(),
      width: v.number(),
      height: v.number(),
    }),
  ),
  /** Places in `boxes`; `isAside`: drawn past the boxes. */
  links: v.array(v.object({ from: v.number(), to: v.number(), points: v.array(point), isAside: v.boolean() })),
});

export type CostGraphPicture = v.InferOutput<typeof costGraphSchema>;
