// `npm run latency:fit -- TABLE [--write]`: fits a device to each way of running that a table of published measurements has, to
// timm's networks as the product reads them. Prints how well families of models are predicted that were not fitted, beside
// simpler rules; --write renews the profiles in server/src/costs/latency/published-rates.ts and the table in docs/latency.md.
//
// `npm run latency:check -- TABLE`: predicts each row of a table with the profiles as they are, and prints the same figures.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { knownValue } from '../server/src/common/count.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { builtInDevices } from '../server/src/costs/device-profile.ts';
import { fitRates, timeOf, type Expectation, type Rates, type Sample } from '../server/src/costs/latency/fit-rates.ts';
import { publishedProfiles } from '../server/src/costs/latency/published-profiles.ts';
import { specifications } from '../server/src/costs/latency/device-specification.ts';
import { workOf } from '../server/src/costs/latency/work.ts';
import { root } from './bundles.ts';
import { configurationOf, executionOf, familyOf, readMeasurements, type Measurement } from './latency/measurements.ts';
import { evaluate, linearFit, median, spearman } from './latency/statistics.ts';
import { readTimmNetworks } from './latency/timm-networks.ts';

const folds = 5;

/** One row of the table with what the product knows of its network. */
interface Observation {
  readonly measurement: Measurement;
  readonly sample: Sample;
  readonly macs: number;
  readonly activations: number;
  readonly params: number;
  readonly rooflineMs: number;
}

const keyOf = ({ model, image_size: imageSize }: Measurement): string => `${model}@${String(imageSize)}`;

/** Observations by configuration. Reading costs memory, so that each network is read once and all its rows are made. */
async function observe(measurements: readonly Measurement[]): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const rowsOf = new Map<string, Measurement[]>();
  for (const row of measurements) rowsOf.set(keyOf(row), [...(rowsOf.get(keyOf(row)) ?? []), row]);
  const found = new Map<string, Observation[]>();
  const wanted = [...rowsOf.values()].flatMap(([row]) =>
    row ? [{ model: row.model, imageSize: row.image_size }] : [],
  );
  const [anyDevice] = builtInDevices;
  if (anyDevice === undefined) throw new Error('There is no device');
  for await (const network of readTimmNetworks(wanted)) {
    if ('reason' in network) {
      console.error(`Left out: ${network.model} at ${String(network.imageSize)}: ${network.reason}`);
      continue;
    }
    const { graph, model, imageSize } = network;
    const { total } = reportCosts(graph, anyDevice);
    for (const measurement of rowsOf.get(keyOf({ ...emptyRow, model, image_size: imageSize })) ?? []) {
      const works = workOf(graph, executionOf(measurement));
      const specification = specifications.find(({ name }) => name === measurement.device);
      if (specification === undefined) throw new Error(`No specification of ${measurement.device}`);
      const roofline = reportCosts(graph, specification).total.latencyMs;
      const observation: Observation = {
        measurement,
        sample: { work: merged(works.flatMap((work) => work ?? [])), milliseconds: measurement.step_ms },
        macs: knownValue(total.macs) ?? NaN,
        activations: knownValue(total.activations) ?? NaN,
        params: knownValue(total.params) ?? NaN,
        rooflineMs: (knownValue(roofline) ?? NaN) * measurement.batch,
      };
      const name = configurationOf(measurement);
      const known = found.get(name);
      if (known === undefined) found.set(name, [observation]);
      else known.push(observation);
    }
  }
  return found;
}

const emptyRow: Measurement = {
  device: '',
  precision: 'fp32',
  layout: 'nchw',
  pytorch: '',
  compiled: '0',
  model: '',
  image_size: 0,
  batch: 1,
  step_ms: 0,
};

/** One entry a term. */
function merged(work: Sample['work']): Sample['work'] {
  const sums = new Map<Sample['work'][number]['term'], number>();
  for (const { term, amount } of work) sums.set(term, (sums.get(term) ?? 0) + amount);
  return [...sums].map(([term, amount]) => ({ term, amount }));
}

function expectationOf(device: string): Expectation {
  const specification = specifications.find(({ name }) => name === device);
  if (specification === undefined) throw new Error(`No specification of ${device}`);
  const { processor, peakGflopsPerSecond, memoryGigabytesPerSecond } = specification;
  return {
    processor,
    // What networks are seen to reach of a peak.
    macsPerSecond: (peakGflopsPerSecond * 1e9) / 2 / 1.5,
    bytesPerSecond: memoryGigabytesPerSecond * 1e9 * (processor === 'gpu' ? 0.95 : 0.65),
    startMicroseconds: 5,
  };
}

/** Predicts each observation by what `fit` makes of the other folds; families are never split. */
function crossValidate(
  observations: readonly Observation[],
  fit: (training: readonly Observation[]) => (observation: Observation) => number,
): readonly number[] {
  const families = [...new Set(observations.map(({ measurement }) => familyOf(measurement)))].sort();
  const foldOf = new Map(families.map((family, index) => [family, (index * 7919) % folds]));
  const inFold = ({ measurement }: Observation, fold: number): boolean => foldOf.get(familyOf(measurement)) === fold;
  const predictors = Array.from({ length: folds }, (_, fold) => fit(observations.filter((one) => !inFold(one, fold))));
  return observations.map((one) => predictors[foldOf.get(familyOf(one.measurement)) ?? 0]?.(one) ?? NaN);
}

interface Quality {
  readonly error: number;
  readonly rank: number;
}

function qualityOf(observations: readonly Observation[], predictions: readonly number[]): Quality {
  const times = observations.map(({ measurement }) => measurement.step_ms);
  return {
    error: median(predictions.map((predicted, index) => Math.abs(predicted / (times[index] ?? NaN) - 1))),
    rank: spearman(predictions, times),
  };
}

const ours = (device: string) => (training: readonly Observation[]) => {
  const rates = fitRates(
    training.map(({ sample }) => sample),
    expectationOf(device),
  );
  return ({ sample }: Observation): number => timeOf(sample.work, rates).total;
};

/** A polynomial in the logarithms of network totals. */
const logarithmic =
  (featuresOf: (observation: Observation) => readonly number[]) => (training: readonly Observation[]) => {
    const coefficients = linearFit(
      training.map(featuresOf),
      training.map(({ measurement }) => Math.log(measurement.step_ms / measurement.batch)),
    );
    return (one: Observation): number => one.measurement.batch * Math.exp(evaluate(coefficients, featuresOf(one)));
  };

const macsAlone = logarithmic(({ macs }) => [1, Math.log(macs)]);
const quadratic = logarithmic(({ macs, activations, params }) => {
  const logs = [macs, activations, params].map((value) => Math.log(value) - 16);
  return [1, ...logs, ...logs.flatMap((left, index) => logs.slice(index).map((right) => left * right))];
});
/** The roofline has nothing to fit. */
const roofline =
  () =>
  (one: Observation): number =>
    one.rooflineMs;

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const cell = ({ error, rank }: Quality): string => `${percent(error)} · ${rank.toFixed(3)}`;

function tableRow(name: string, count: number, cells: readonly Quality[]): string {
  return `| ${name} | ${String(count)} | ${cells.map(cell).join(' | ')} |`;
}

const head = (columns: readonly string[]): string =>
  `| Device | Rows | ${columns.join(' | ')} |\n| --- | --- | ${columns.map(() => '---').join(' | ')} |`;

interface FittedProfile {
  readonly name: string;
  readonly rates: Rates;
  readonly error: number;
  readonly rank: number;
  readonly batches: readonly [number, number];
}

function fitAll(all: ReadonlyMap<string, readonly Observation[]>): {
  profiles: readonly FittedProfile[];
  table: string;
} {
  const lines = [head(['this model', 'quadratic in logarithms', 'MACs alone', 'roofline'])];
  const profiles: FittedProfile[] = [];
  const pooled = new Map<string, { observations: Observation[]; predictions: number[][] }>();
  for (const name of [...all.keys()].sort()) {
    const observations = all.get(name) ?? [];
    const device = observations[0]?.measurement.device ?? '';
    const predictions = [ours(device), quadratic, macsAlone, roofline].map((rule) => crossValidate(observations, rule));
    const qualities = predictions.map((one) => qualityOf(observations, one));
    lines.push(tableRow(name, observations.length, qualities));
    console.log(lines.at(-1));
    const pool = pooled.get(device) ?? { observations: [], predictions: [[], [], [], []] };
    pool.observations.push(...observations);
    predictions.forEach((one, index) => pool.predictions[index]?.push(...one));
    pooled.set(device, pool);
    const batches = observations.map(({ measurement }) => measurement.batch).sort((a, b) => a - b);
    profiles.push({
      name,
      rates: fitRates(
        observations.map(({ sample }) => sample),
        expectationOf(device),
      ),
      error: qualities[0]?.error ?? NaN,
      rank: qualities[0]?.rank ?? NaN,
      batches: [batches[0] ?? 1, batches.at(-1) ?? 1],
    });
  }
  for (const [device, { observations, predictions }] of pooled)
    lines.push(
      tableRow(
        `**${device}, all rows**`,
        observations.length,
        predictions.map((one) => qualityOf(observations, one)),
      ),
    );
  return { profiles, table: lines.join('\n') };
}

function checkAll(all: ReadonlyMap<string, readonly Observation[]>): string {
  const lines = [head(['shipped profile', 'roofline'])];
  const pooled = new Map<string, { observations: Observation[]; predictions: number[] }>();
  for (const [name, observations] of all) {
    const profile = publishedProfiles.find((one) => one.name === name);
    if (profile === undefined) {
      lines.push(`| ${name} | ${String(observations.length)} | no profile | |`);
      continue;
    }
    const predictions = observations.map(({ sample }) => timeOf(sample.work, profile.rates).total);
    const rooflines = observations.map(({ rooflineMs }) => rooflineMs);
    lines.push(
      tableRow(name, observations.length, [qualityOf(observations, predictions), qualityOf(observations, rooflines)]),
    );
    const pool = pooled.get(profile.device) ?? { observations: [], predictions: [] };
    pool.observations.push(...observations);
    pool.predictions.push(...predictions);
    pooled.set(profile.device, pool);
  }
  for (const [device, { observations, predictions }] of pooled)
    lines.push(tableRow(`**${device}, all rows**`, observations.length, [qualityOf(observations, predictions)]));
  return lines.join('\n');
}

/** The profiles as source: four significant digits are more than any rate is known to. */
function profilesText(profiles: readonly FittedProfile[], all: ReadonlyMap<string, readonly Observation[]>): string {
  const rows = profiles.map(({ name, rates, error, rank, batches }) => {
    const row = all.get(name)?.[0]?.measurement;
    if (row === undefined) throw new Error(`No row of ${name}`);
    const { precision, processor, fusion, channelsLast } = executionOf(row);
    const short = Object.fromEntries(Object.entries(rates).map(([term, rate]) => [term, Number(rate.toPrecision(4))]));
    return JSON.stringify({
      name,
      device: row.device,
      processor,
      precision,
      fusion,
      channelsLast,
      pytorch: row.pytorch,
      batches,
      error: Number(error.toFixed(3)),
      rank: Number(rank.toFixed(4)),
      networks: all.get(name)?.length ?? 0,
      rates: short,
    });
  });
  return `// Made by \`npm run latency:fit\`: rates of devices, in ms a unit of each term, fitted to published measurements of timm's
// networks. \`error\` is the median relative error on families of models that were not fitted, \`rank\` Spearman's ρ there.

import type { PublishedRates } from './published-device.ts';

export const publishedRates: readonly PublishedRates[] = [
${rows.map((row) => `  ${row},`).join('\n')}
];
`;
}

const markers = ['<!-- latency:begin -->', '<!-- latency:end -->'] as const;

function writeTable(table: string): void {
  const file = join(root, 'docs/latency.md');
  const text = readFileSync(file, 'utf8');
  const [before = '', rest = ''] = text.split(markers[0]);
  const after = rest.split(markers[1])[1] ?? '';
  writeFileSync(file, `${before}${markers[0]}\n${table}\n${markers[1]}${after}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { write: { type: 'boolean' }, check: { type: 'boolean' } },
  });
  const [path] = positionals;
  if (path === undefined) {
    console.log('Name the table of measurements: npm run latency:fit -- TABLE.csv [--write]');
    return 2;
  }
  const all = await observe(readMeasurements(path));
  if (values.check === true) {
    console.log(checkAll(all));
    return 0;
  }
  const { profiles, table } = fitAll(all);
  console.log(`\nMedian relative error · Spearman's ρ, in ${String(folds)} folds over families\n\n${table}`);
  if (values.write === true) {
    writeFileSync(join(root, 'server/src/costs/latency/published-rates.ts'), profilesText(profiles, all));
    writeTable(table);
  }
  return 0;
}

process.exitCode = await main();
