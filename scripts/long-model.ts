// A model file of a given length as people write them: blocks in classes of their own, all of them used by one network.

const block = (index: number, width: number): readonly string[] => [
  `class Block${String(index)}(nn.Module):`,
  '    """Two convolutions and a way around them."""',
  '',
  `    def __init__(self, channels, width=${String(width)}, stride=1):`,
  '        super().__init__()',
  '        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)',
  '        self.bn1 = nn.BatchNorm2d(width)',
  '        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)',
  '        self.bn2 = nn.BatchNorm2d(width)',
  '        self.relu = nn.ReLU(inplace=True)',
  '        self.shortcut = nn.Sequential()',
  '        if stride != 1 or channels != width:',
  '            self.shortcut = nn.Sequential(',
  '                nn.Conv2d(channels, width, 1, stride=stride, bias=False),',
  '                nn.BatchNorm2d(width),',
  '            )',
  '',
  '    def forward(self, x):',
  '        out = self.relu(self.bn1(self.conv1(x)))',
  '        out = self.bn2(self.conv2(out))',
  '        return self.relu(out + self.shortcut(x))',
  '',
  '',
];

/** The text of a model file with this many lines, or a few more. */
export function longModel(lineCount: number): string {
  const count = Math.max(1, Math.floor((lineCount - 22) / (block(0, 0).length + 1)));
  const widths = Array.from({ length: count }, (_, i) => 16 * (1 + Math.floor((4 * i) / count)));
  const lines = [
    '# morphnet: entry=Net() input=3x64x64',
    'import torch',
    'from torch import nn',
    '',
    '',
    ...widths.flatMap((width, i) => block(i, width)),
    'class Net(nn.Module):',
    '    def __init__(self, classes=10):',
    '        super().__init__()',
    '        self.blocks = nn.Sequential(',
    ...widths.map((_, i) => `            Block${String(i)}(${String(widths[i - 1] ?? 3)}),`),
    '        )',
    `        self.classifier = nn.Linear(${String(widths.at(-1) ?? 16)}, classes)`,
    '',
    '    def forward(self, x):',
    '        x = self.blocks(x)',
    '        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))',
    '',
  ];
  while (lines.length < lineCount) lines.push('# A line that says nothing.');
  return lines.join('\n');
}

/** A model table of Ultralytics with this many lines: one convolution a row. */
export function longTable(lineCount: number): string {
  const rows = Array.from(
    { length: lineCount - 7 },
    (_, i) => `  - [-1, 1, Conv, [${String(16 + 8 * (i % 3))}, 3, 1]]`,
  );
  return [
    'nc: 10',
    'depth_multiple: 1.0',
    'width_multiple: 1.0',
    'backbone:',
    ...rows,
    'head:',
    '  - [-1, 1, Classify, [nc]]',
    '',
  ].join('\n');
}

/** A sequential model of Keras as JSON, indented, with this many lines or a few more. */
export function longKerasJson(lineCount: number): string {
  const layer = (index: number): unknown => ({
    class_name: 'Conv2D',
    config: {
      name: `conv_${String(index)}`,
      filters: 16,
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'same',
      use_bias: true,
    },
  });
  const input = { class_name: 'InputLayer', config: { name: 'images', batch_shape: [null, 32, 32, 3] } };
  const linesALayer = JSON.stringify([layer(0)], undefined, 2).split('\n').length - 2;
  const layers = Array.from({ length: Math.ceil(lineCount / linesALayer) }, (_, i) => layer(i));
  const config = { name: 'long', layers: [input, ...layers] };
  return JSON.stringify({ class_name: 'Sequential', config, keras_version: '3.0.0', backend: 'torch' }, undefined, 2);
}

/** A program with TensorFlow.js with this many lines: a layer a line, by ten functions. */
export function longProgram(lineCount: number): string {
  const functions = 10;
  const perFunction = Math.floor((lineCount - 5) / functions) - 3;
  const add = "  model.add(tf.layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }));";
  return [
    "import * as tf from '@tensorflow/tfjs';",
    'const model = tf.sequential();',
    'model.add(tf.layers.inputLayer({ inputShape: [32, 32, 3] }));',
    ...Array.from({ length: functions }, (_, i) => [
      `function stage${String(i)}() {`,
      ...Array.from({ length: perFunction }, () => add),
      '}',
      `stage${String(i)}();`,
    ]).flat(),
    'model.add(tf.layers.flatten());',
    'model.add(tf.layers.dense({ units: 10 }));',
    '',
  ].join('\n');
}
