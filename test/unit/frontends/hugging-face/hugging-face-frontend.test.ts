// Configurations of transformers: what they cost, where their widths are written, what is said of what does not fit, and what is
// no configuration of an image backbone at all. `npm run check:hugging-face` holds many more against the library.

import { expect, test } from 'vitest';
import { AnalysisSession } from '../../../../server/src/analysis/analysis-session.ts';
import { reportCosts } from '../../../../server/src/costs/cost-report.ts';
import { builtInDevices } from '../../../../server/src/costs/device-profile.ts';
import { huggingFaceFrontend } from '../../../../server/src/frontends/hugging-face/hugging-face-frontend.ts';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { editableLeaves } from '../../../../server/src/network/width-origin.ts';
import { mutated, randomOf } from '../../../../scripts/mutations.ts';

const document = 'file:///models/config.json';

interface Opened {
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly string[];
}

function open(text: string): Opened {
  const session = new AnalysisSession({
    frontends: [huggingFaceFrontend],
    disk: { roots: [], read: () => undefined },
    workspaceRoots: ['file:///models'],
  });
  session.setDocument(document, text, 1);
  const { models, problems } = session.analyze(document);
  return { graph: models[0]?.graph, problems: problems.map(({ message }) => message) };
}

const config = (settings: Readonly<Record<string, unknown>>): string => JSON.stringify(settings, undefined, 2);

const classifier = (className: string, modelType: string, settings: Readonly<Record<string, unknown>> = {}): string =>
  config({
    architectures: [`${className}ForImageClassification`],
    model_type: modelType,
    num_labels: 1000,
    ...settings,
  });

const b0 = { width_coefficient: 1.0, depth_coefficient: 1.0, hidden_dim: 1280, image_size: 224 };

test.each([
  // Parameters as torchvision and timm publish them of the same networks.
  ['ResNet', 'resnet', {}, 25_557_032],
  ['RegNet', 'regnet', {}, 20_646_656],
  ['ConvNext', 'convnext', {}, 28_589_128],
  ['ConvNextV2', 'convnextv2', {}, 28_635_496],
  ['MobileNetV1', 'mobilenet_v1', {}, 4_231_976],
  ['MobileNetV2', 'mobilenet_v2', {}, 3_504_872],
  ['EfficientNet', 'efficientnet', b0, 5_288_548],
  ['Swin', 'swin', {}, 28_288_354],
  ['ViT', 'vit', {}, 86_567_656],
])('%s by the library’s defaults has the parameters that are published', (className, modelType, settings, params) => {
  const { graph, problems } = open(classifier(className, modelType, settings));
  expect(problems).toEqual([]);
  expect(reportCosts(graph!, builtInDevices[0]!).total.params).toEqual({ kind: 'exact', value: params });
});

test('a width leads back to its item in the list', () => {
  const text = classifier('ResNet', 'resnet', { layer_type: 'basic', hidden_sizes: [64, 96, 256], depths: [1, 2, 1] });
  const { graph } = open(text);
  const op = graph!.ops.find(({ name }) => name === 'resnet.encoder.stages.1.layers.1.layer.0.convolution')!;
  const spans = editableLeaves(op.outWidth!).map(({ span }) => text.slice(span.start, span.end));
  expect(spans).toEqual(['96']);
  expect(text.slice(op.site!.span.start, op.site!.span.end)).toBe('96');
});

test('the input of a file that names no size is assumed; one that names it takes it', () => {
  expect(open(classifier('ResNet', 'resnet')).graph!.entry.input).toEqual({ shapes: [[3, 224, 224]], from: 'default' });
  const sized = open(classifier('ConvNext', 'convnext', { image_size: [96, 160], num_channels: 4 })).graph!.entry.input;
  expect(sized).toMatchObject({ shapes: [[4, 96, 160]], from: 'call' });
});

test('the base model has no classifier, and classes are counted where only their names are given', () => {
  const base = open(config({ architectures: ['ConvNextModel'], model_type: 'convnext' })).graph!;
  expect(base.ops.map(({ name }) => name)).not.toContain('classifier');
  expect(base.ops.map(({ name }) => name)).toContain('embeddings.patch_embeddings');
  const labels = { id2label: { 0: 'cat', 1: 'dog', 2: 'owl' }, num_labels: undefined };
  const named = open(classifier('ConvNext', 'convnext', labels)).graph!;
  expect(named.ops.find(({ name }) => name === 'classifier')?.attributes).toMatchObject({ outFeatures: 3 });
});

test('of another head the backbone is read, and totals say at least', () => {
  const { graph, problems } = open(config({ architectures: ['SwinForMaskedImageModeling'], model_type: 'swin' }));
  expect(problems).toEqual(['of SwinForMaskedImageModeling the backbone is read, its head is not']);
  expect(reportCosts(graph!, builtInDevices[0]!).total.params.kind).toBe('at-least');
});

test.each([
  [
    classifier('Swin', 'swin', { image_size: 96 }),
    '6×6 positions are fewer than a window of 7; what follows is not read',
  ],
  [
    classifier('Swin', 'swin', { num_heads: [5, 6, 12, 24] }),
    'a width of 96 does not fall into 5 heads; what follows is not read',
  ],
  [
    classifier('ResNet', 'resnet', { depths: [1, 2] }),
    '4 widths and 2 depths of stages do not fit; what follows is not read',
  ],
  [classifier('ResNet', 'resnet', { hidden_sizes: 64 }), '"hidden_sizes" is no list; what follows is not read'],
  [classifier('ViT', 'vit', { hidden_act: 'own' }), 'the activation "own" is not modelled; what follows is not read'],
  [
    classifier('EfficientNet', 'efficientnet', { ...b0, hidden_dim: 2560 }),
    '"hidden_dim" is 2560, and the last convolution has 1280 channels by width_coefficient; what follows is not read',
  ],
  [
    classifier('EfficientNet', 'efficientnet', { ...b0, out_channels: [16, 24, 40, 80, 96, 192, 320] }),
    'stage 5 takes 112 channels and is given 96; what follows is not read',
  ],
])('what does not fit ends what is read, with the reason: %#', (text, message) => {
  const { graph, problems } = open(text);
  expect(problems).toEqual([message]);
  expect(reportCosts(graph!, builtInDevices[0]!).total.macs.kind).not.toBe('exact');
});

test.each([
  ['a language model', config({ architectures: ['BertModel'], model_type: 'bert' })],
  ['a detector with a backbone inside', config({ model_type: 'detr', backbone_config: { model_type: 'resnet' } })],
  ['settings of a tool', config({ model: 'resnet', depths: [1, 2] })],
])('%s is no model here, and nothing is said of it', (_, text) => {
  expect(open(text)).toEqual({ graph: undefined, problems: [] });
});

test('damaged files are read as far as they can be, without a fault of ours', () => {
  const texts = [classifier('ResNet', 'resnet', { depths: [1, 1], hidden_sizes: [8, 16] }), classifier('Swin', 'swin')];
  const random = randomOf(7, 1);
  for (let i = 0; i < 150; i++) open(mutated(texts[i % 2]!, random));
});
