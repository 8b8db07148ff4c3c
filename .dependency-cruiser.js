// The rooms' arrows, as ARCHITECTURE.md lists them. `layers` is the one table; the rules are made from it.
// test/layering plants one forbidden import per rule and expects each to be reported.

const base = process.env.MORPHNET_LAYERING_ROOT ?? '';
const server = `${base}server/src`;

/** Folder under server/src -> the folders it may import besides itself. */
const layers = {
  protocol: [],
  common: [],
  network: ['common'],
  frontends: ['network', 'common'],
  costs: ['network', 'common'],
  structure: ['costs', 'network', 'common'],
  edits: ['structure', 'network', 'common', 'frontends/shared'],
  analysis: ['frontends', 'costs', 'structure', 'edits', 'network', 'common'],
  training: ['structure', 'costs', 'network', 'common', 'protocol'],
  runs: ['protocol', 'common'],
  jobs: ['runs', 'protocol', 'common'],
  experiments: ['jobs', 'runs', 'training', 'structure', 'network', 'protocol', 'common'],
  trainer: ['training', 'runs', 'structure', 'network', 'protocol', 'common'],
  lsp: ['analysis', 'experiments', 'protocol', 'network', 'common'],
  cli: ['analysis', 'experiments', 'runs', 'protocol', 'network', 'common'],
};

const frontends = [
  'python',
  'caffe',
  'darknet',
  'onnx',
  'ultralytics',
  'hugging-face',
  'keras-json',
  'tensorflow-graph',
  'tensorflow-js',
];

const layerRules = Object.entries(layers).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  severity: 'error',
  comment: `server/src/${folder} may import ${allowed.length === 0 ? 'no other room' : allowed.join(', ')}.`,
  from: { path: `^${server}/${folder}/` },
  to: {
    path: `^${base}(server|client|webview)/src/`,
    pathNot: [folder, ...allowed].map((name) => `^${server}/${name}/`),
  },
}));

const frontendRules = frontends.map((name) => ({
  name: `frontend-${name}`,
  severity: 'error',
  comment: 'A frontend imports itself, frontends/shared and the trees of frontends/config, never another frontend.',
  from: { path: `^${server}/frontends/${name}/` },
  to: { path: `^${server}/frontends/`, pathNot: [`^${server}/frontends/(${name}|shared|config)/`] },
}));

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    ...frontendRules,
    rule(
      'frontends-shared',
      'What frontends share knows none of them.',
      { path: `^${server}/frontends/shared/` },
      {
        path: `^${server}/frontends/`,
        pathNot: [`^${server}/frontends/shared/`],
      },
    ),
    rule(
      'python-core-knows-no-framework',
      'What reads Python and follows it knows no framework; libraries are told what it needs.',
      { path: `^${server}/frontends/python/(syntax|evaluator|standard-library|tracing|discovery|refactoring)/` },
      { path: `^${server}/frontends/python/libraries/` },
    ),
    rule(
      'frameworks-side-by-side',
      'Torch knows neither Keras nor NumPy, and Keras no other; NumPy takes rows of torch that do the same.',
      { path: `^${server}/frontends/python/libraries/(torch|keras)/` },
      {
        path: `^${server}/frontends/python/libraries/(torch|keras|numpy)/`,
        pathNot: `^${server}/frontends/python/libraries/$1/`,
      },
    ),
    rule(
      'client-protocol-only',
      'The client sees the server through its wire types.',
      { path: `^${base}client/src/` },
      {
        path: `^${base}(server|webview)/src/`,
        pathNot: [`^${server}/protocol/`],
      },
    ),
    rule(
      'webview-protocol-only',
      'A page sees the server through its wire types, and prints numbers as hints and the command line do.',
      { path: `^${base}webview/src/` },
      {
        path: `^${base}(server|client)/src/`,
        pathNot: [`^${server}/protocol/`, `^${server}/common/number-format.ts$`],
      },
    ),
    rule(
      'nobody-imports-main',
      'Composition roots are at the top.',
      { path: `^${base}(server|client|webview)/src/`, pathNot: `^${server}/main/` },
      { path: `^${server}/main/` },
    ),
    rule(
      'vscode-in-client',
      'Only the client knows the editor.',
      { path: `^${base}(server|webview)/src/` },
      { path: '^vscode$' },
    ),
    rule(
      'language-server-in-lsp',
      'Only lsp and main speak the protocol.',
      {
        path: `^${base}(server|client|webview)/src/`,
        pathNot: `^${server}/(lsp|main)/`,
      },
      { path: 'node_modules/vscode-languageserver' },
    ),
    rule(
      'tensors-in-training',
      'Only training loads tensor libraries and the image decoder.',
      {
        path: `^${base}(server|client|webview)/src/`,
        pathNot: `^${server}/training/`,
      },
      { path: 'node_modules/(onnxruntime-|@tensorflow/|sharp/)' },
    ),
    rule('no-cycles', 'Arrows go one way.', {}, { circular: true }),
    rule(
      'no-unresolvable',
      'An import that cannot be resolved escapes every other rule.',
      {},
      {
        couldNotResolve: true,
        pathNot: '^vscode$',
      },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: base === '' ? '^test/fixtures/' : '^test/fixtures/(?!layering)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
