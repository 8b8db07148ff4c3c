// Where models are written down: the languages and files that the manifest, the client and the server all go by. One row a
// source; whether a file of it really holds a model is for its frontend to say.

/** One kind of file that may hold a model. */
export interface ModelSource {
  /** The editor's name of the language; absent for files that are no text. */
  readonly language?: string;
  /** How the names of its files end. */
  readonly endings: readonly string[];
  /** Whether most files of the language are no models: nothing then starts or shows because one of them is open. */
  readonly isCommon?: true;
  /** How the names of its files begin that are models, where most are none: such a file is reason enough to be there. */
  readonly modelNames?: readonly string[];
  /** Whole names of files that are models as a rule, where most are none. */
  readonly modelFiles?: readonly string[];
  /** Paths in the workspace that tell of models in files of the language, where these have names of all kinds. */
  readonly besides?: readonly string[];
  /** How names begin among which models are looked for, where files of the kind may be large and many; without it all are. */
  readonly listedNames?: readonly string[];
}

export const modelSources: readonly ModelSource[] = [
  { language: 'python', endings: ['.py'] },
  { language: 'darknet', endings: ['.cfg'] },
  { language: 'prototxt', endings: ['.prototxt'] },
  {
    language: 'yaml',
    endings: ['.yaml', '.yml'],
    isCommon: true,
    modelNames: ['yolo', 'rtdetr'],
  },
  {
    language: 'json',
    endings: ['.json'],
    isCommon: true,
    modelFiles: ['model.json'],
    listedNames: ['model', 'config', 'topology', 'architecture'],
  },
  {
    language: 'javascript',
    endings: ['.js', '.mjs'],
    isCommon: true,
    besides: ['tfjs', 'tfjs-node', 'tfjs-node-gpu', 'tfjs-layers'].map(
      (name) => `node_modules/@tensorflow/${name}/package.json`,
    ),
  },
  { language: 'javascriptreact', endings: ['.jsx'], isCommon: true },
  { language: 'typescript', endings: ['.ts', '.mts'], isCommon: true },
  { language: 'typescriptreact', endings: ['.tsx'], isCommon: true },
  { endings: ['.onnx'] },
  { endings: ['.keras'] },
];

/** Languages whose documents the server is told about. */
export const modelLanguages: readonly string[] = modelSources.flatMap(({ language }) => language ?? []);

/** Languages whose keys and values are ours to complete: no editor knows them. */
export const wordLanguages = ['darknet', 'prototxt'] as const;

/** Languages of which an open document is reason enough to be there. */
export const ownLanguages: readonly string[] = modelSources.flatMap(({ language, isCommon }) =>
  language === undefined || isCommon === true ? [] : [language],
);

/** Endings of files that are no text: the editor shows their costs in place of their bytes. */
export const binaryEndings: readonly string[] = modelSources.flatMap(({ language, endings }) =>
  language === undefined ? endings : [],
);

/** The editor's name of the view that shows such a file. */
export const modelFileView = 'morphnet.modelFile';

/** Files of common languages that are models by their name, as glob patterns: a workspace that holds one starts the extension. */
export const namedModelFiles: readonly string[] = modelSources.flatMap(
  ({ modelNames = [], modelFiles = [], besides = [], endings }) => [
    ...modelNames.map((name) => `**/${name}*{${endings.join(',')}}`),
    ...modelFiles.map((name) => `**/${name}`),
    ...besides,
  ],
);

/** All files that may hold a model, as a glob pattern. */
export const modelFilesPattern = `**/*{${modelSources.flatMap(({ endings }) => endings).join(',')}}`;

/** The files among which a workspace's models are looked for, as a glob pattern. */
export const listedFilesPattern = `{${modelSources
  .flatMap(({ endings, listedNames = [''] }) =>
    listedNames.flatMap((name) => endings.map((ending) => `**/${name}*${ending}`)),
  )
  .join(',')}}`;
