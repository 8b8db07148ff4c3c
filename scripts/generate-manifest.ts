// Writes what is generated from declarations: the manifest's contributions (settings, commands, capabilities) and the
// JSON schema that the editor checks morphnet.json by.
// Run by `npm run generate`; test/repository compares the files with what this would write.

import { toJsonSchema } from '@valibot/to-json-schema';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { commandDeclarations } from '../server/src/protocol/commands.ts';
import { binaryEndings, modelFileView, modelSources, ownLanguages } from '../server/src/protocol/languages.ts';
import { projectFileSchema } from '../server/src/protocol/project-file.ts';
import { settingDeclarations } from '../server/src/protocol/settings.ts';

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
];

/** Set by the client for the active editor. */
const hasModel = 'morphnet.hasModel';
/** Files that may hold a model, for the explorer's menu. */
const isModelFile = [
  ...ownLanguages.map((language) => `resourceLangId == ${language}`),
  ...binaryEndings.map((ending) => `resourceExtname == ${ending}`),
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
    ['morphnet.revealRun', '3@1', '/^run\\./'],
    ['morphnet.deleteRun', '3@2', '/^run\\.(finished|failed|paused|interrupted)/'],
  ] as const
).map(([command, group, item]) => ({ command, group, when: `view == morphnet.runs && viewItem =~ ${item}` }));

/** The manifest's fields that declarations decide, by name. */
function manifestFields(): Readonly<Record<string, unknown>> {
  return {
    main: './dist/client.cjs',
    activationEvents: [
      ...ownLanguages.map((language) => `onLanguage:${language}`),
      ...modelSources.flatMap(({ modelFiles = [] }) => modelFiles.map((pattern) => `workspaceContains:${pattern}`)),
      'onView:morphnet.runs',
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
      grammars: [{ language: 'darknet', scopeName: 'source.darknet', path: './syntaxes/darknet.tmLanguage.json' }],
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
            'No file of this workspace offers a model. PyTorch and Keras models in Python files, Darknet .cfg files and ONNX files are read without running them.\n[Open Folder](command:vscode.openFolder)\n[Open Model File](command:morphnet.openModelFile)',
        },
        {
          view: 'morphnet.runs',
          contents:
            'No run yet. Open the file of a model, then let MorphNet learn how wide each of its layers should be.\n[Run MorphNet](command:morphnet.runMorphNet)\n[Show Costs](command:morphnet.showCosts)',
        },
      ],
      menus: {
        'editor/title': [
          { command: 'morphnet.showCosts', group: 'navigation', when: `${hasModel} && !activeWebviewPanelId` },
        ],
        'explorer/context': [{ command: 'morphnet.showCosts', group: 'morphnet', when: isModelFile }],
        'view/title': [{ command: 'morphnet.runMorphNet', group: 'navigation', when: 'view == morphnet.runs' }],
        'view/item/context': runMenu,
        commandPalette: paletteMenu,
      },
      configuration: {
        title: 'MorphNet',
        properties: Object.fromEntries(
          settingDeclarations.map(({ key, scope, schema }) => [key, { ...schema, scope }]),
        ),
      },
    },
  };
}

/** A file that declarations decide, wholly or in part: `text` gives its contents from what stands there now. */
interface GeneratedFile {
  readonly path: string;
  readonly text: (current: string) => string;
}

const files: readonly GeneratedFile[] = [
  {
    path: 'package.json',
    text: (current) => JSON.stringify({ ...(JSON.parse(current) as Record<string, unknown>), ...manifestFields() }),
  },
  {
    path: 'syntaxes/morphnet.schema.json',
    text: () => JSON.stringify({ title: 'MorphNet', ...toJsonSchema(projectFileSchema) }),
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
