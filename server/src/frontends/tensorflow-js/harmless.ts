// What programs with TensorFlow.js use around their models that leaves alone what it is given: it shows, stores, loads and waits.
// Whatever else is not read may change a list, an object, or a sequential model that is handed to it.

const modules: ReadonlySet<string> = new Set([
  '@tensorflow/tfjs-vis',
  'argparse',
  'assert',
  'chart.js',
  'd3',
  'events',
  'fs',
  'fs/promises',
  'http',
  'https',
  'os',
  'path',
  'perf_hooks',
  'plotly.js',
  'progress',
  'readline',
  'url',
  'util',
  'vega-embed',
  'zlib',
]);

const globals: ReadonlySet<string> = new Set([
  'alert',
  'Boolean',
  'Chart',
  'Date',
  'Error',
  'Intl',
  'JSON',
  'Number',
  'console',
  'd3',
  'document',
  'fetch',
  'localStorage',
  'navigator',
  'performance',
  'Plotly',
  'Promise',
  'String',
  'Symbol',
  'process',
  'requestAnimationFrame',
  'self',
  'setInterval',
  'setTimeout',
  'structuredClone',
  'tfvis',
  'window',
]);

/** Whether nothing of a module changes what it is given. */
export function isHarmlessModule(specifier: string): boolean {
  return modules.has(specifier.replace(/^node:/, ''));
}

/** Whether nothing below a name of the environment changes what it is given. */
export function isHarmlessGlobal(name: string): boolean {
  return globals.has(name);
}
