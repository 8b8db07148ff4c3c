// The options that every command takes that trains a model: run, sweep and iterate.

import type { Command } from 'commander';

/** What a command's model argument is. */
export const modelArgument = 'the model’s file, with an entry of it after :: (net.py::ResNet18())';

/** Adds the options of `RunOptions` but for the output's. */
export function withRunOptions(command: Command, data: 'asked' | 'own' = 'asked'): Command {
  if (data === 'asked') {
    command.option(
      '--data <path | kind:path>',
      'the images: a folder or file; kinds are idx, cifar10, cifar100, numpy, images, csv, masks and pairs',
    );
  }
  return command
    .option('--target <target>', 'what to save, and the share that should remain: flops:0.5')
    .option('--weights <file>', 'trained weights to start from, .safetensors, .pth or .npz with the model’s names')
    .option(
      '--loss <losses>',
      'what each output learns, where it does not go without saying: cross-entropy,mse*0.1=age',
    )
    .option('--steps <count>', 'training steps')
    .option('--seed <number>', 'seed of every random choice')
    .option('--engine <name>', 'auto, onnx, tfjs or torch (the PyTorch of MORPHNET_PYTHON, else of python3)')
    .option('--nproc-per-node <count>', 'engine torch: processes of torchrun, each with a share of the batch')
    .option('--nnodes <count>', 'engine torch: machines, each with so many processes; the others run morphnet join')
    .option('--rdzv-endpoint <host:port>', 'engine torch: where the machines meet, an address of this one')
    .option('--import', 'engine torch: imports your own class and trains it, in place of the network as it was read')
    .option('--mixed-precision <name>', 'engine torch: float32, bfloat16 or float16')
    .option('--algorithm <name>', 'auto, gamma, group-lasso or logistic-sigmoid')
    .option('--strength <number>', 'the regularizer’s strength, in place of one that is found for the target')
    .option('--exclude <pattern...>', 'layers that keep their channels: block1.*')
    .option('--force-group <pattern...>', 'layers whose channels go together')
    .option('--input-boundary <pattern...>', 'layers at which the analysis stops')
    .option('--output-boundary <pattern...>', 'layers where the analysis starts, in place of the outputs')
    .option('--decorator <factor[,exponent]>', 'what is done to each layer’s regularization: 0.5, or 0.5,2')
    .option('--rule <kind=rule...>', 'what operations do to channels: my_op=pass-through, roll=whole')
    .option(
      '--gate <options>',
      'how gates are made: temperature=0.1,annealing=2000,logit=2.5,keep=first,straight-through,mask,hard-inference',
    )
    .option('--remove-common-prefix', 'leave out what all names of exported alive counts begin with')
    .option('--l1-fraction <share>', 'share of the L1 term in group lasso')
    .option('--combination <name>', 'what layers with common channels say together: max or l2')
    .option('--label-smoothing <share>', 'share of each label that is spread over all classes')
    .option('--compat <name>', 'reference: groups and costs with the quirks of the published implementation')
    .option('--device <name>', 'the device of latencies: V100, or one’s own as laptop=500,40 (GFLOP/s, GB/s)')
    .option('--input <shape>', 'the input’s shape without the batch: 3x32x32');
}
