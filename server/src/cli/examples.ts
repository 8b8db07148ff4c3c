// Examples for the help of each command: what people type first, and what it is for. A test parses every one of them.

export const commandExamples: Readonly<Record<string, readonly (readonly [command: string, purpose: string])[]>> = {
  cost: [
    ['cost net.py', 'the cost of every layer of the model that the file holds'],
    ["cost 'net.py::ResNet18()' --input 3x224x224", 'of one entry, at an input of your own'],
    ['cost net.cfg --device V100 --batch 32', 'with latencies of a V100 for 32 images'],
    ['cost net.py --compare HEAD --check', 'what changed since the last commit, and whether budgets are kept'],
    ['cost net.py --memory --batch 32', 'what it holds in memory for 32 images, at inference and in training'],
    ['cost net.py --format csv', 'for a spreadsheet'],
  ],
  calibrate: [
    ['calibrate', 'measures this machine with all cores but one'],
    ['calibrate --engine torch --precision amp --batch 32', 'measures its GPU, in the PyTorch of MORPHNET_PYTHON'],
  ],
  measure: [['measure net.py --batch 8', 'the times of steps of eight images, beside what is predicted']],
  run: [
    ['run net.py --data idx:data/MNIST/raw', 'learns widths with half of the FLOPs, on MNIST'],
    ["run 'net.py::ResNet18()' --data data --target latency:0.7", 'for 70 % of the latency'],
    ['run .morphnet/runs/20260101-120000-net-1', 'goes on with a run that was stopped'],
  ],
  join: [['join --nnodes 2 --node-rank 1 --rdzv-endpoint 10.0.0.1:29400', 'the second machine of a run']],
  apply: [
    ['apply .morphnet/runs/20260101-120000-net-1', 'prints the proposed widths as a diff'],
    ['apply .morphnet/runs/20260101-120000-net-1 --write', 'and writes them'],
    ['apply alive_00600.json --model net.py', 'from the alive counts of a training of your own'],
  ],
  engines: [['engines --threads 4', 'what trains here with four threads, and how fast']],
  expand: [['expand .morphnet/runs/20260101-120000-net-1 --flops 1 --diff', 'up to the cost of the seed']],
  retrain: [['retrain .morphnet/runs/20260101-120000-net-1 --seeds 3', 'three trainings of each, and their spread']],
  sweep: [['sweep net.py --data idx:data/MNIST/raw --points 7 --retrain', 'seven points of cost against accuracy']],
  iterate: [['iterate net.py --data idx:data/MNIST/raw --flops 1 --rounds 2', 'two rounds at the cost of the seed']],
  attach: [['attach train.py --write', 'writes the lines into the training script']],
  entries: [['entries net.py', 'the models of the file, and where each was found']],
  graph: [['graph net.py --json', 'the network as data']],
  set: [
    ['set net.py layer1.0.conv1=41', 'prints what must change along with the width, as a diff'],
    ['set net.py --scale 0.75 --write', 'three fourths of every width, written'],
    ['set net.py conv1=0.5x --slim-file slim.py', 'the network as a file of its own'],
  ],
};
