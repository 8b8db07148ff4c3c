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
