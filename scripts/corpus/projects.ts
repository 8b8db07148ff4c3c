// Whole projects of the package registry, as text: models, training scripts, registries and settings as people write them.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPython } from '../python-with-pytorch.ts';
import { cache } from './packages.ts';

/** Where each project stands as text, in a folder of its name. */
const projectsFolder = join(cache, 'projects');

/** Archives that are published built, so that nothing of theirs runs when they are fetched. */
export const projects: readonly string[] =
  `alexnet-pytorch==0.2.0 asteroid==0.7.0 basicsr==1.3.3.3 bert-pytorch==0.0.1a4 bhdr==0.1.0 byol-pytorch==0.9.1
  craft-text-detector==0.4.3 dalle-pytorch==1.6.6 deepctr-torch==0.3.0 demucs==4.1.0 denoising-diffusion-pytorch==2.3.4
  dynamic-network-architectures==0.4.4 easyocr==1.7.2 efficientnet-pytorch==0.3.0 face-alignment==1.5.0 facenet-pytorch==2.6.0
  facexlib==0.3.0 gfpgan==1.3.8 googlenet-pytorch==0.3.0 labml-nn==0.5.1 learning3d==0.2.2 lightly==1.6.0 lightning-bolts==0.7.0
  lightweight-gan==1.2.1 lpips==0.1.4 midv500models==0.0.2 mmpretrain==1.2.0 open-clip-torch==3.3.0 openunmix==1.3.0
  people-segmentation==0.0.4 performer-pytorch==1.1.4 piq==0.8.0 pythae==0.1.2 python-doctr==1.1.0 pytorch-tabnet==4.1.0 pytorchcv==0.0.74
  pytorchyolo==1.8.0 recbole==1.2.1 resemblyzer==0.1.4 resnest==0.0.5 retinaface-pytorch==0.0.8 rfdetr==1.11.2 rtdl==0.0.13
  segmentation-models-pytorch==0.6.0 silero-vad==6.2.3 solo-learn==1.0.2 stylegan2-pytorch==1.9.0 super-gradients==3.7.1 super-image==0.2.0
  ternausnet==0.0.1 torchgan==0.1.0 torchsr==1.0.4 torchxrayvision==1.5.7 tsai==1.0.1 ultralytics==8.4.190 unet==0.8.1 vgg-pytorch==0.3.0
  vit-pytorch==1.26.14 x-transformers==2.31.10 yolov5==7.0.14`.split(/\s+/);

const textFile = /\.(py|json|ya?ml|toml|ini|cfg|txt|csv)$/;

/** Fetches a project that is not there yet; its folder. */
export function fetchProject(project: string): string {
  const folder = join(projectsFolder, project.replace('==', '-'));
  if (existsSync(folder)) return folder;
  const archives = join(projectsFolder, 'archives', project);
  const half = `${folder}-half`;
  mkdirSync(archives, { recursive: true });
  rmSync(half, { recursive: true, force: true });
  const python = findPython();
  const words = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary',
    ':all:',
  ];
  const { status, stderr } = spawnSync(python, [...words, '--dest', archives, project], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${project} could not be fetched:\n${stderr}`);
  for (const archive of readdirSync(archives))
    execFileSync(python, ['-m', 'zipfile', '-e', join(archives, archive), half]);
  for (const file of readdirSync(half, { recursive: true, withFileTypes: true }))
    if (file.isFile() && !textFile.test(file.name)) rmSync(join(file.parentPath, file.name));
  renameSync(half, folder);
  rmSync(archives, { recursive: true, force: true });
  return folder;
}
