// Keras models in JSON, written in few words.

/** A layer as a file has it. */
export interface JsonLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly module?: string;
  readonly build_config?: { readonly input_shape: readonly (number | null)[] };
  readonly inbound_nodes?: readonly unknown[];
}

export function layer(className: string, name: string, config: object): JsonLayer {
  return { class_name: className, config: { name, ...config }, name };
}

/** An input without its batch; sizes that are left open are null. */
export function inputLayer(name: string, shape: readonly (number | null)[]): JsonLayer {
  return { ...layer('InputLayer', name, { batch_input_shape: [null, ...shape] }), inbound_nodes: [] };
}

export function sequentialJson(layers: readonly JsonLayer[]): string {
  return JSON.stringify({ class_name: 'Sequential', config: { layers } });
}

/** Its inputs are the input layers, its output is that of the last call of the last layer listed but them. */
export function functionalJson(layers: readonly JsonLayer[], name = 'model'): string {
  const inputs = layers.filter((each) => each.class_name === 'InputLayer');
  const taken = new Set(
    layers.flatMap(({ inbound_nodes = [] }) => JSON.stringify(inbound_nodes).match(/"\w+"(?=,\d+,\d+)/g) ?? []),
  );
  const outputs = layers.filter((each) => !taken.has(`"${each.name ?? ''}"`));
  const [output = inputs[0]] = outputs.length > 0 ? outputs : layers.slice(-1);
  const calls = Math.max(1, output?.inbound_nodes?.length ?? 1);
  const config = {
    name,
    layers,
    input_layers: inputs.map((each) => [each.name, 0, 0]),
    output_layers: [[output?.name, calls - 1, 0]],
  };
  return JSON.stringify({ class_name: 'Functional', config });
}

/** The first output of a layer's first call, as Keras 2 writes it. */
export const olderNode = (name: string): readonly unknown[] => [name, 0, 0, {}];

/** The same as Keras 3 writes it, with its shape. */
export function tensor(name: string, shape: readonly number[]): object {
  return { class_name: '__keras_tensor__', config: { shape: [null, ...shape], keras_history: [name, 0, 0] } };
}
