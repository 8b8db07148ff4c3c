// `npm run test:tfjs-native`: the engines' tests on TensorFlow's own library. What users get from tfjs-node's install
// script is built here instead: TensorFlow.js from the package registry, TensorFlow's library from a Python wheel, the
// binding between them by the C++ compiler. All of it stays in the cache folder, so the second time is quick.
//
//   npm run test:tfjs-native [-- --build-only]
//
// The first time pip fetches the wheel (260 MB) and npm the packages (50 MB each). `--build-only` leaves the tests out, for benchmarks.
// Exit status: 0 passed, 1 a test failed, 77 this machine lacks something.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundles.ts';
import { nativeTfjs, nativeTfjsForGpu } from './native-tfjs.ts';

const skipped = 77;
const tfjsVersion = '4.22.0';
const environment = join(nativeTfjs, 'python');
const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

const { values: options } = parseArgs({
  options: { 'build-only': { type: 'boolean', default: false } },
});

function skip(reason: string): never {
  console.log(`The tests on TensorFlow's library are SKIPPED: ${reason}.`);
  process.exit(skipped);
}

/** Runs a program; its output is shown when it fails. */
function run(program: string, words: readonly string[], folder = root): boolean {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) console.log(`${stdout}${stderr}`.trim().split('\n').slice(-10).join('\n'));
  return status === 0;
}

/** TensorFlow.js for Node without what its install script would fetch. */
function installPackage(name: string, parent: string): string {
  const folder = join(parent, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return folder;
  mkdirSync(parent, { recursive: true });
  writeFileSync(join(parent, 'package.json'), '{ "private": true }\n');
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${tfjsVersion}`];
  const npm = process.env['npm_execpath'];
  const isInstalled = npm === undefined ? run('npm', words, parent) : run(process.execPath, [npm, ...words], parent);
  return isInstalled ? folder : skip(`${name} ${tfjsVersion} can not be installed`);
}

/** The folder of TensorFlow's library and headers. */
function installLibrary(): string {
  if (!existsSync(python) && !run('python3', ['-m', 'venv', environment])) {
    skip('python3 can not make a virtual environment');
  }
  const place = spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_paths()["platlib"])'], {
    encoding: 'utf8',
  });
  const folder = join(place.stdout.trim(), 'tensorflow');
  if (!existsSync(folder) && !run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', 'tensorflow-cpu'])) {
    skip('pip finds no wheel of tensorflow-cpu for this machine');
  }
  return existsSync(join(folder, 'libtensorflow_cc.so.2')) ? folder : skip('the wheel has no library for C++');
}

function nodeHeaders(): string {
  const candidates = [join(dirname(dirname(process.execPath)), 'include/node'), '/usr/include/node'];
  return candidates.find((folder) => existsSync(join(folder, 'node_api.h'))) ?? skip('Node’s headers are not there');
}

function bindingOf(packageFolder: string): string {
  return join(packageFolder, 'lib/napi-v8/tfjs_binding.node');
}

/** The binding from the package's sources. */
function buildBinding(packageFolder: string, library: string): void {
  const binding = bindingOf(packageFolder);
  if (existsSync(binding)) return;
  mkdirSync(dirname(binding), { recursive: true });
  const words = [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[`-I${nodeHeaders()}`, '-I..', '-I.', `-I${join(library, 'include')}`],
    ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', binding],
    ...[`-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', `-Wl,-rpath,${library}`],
  ];
  if (!run('c++', words, packageFolder)) skip('the binding can not be compiled');
}

if (process.platform !== 'linux') skip('the build is for Linux only');
const forCpu = installPackage('@tensorflow/tfjs-node', nativeTfjs);
buildBinding(forCpu, installLibrary());
// Both packages are made of the same sources.
const forGpu = installPackage('@tensorflow/tfjs-node-gpu', nativeTfjsForGpu);
mkdirSync(dirname(bindingOf(forGpu)), { recursive: true });
copyFileSync(bindingOf(forCpu), bindingOf(forGpu));
console.log(`TensorFlow.js with TensorFlow's library is in ${nativeTfjs}`);
if (!options['build-only']) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', 'test/unit/training/engines', 'test/unit/training/loop/engines-agree'],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        MORPHNET_TEST_TFJS_NATIVE: nativeTfjs,
        MORPHNET_TEST_TFJS_NATIVE_GPU: nativeTfjsForGpu,
      },
    },
  );
  process.exitCode = status ?? 1;
}
