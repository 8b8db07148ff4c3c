// `npm run bench:costs`: how long a network of 500 layers takes in all conventions and on ten devices, as when they are set side
// by side: a network that was never asked about, and one that was. The least and the middle of some tries.

import { neverCancelled } from '../server/src/common/cancellation.ts';
import { reportCosts } from '../server/src/costs/cost-report.ts';
import { knownDevices } from '../server/src/costs/device-profile.ts';
import { countAs, namedConventions } from '../server/src/costs/named-convention.ts';
import { defaultLimits } from '../server/src/frontends/shared/frontend.ts';
import { createFrontends } from '../server/src/main/frontends.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { median } from './latency/statistics.ts';

const text = `from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(3, 16, 3)]
        for i in range(166):
            layers += [nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)
`;
const document = 'file:///net.py';
const reader = { roots: [], read: (): string => text };
const tries = 40;

const [frontend] = await createFrontends();
const request = { input: [[3, 32, 32]], from: 'request' } as const;
const [entry] = frontend?.entries(document, reader, request).entries ?? [];
const graph = entry && frontend?.evaluate(entry, reader, defaultLimits, neverCancelled).graph;
if (graph === undefined) throw new Error('The network is not read');
const devices = knownDevices.slice(0, 10);

function timeOf(network: NetworkGraph): number {
  const start = performance.now();
  for (const convention of namedConventions) countAs(network, convention);
  for (const device of devices) reportCosts(network, device);
  return performance.now() - start;
}

// Compiled before it is timed.
for (let turn = 0; turn < tries; turn++) timeOf(structuredClone(graph));
const first = Array.from({ length: tries }, () => timeOf(structuredClone(graph)));
const again = Array.from({ length: tries }, () => timeOf(graph));
console.log(
  `${String(graph.ops.length)} ops, ${String(namedConventions.length)} conventions, ${String(devices.length)} devices:`,
);
for (const [name, times] of [
  ['a network that is new', first],
  ['asked again', again],
] as const)
  console.log(`  ${name}: least ${Math.min(...times).toFixed(1)} ms, middle ${median(times).toFixed(1)} ms`);
