// By what words source of each framework tells of models: what they derive from, what makes one, which data sets they are for.

export interface ModelVocabulary {
  /** Classes of the framework that models derive from. */
  readonly bases: RegExp;
  /** Classes and functions of the framework whose call gives a model. */
  readonly makers: RegExp;
  /** Images of the data sets that its scripts load, as [channels, height, width], by the name that is loaded. */
  readonly dataSets: Readonly<Record<string, readonly number[]>>;
}

/** PyTorch, with torchvision's data sets as they come from disk. */
const torch: ModelVocabulary = {
  bases: /^(Module|Sequential|LightningModule)$/,
  makers: /^Sequential$/,
  dataSets: {
    MNIST: [1, 28, 28],
    FashionMNIST: [1, 28, 28],
    KMNIST: [1, 28, 28],
    QMNIST: [1, 28, 28],
    EMNIST: [1, 28, 28],
    CIFAR10: [3, 32, 32],
    CIFAR100: [3, 32, 32],
    SVHN: [3, 32, 32],
    STL10: [3, 96, 96],
  },
};

/** Keras, with the sets of `keras.datasets` and `tensorflow_datasets`. */
const keras: ModelVocabulary = {
  bases: /^(Model|Functional|Sequential)$/,
  makers: /^(Model|Functional|Sequential)$/,
  dataSets: {
    mnist: [1, 28, 28],
    fashion_mnist: [1, 28, 28],
    cifar10: [3, 32, 32],
    cifar100: [3, 32, 32],
  },
};

const vocabularies: readonly ModelVocabulary[] = [torch, keras];

export const isModelBase = (name: string): boolean => vocabularies.some(({ bases }) => bases.test(name));
export const isModelMaker = (name: string): boolean => vocabularies.some(({ makers }) => makers.test(name));

/** The image of a data set as [channels, height, width]. */
export function imageOfDataSet(name: string): readonly number[] | undefined {
  for (const { dataSets } of vocabularies) if (Object.hasOwn(dataSets, name)) return dataSets[name];
  return undefined;
}
