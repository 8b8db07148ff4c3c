// Writes what is generated from declarations: the manifest's contributions (settings, commands, capabilities), their texts and the
// JSON schema that the editor checks morphnet.json by.
// Run by `npm run generate`; test/repository compares the files with what this would write.

import { toJsonSchema, type ConversionConfig } from '@valibot/to-json-schema';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { withoutTexts } from './manifest-texts.ts';
import { commandDeclarations } from '../server/src/protocol/commands.ts';
import {
  binaryEndings,
  modelFileView,
  modelSources,
  namedModelFiles,
  ownLanguages,
} from '../server/src/protocol/languages.ts';
import { projectFileSchema } from '../server/src/protocol/project-file.ts';
import { settingDeclarations, settingGroups } from '../server/src/protocol/settings.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * `.cfg` is a generic ending, and the editor looks at endings before first lines, so `firstLine` alone would lose to the
 * built-in `properties` language. We take the ending; the client hands files without a `[net]` section back.
 */
const languages = [
  {
    id: 'darknet',
    aliases: ['Darknet', 'darknet'],
    extensions: ['.cfg'],
    firstLine: '^\\s*\\[net(work)?\\]',
    configuration: './syntaxes/darknet.language-configuration.json',
  },
  {
    id: 'prototxt',
    aliases: ['Protocol Buffer Text', 'Caffe', 'prototxt'],
    extensions: ['.prototxt'],
    configuration: './syntaxes/prototxt.language-configuration.json',
  },
];

/** Set by the client for the active editor. */
const hasModel = 'morphnet.hasModel';
/** Files that may hold a model, for the explorer's menu. */
const isModelFile = [
  ...ownLanguages.map((language) => `resourceLangId == ${language}`),
  ...binaryEndings.map((ending) => `resourceExtname == ${ending}`),
  ...modelSources.flatMap(({ modelFiles = [] }) => modelFiles.map((name) => `resourceFilename == ${name}`)),
  ...modelSources.flatMap(({ modelNames = [], endings }) =>
    modelNames.length === 0
      ? []
      : [`resourceFilename =~ /^(${modelNames.join('|')}).*(${endings.join('|').replaceAll('.', '\\.')})$/`],
  ),
].join(' || ');

/** Commands that the palette offers only where they can work; those that only a lens can give what they need, never. */
const paletteMenu = [
  ...(
    [
      'morphnet.goToMostExpensiveLayer',
      'morphnet.setInput',
      'morphnet.selectModel',
      'morphnet.setWidth',
      'morphnet.scaleWidths',
      'morphnet.giveOwnWidths',
      'morphnet.measureModel',
    ] as const
  ).map((command) => ({ command, when: hasModel })),
  { command: 'morphnet.addToScript', when: 'editorLangId == python' },
  { command: 'morphnet.setArguments', when: 'false' },
];

/** The menu of a row of the view Runs; what a row can do its `viewItem` says (client/src/views/run-rows.ts). */
const runMenu = (
  [
    ['morphnet.resumeRun', 'inline', '/^run\\.(paused|interrupted|failed)/'],
    ['morphnet.pauseRun', '1@1', '/^run\\.(running|queued)/'],
    ['morphnet.stopRun', '1@2', '/^run\\.(running|queued)/'],
    ['morphnet.resumeRun', '1@1', '/^run\\.(paused|interrupted|failed)/'],
    ['morphnet.applyProposal', '2@1', '/^run\\..*proposal/'],
    ['morphnet.retrainRun', '2@2', '/^run\\..*proposal/'],
    ['morphnet.expandRun', '2@3', '/^run\\..*proposal/'],
    ['morphnet.writeSlimModel', '2@4', '/^run\\..*proposal/'],
    ['morphnet.compareRuns', '2@5', '/^run\\./'],
    ['morphnet.openTensorboard', '3@0', '/^run\\./'],
    ['morphnet.revealRun', '3@1', '/^run\\./'],
    ['morphnet.deleteRun', '3@2', '/^run\\.(finished|failed|paused|interrupted)/'],
  ] as const
).map(([command, group, item]) => ({ command, group, when: `view == morphnet.runs && viewItem =~ ${item}` }));

/** What the editor's welcome page offers: from a model to widths that were learned, on an example that needs no download. */
const walkthrough = {
  id: 'start',
  title: 'Get started with MorphNet',
  description: 'See what each layer of a network costs, learn how wide it should be, and set the widths.',
  steps: [
    {
      id: 'costs',
      title: 'See what each layer costs',
      description:
        'Open a model, and its costs stand at the ends of its lines; nothing of it is run. The example is a small PyTorch network with drawings to train it on.\n[Open the Example](command:morphnet.openExample)',
      media: { image: 'docs/images/hints.png', altText: 'A PyTorch model with the cost of each layer behind its line' },
      completionEvents: ['onCommand:morphnet.openExample', `onContext:${hasModel}`],
    },
    {
      id: 'table',
      title: 'Look at the whole network, and try other widths',
      description:
        'The table lists every layer with its share. Write another width into it, or scale all by a factor: totals and what follows are shown before anything is written.\n[Show Costs](command:morphnet.showCosts)',
      media: { image: 'docs/images/costs.png', altText: 'The table of costs beside the code' },
      completionEvents: ['onCommand:morphnet.showCosts'],
    },
    {
      id: 'run',
      title: 'Learn how wide each layer should be',
      description:
        'A run trains the network in the background and lets channels go that it does not need. For the example Enter is all it asks; it takes less than a minute.\n[Run MorphNet](command:morphnet.runMorphNet)',
      media: { image: 'docs/images/dashboard.png', altText: 'The dashboard of a run: alive channels and costs' },
      completionEvents: ['onCommand:morphnet.runMorphNet'],
    },
    {
      id: 'apply',
      title: 'Set the widths in the source',
      description:
        'The edit is proven on a copy first, and is one undo step. The dashboard also retrains both networks to compare them.\n[Apply Proposed Widths](command:morphnet.applyProposal)\n[Open Dashboard](command:morphnet.openDashboard)',
      media: { image: 'docs/images/dashboard.png', altText: 'The dashboard of a run: what to apply' },
      completionEvents: ['onCommand:morphnet.applyProposal', 'onCommand:morphnet.openDashboard'],
    },
  ],
} as const;

/** The manifest's fields that declarations decide, by name. */
function manifestFields(): Readonly<Record<string, unknown>> {
  return {
    main: './dist/client.cjs',
    icon: 'docs/images/icon.png',
    activationEvents: [
      ...ownLanguages.map((language) => `onLanguage:${language}`),
      // The example of the walkthrough opens its model by itself, and a project's runs go on.
      'workspaceContains:morphnet.json',
      // Runs go on after a reload, also where no model's file is open.
      'workspaceContains:.morphnet',
      ...namedModelFiles.map((pattern) => `workspaceContains:${pattern}`),
      'onView:morphnet.runs',
      'onWebviewPanel:morphnet.comparison',
      'onWebviewPanel:morphnet.costs',
      'onWebviewPanel:morphnet.dashboard',
      'onWebviewPanel:morphnet.tradeOff',
    ],
    capabilities: {
      untrustedWorkspaces: {
        supported: 'limited',
        description:
          'Costs are shown, since reading a model never runs it. Training starts in trusted workspaces only.',
        restrictedConfigurations: settingDeclarations
          .filter(({ scope }) => scope === 'machine-overridable')
          .map(({ key }) => key),
      },
      virtualWorkspaces: {
        supported: false,
        description: 'Models are read from, and runs are kept in, folders on disk.',
      },
    },
    contributes: {
      languages,
      customEditors: [
        {
          viewType: modelFileView,
          displayName: 'MorphNet Costs',
          selector: binaryEndings.map((ending) => ({ filenamePattern: `*${ending}` })),
          priority: 'default',
        },
      ],
      snippets: [{ language: 'python', path: './snippets/python.json' }],
      grammars: ['darknet', 'prototxt'].map((language) => ({
        language,
        scopeName: `source.${language}`,
        path: `./syntaxes/${language}.tmLanguage.json`,
      })),
      jsonValidation: [{ fileMatch: 'morphnet.json', url: './syntaxes/morphnet.schema.json' }],
      commands: commandDeclarations,
      keybindings: [{ command: 'morphnet.toggleHints', key: 'ctrl+alt+h', mac: 'cmd+alt+h', when: hasModel }],
      viewsContainers: { activitybar: [{ id: 'morphnet', title: 'MorphNet', icon: '$(type-hierarchy)' }] },
      views: {
        morphnet: [
          { id: 'morphnet.models', name: 'Models' },
          { id: 'morphnet.runs', name: 'Runs' },
        ],
      },
      viewsWelcome: [
        {
          view: 'morphnet.models',
          contents:
            'No file of this workspace offers a model. PyTorch and Keras models in Python files, Darknet .cfg files, model tables of Ultralytics, ONNX files, Keras models as JSON and programs with TensorFlow.js are read without running them.\n[Open Folder](command:vscode.openFolder)\n[Open Model File](command:morphnet.openModelFile)',
        },
        {
          view: 'morphnet.runs',
          contents:
            'No run yet. Open the file of a model, then let MorphNet learn how wide each of its layers should be.\n[Run MorphNet](command:morphnet.runMorphNet)\n[Show Costs](command:morphnet.showCosts)',
        },
      ],
      walkthroughs: [walkthrough],
      menus: {
        'editor/title': [
          { command: 'morphnet.showCosts', group: 'navigation', when: `${hasModel} && !activeWebviewPanelId` },
        ],
        'explorer/context': [{ command: 'morphnet.showCosts', group: 'morphnet', when: isModelFile }],
        'view/title': [{ command: 'morphnet.runMorphNet', group: 'navigation', when: 'view == morphnet.runs' }],
        'view/item/context': runMenu,
        commandPalette: paletteMenu,
      },
      configuration: settingGroups.map(({ title, keys }, order) => ({
        title,
        order,
        properties: Object.fromEntries(
          keys.flatMap((key, place) =>
            settingDeclarations
              .filter((declaration) => declaration.key === key)
              .map(({ scope, schema }) => [key, { ...schema, scope, order: place }]),
          ),
        ),
      })),
    },
  };
}

/** In place of a pattern the editor shows the words that the schema has for it. */
function withWords({
  valibotAction,
  jsonSchema,
}: Parameters<NonNullable<ConversionConfig['overrideAction']>>[0]): ReturnType<
  NonNullable<ConversionConfig['overrideAction']>
> {
  const words = 'message' in valibotAction ? valibotAction.message : undefined;
  // A keyword of the editor's, not of the standard's.
  return typeof words === 'string' && jsonSchema.pattern !== undefined
    ? Object.assign({ ...jsonSchema }, { patternErrorMessage: words })
    : undefined;
}

/** The manifest's fields without their texts, and those: `contributes` is left out of the keys, which all would begin with. */
function textsApart(): { readonly fields: Readonly<Record<string, unknown>>; readonly texts: unknown } {
  const { contributes, capabilities, ...others } = manifestFields();
  const [contributed, capable] = [plain(contributes), plain(capabilities)].map(withoutTexts);
  return {
    fields: { ...others, capabilities: capable?.fields, contributes: contributed?.fields },
    texts: { ...capable?.texts, ...contributed?.texts },
  };
}

/** As the file has it: what is undefined is left out. */
function plain(fields: unknown): Parameters<typeof withoutTexts>[0] {
  // What declarations give is plain data.
  return JSON.parse(JSON.stringify(fields)) as Parameters<typeof withoutTexts>[0];
}

/** A file that declarations decide, wholly or in part: `text` gives its contents from what stands there now. */
interface GeneratedFile {
  readonly path: string;
  readonly text: (current: string) => string;
}

const files: readonly GeneratedFile[] = [
  {
    path: 'package.json',
    text: (current) => JSON.stringify({ ...(JSON.parse(current) as Record<string, unknown>), ...textsApart().fields }),
  },
  { path: 'package.nls.json', text: () => JSON.stringify(textsApart().texts) },
  {
    path: 'syntaxes/morphnet.schema.json',
    text: () =>
      JSON.stringify({ title: 'MorphNet', ...toJsonSchema(projectFileSchema, { overrideAction: withWords }) }),
  },
];

/** What each generated file should say, formatted, beside what it says now (empty where it is missing). */
export async function generatedFiles(): Promise<readonly { path: string; current: string; wanted: string }[]> {
  return Promise.all(
    files.map(async ({ path, text }) => {
      const current = await readFile(join(root, path), 'utf8').catch(() => '');
      const wanted = await format(text(current), { filepath: path, printWidth: 120 });
      return { path, current, wanted };
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, current, wanted } of await generatedFiles()) {
    if (current === wanted) continue;
    await writeFile(join(root, path), wanted);
    console.log(`${path} is written anew`);
  }
}
