// Calls into packages that are not there, of which it is known that they change nothing that they are given: they log, measure,
// draw, or wrap what they get. Whatever else is not known may change all that it can reach.

/** Packages by name; all that they have is harmless. */
const packages: ReadonlySet<string> = new Set(
  `absl accelerate albumentations apex av clearml click colorama comet_ml cv2 datasets deepspeed detectron2 fairscale flask fvcore gdown gradio h5py horovod
  huggingface_hub ignite imageio IPython ipdb kornia lightning lightning_fabric lightning_utilities lmdb loguru mlflow matplotlib memory_profiler mmcls mmcv mmdet mmengine mmpretrain mmseg monai neptune
  nltk numpy nvidia onnx onnxruntime onnxsim pandas PIL pdb plotly prettytable progress psutil ptflops pycocotools pygments pynvml
  pyrootutils pytorch_lightning pytorch_model_summary ray pytest requests rich rootutils scipy seaborn sentencepiece setproctitle skimage sklearn streamlit
  submitit tabulate tensorboard tensorboardX tensorboard_logger termcolor thop timm tokenizers torch torchinfo torchmetrics
  torchsummary torchsummaryX torchtext torchaudio torchvision torchviz tqdm transformers tvm ujson visdom wandb xformers`.split(
    /\s+/,
  ),
);

/** Packages that count, draw or note a model and its tensors: what they give is no part of what it computes. */
const measuring =
  /^(thop|torchinfo|torchsummaryX?|ptflops|torchviz|pytorch_model_summary|fvcore\.nn|wandb|tensorboardX?|mlflow|visdom)\./;

/** Whether what stands under a dotted name only looks at tensors that it is given. */
export const isMeasuring = (path: string): boolean => measuring.test(path);

/** Functions of known packages that do change what they are given. */
const changing =
  /^(random\.shuffle|numpy\.(random\.(shuffle|\w+\.shuffle)|copyto|put\w*|place|fill_diagonal)|heapq\.\w+|bisect\.insort\w*|operator\.(setitem|delitem|i\w+))$/;

/** Decorators that enter what they decorate somewhere, or say something of it, and give it back as it is. */
const registering =
  /(^|[._])(register\w*|add_module|implements|export\w*|deprecated\w*|auto_?docstring|add_\w*docstrings?\w*|experimental|public_api|typechecked|beartype|jaxtyped|no_type_check|main|command|option|argument|fixture|parametrize)$/i;

/** Whether what stands behind a decorator of a dotted name is what it would be without. */
export function isHarmlessDecorator(path: string): boolean {
  return isHarmless(path) || registering.test(path);
}

/** Whether calling what stands under a dotted name leaves its arguments as they are. */
export function isHarmless(path: string): boolean {
  if (changing.test(path)) return false;
  return packages.has(path.split('.', 1)[0] ?? '');
}
