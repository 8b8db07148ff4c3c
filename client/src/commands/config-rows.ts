// The settings of a run that a user may change before it starts, as rows of text. No editor in here.

import * as v from 'valibot';
import { runConfigSchema, type RunConfig } from '../../../server/src/protocol/run-config.ts';
import { dataSetRemedy, formatDataSet, parseDataSet } from '../../../server/src/protocol/data-set-text.ts';
import { formatLosses, lossesRemedy, parseLosses } from '../../../server/src/protocol/losses-text.ts';
import { formatTarget, parseTarget, targetRemedy } from '../../../server/src/protocol/run-defaults.ts';

type Read = { readonly ok: true; readonly value: RunConfig } | { readonly ok: false; readonly error: string };

/** One row: how its value is shown, and how the config changes by what the user types. */
export interface ConfigRow {
  readonly label: string;
  readonly prompt: string;
  /** Fixed answers; absent: free text. */
  readonly choices?: readonly string[];
  /** What most people want, as words and as the text for it; anything else can still be typed. */
  readonly suggestions?: readonly { readonly label: string; readonly text: string }[];
  /** Few ever change it: it is shown behind `Advanced`. */
  readonly isAdvanced?: true;
  readonly show: (config: RunConfig) => string;
  /** What stands in the input box at first. */
  readonly text: (config: RunConfig) => string;
  /** The changed config, or a sentence that says what to type. */
  readonly read: (text: string, config: RunConfig) => Read;
}

/** Checks a changed config by the schema that everything else uses, so that no bound is written twice. */
function checked(changed: unknown, remedy: string): Read {
  const result = v.safeParse(runConfigSchema, changed);
  return result.success ? { ok: true, value: result.output } : { ok: false, error: remedy };
}

type NumberKey = 'steps' | 'learningRate' | 'batchSize' | 'threshold' | 'seed';

function numberRow(key: NumberKey, label: string, prompt: string, remedy: string): ConfigRow {
  const text = (config: RunConfig): string => String(config[key]);
  return {
    label,
    prompt,
    show: text,
    text,
    read: (typed, config) => checked({ ...config, [key]: typed === '' ? undefined : Number(typed) }, remedy),
  };
}

const resourceNames: Readonly<Record<RunConfig['target']['resource'], string>> = {
  flops: 'FLOPs',
  params: 'model size',
  activations: 'activations',
  latency: 'latency',
  memory: 'memory traffic',
};

const targetRow: ConfigRow = {
  label: 'Target',
  suggestions: [
    ['FLOPs', 'flops'],
    ['parameters', 'params'],
    ['latency', 'latency'],
  ].flatMap(([name = '', resource = '']) =>
    [70, 50, 30].map((share) => ({
      label: `${String(share)} % of the ${name}`,
      text: `${resource}:${String(share / 100)}`,
    })),
  ),
  prompt: `${targetRemedy}. Without a share, the strength decides.`,
  show: ({ target }) =>
    resourceNames[target.resource] +
    (target.fraction === undefined ? '' : `, down to ${(100 * target.fraction).toFixed(0)} %`),
  text: ({ target }) => formatTarget(target),
  read: (typed, config) => {
    const target = parseTarget(typed);
    return target === undefined ? { ok: false, error: targetRemedy } : { ok: true, value: { ...config, target } };
  },
};

const strengthRow: ConfigRow = {
  label: 'Strength',
  isAdvanced: true,
  prompt: 'Strength of the regularizer; leave empty to find it from the target share.',
  show: ({ strength, target }) =>
    strength !== undefined ? String(strength) : target.fraction === undefined ? 'the default' : 'found from the target',
  text: ({ strength }) => (strength === undefined ? '' : String(strength)),
  read: (typed, config) => {
    if (typed === '') return { ok: true, value: { ...config, strength: undefined } };
    return checked({ ...config, strength: Number(typed) }, 'Type a number of at least 0 such as 1e-8, or nothing.');
  },
};

const dataRow: ConfigRow = {
  label: 'Data set',
  prompt: `${dataSetRemedy}.`,
  show: ({ data }) => (data.kind === 'auto' ? data.path : `${data.kind}: ${data.path}`),
  text: ({ data }) => formatDataSet(data),
  read: (typed, config) => {
    if (typed === formatDataSet(config.data)) return { ok: true, value: config };
    const data = parseDataSet(typed);
    return data === undefined ? { ok: false, error: dataSetRemedy } : { ok: true, value: { ...config, data } };
  },
};

const weightsRow: ConfigRow = {
  label: 'Trained weights',
  isAdvanced: true,
  prompt: 'A .safetensors, .pth or .npz file with the model’s names to start from; leave empty for random weights.',
  show: ({ weights }) => weights ?? 'none: random ones',
  text: ({ weights }) => weights ?? '',
  read: (typed, config) => {
    if (typed === '') return { ok: true, value: { ...config, weights: undefined } };
    if (/^([/\\]|[A-Za-z]:).*\.(safetensors|npz)$/.test(typed))
      return { ok: true, value: { ...config, weights: typed } };
    return { ok: false, error: 'Type the whole path of a .safetensors or .npz file, or nothing.' };
  },
};

const lossesRow: ConfigRow = {
  label: 'Losses',
  isAdvanced: true,
  prompt: `${lossesRemedy}. Leave empty for what the data set and the outputs say.`,
  show: ({ losses }) => (losses === undefined ? 'as the data set and the outputs say' : formatLosses(losses)),
  text: ({ losses }) => (losses === undefined ? '' : formatLosses(losses)),
  read: (typed, config) => {
    if (typed === '') return { ok: true, value: { ...config, losses: undefined } };
    const losses = parseLosses(typed);
    return losses === undefined
      ? { ok: false, error: lossesRemedy }
      : { ok: true, value: { ...config, losses: [...losses] } };
  },
};

const algorithmRow: ConfigRow = {
  label: 'Algorithm',
  prompt: 'What decides which channels live',
  isAdvanced: true,
  choices: ['auto', 'gamma', 'group-lasso', 'logistic-sigmoid'],
  show: ({ algorithm }) => algorithm,
  text: ({ algorithm }) => algorithm,
  read: (typed, config) => checked({ ...config, algorithm: typed }, 'Choose one of the list.'),
};

const stepsRow = numberRow('steps', 'Steps', 'Training steps in all', 'Type a whole number of at least 1.');
const thresholdRow = numberRow(
  'threshold',
  'Threshold',
  'A channel whose regularization value is not above this counts as dead',
  'Type a number of at least 0 such as 0.01.',
);

const advanced = (row: ConfigRow): ConfigRow => ({ ...row, isAdvanced: true });

export const configRows: readonly ConfigRow[] = [
  dataRow,
  targetRow,
  stepsRow,
  advanced(
    numberRow(
      'learningRate',
      'Learning rate',
      'How far a step goes; what the optimizer is given',
      'Type a number above 0 such as 0.01.',
    ),
  ),
  advanced(numberRow('batchSize', 'Batch size', 'Images in a step', 'Type a whole number of at least 1.')),
  advanced(thresholdRow),
  advanced(numberRow('seed', 'Seed', 'Seed of every random choice', 'Type a whole number of at least 0.')),
  strengthRow,
  algorithmRow,
  advanced(weightsRow),
  lossesRow,
];

/** Those that a training script of the user's own leaves to the run. */
export const scriptRows: readonly ConfigRow[] = [
  targetRow,
  { ...stepsRow, prompt: 'Steps of the optimizer in your training, in all: epochs × batches of an epoch' },
  thresholdRow,
  strengthRow,
  algorithmRow,
];
