// What `morphnet.json`, a run's config and the command line can say of the method beyond target and algorithm. Written once;
// every entry is optional.

import * as v from 'valibot';

const pattern = v.pipe(v.string(), v.minLength(1));
const described = <Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.SchemaWithPipe<readonly [Schema, v.DescriptionAction<v.InferOutput<Schema>, string>]> =>
  v.pipe(schema, v.description(text));

/** A gate's options; those that are left out are as docs/method.md says. */
const gateSchema = v.strictObject({
  temperature: v.optional(
    described(v.pipe(v.number(), v.gtValue(0)), 'How soft the random mask is in training; 0.5 unless given.'),
  ),
  straightThrough: v.optional(
    described(v.boolean(), 'A mask of zeros and ones forwards, with the soft mask’s gradient.'),
  ),
  annealingSteps: v.optional(
    described(v.pipe(v.number(), v.gtValue(0)), 'The temperature falls to a tenth each time so many steps are done.'),
  ),
  keepAlive: v.optional(
    described(
      v.picklist(['highest', 'first', 'none']),
      'The channel that can’t be switched off: the likeliest (unless given), the first, or none.',
    ),
  ),
  initialLogit: v.optional(described(v.number(), 'The logit that training starts from; 2.5 unless given.')),
  softInference: v.optional(
    described(v.boolean(), 'Whether outside of training what passes is scaled by its probability; true unless given.'),
  ),
  regularizeOnMask: v.optional(
    described(v.boolean(), 'Whether the random mask is regularized, as in the reference, or the probability.'),
  ),
});

/** Changes what each source says before sources are combined: factor · r ^ exponent. */
const decoratorSchema = v.strictObject({
  factor: v.optional(described(v.pipe(v.number(), v.gtValue(0)), 'r is multiplied by this; 1 unless given.')),
  exponent: v.optional(described(v.pipe(v.number(), v.minValue(1)), 'r is raised to this; 1 unless given.')),
});

/** pass-through: the output’s channels are those of the first input; whole: neither’s channels may go. */
const ruleSchema = v.picklist(['pass-through', 'whole']);

export const methodEntries = {
  inputBoundary: v.optional(
    described(
      v.array(pattern),
      'Layers, by name pattern, at which the analysis stops: they and what only they lead to stay.',
    ),
  ),
  outputBoundary: v.optional(
    described(v.array(pattern), 'Layers, by name pattern, where the analysis starts in place of the outputs.'),
  ),
  decorator: v.optional(
    described(decoratorSchema, 'What is done to the regularization of each source before it is combined with others.'),
  ),
  rules: v.optional(
    described(
      v.record(v.string(), ruleSchema),
      'Kinds of operations, or names of ones that are not understood, with what they do to channels: pass-through or whole.',
    ),
  ),
  gate: v.optional(described(gateSchema, 'How gates are made, for the algorithm logistic-sigmoid.')),
  removeCommonPrefix: v.optional(
    described(v.boolean(), 'Whether exported alive counts leave out the first part of names where all share it.'),
  ),
} as const;

export type MethodOptions = v.InferOutput<v.ObjectSchema<typeof methodEntries, undefined>>;

/** Just the method's options of something that has them among others; absent ones stay absent. */
export function methodOptionsOf(options: MethodOptions): MethodOptions {
  const { inputBoundary, outputBoundary, decorator, rules, gate, removeCommonPrefix } = options;
  return {
    ...(inputBoundary !== undefined && { inputBoundary }),
    ...(outputBoundary !== undefined && { outputBoundary }),
    ...(decorator !== undefined && { decorator }),
    ...(rules !== undefined && { rules }),
    ...(gate !== undefined && { gate }),
    ...(removeCommonPrefix !== undefined && { removeCommonPrefix }),
  };
}
