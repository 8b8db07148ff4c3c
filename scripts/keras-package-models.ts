// Models of published Keras packages that `npm run check:keras-packages` reads: what is installed, and how each is made.

export interface PackageModel {
  readonly package: string;
  readonly imports: string;
  readonly expression: string;
}

/** What pip installs, each without what it depends on. */
export const packages: readonly string[] = [
  'keras-cv-attention-models==1.4.3',
  'image-classifiers==1.0.0',
  'Keras-Applications==1.0.8',
  'efficientnet==1.1.1',
  'segmentation-models==1.0.1',
  'keras-unet==0.1.2',
  'keras-unet-collection==0.1.13',
  'keras-efficientnet-v2==1.2.2',
  'vit-keras==0.2.0',
  'keras-resnet==0.2.0',
  'keras-vggface==0.6',
];

/** Families of `keras_cv_attention_models`, by the module that has them: one model of each. */
const families: Readonly<Record<string, string>> = {
  beit: 'BeitBasePatch16',
  botnet: 'BotNet50',
  caformer: 'CAFormerS18',
  cmt: 'CMTTiny',
  coat: 'CoaTLiteTiny',
  coatnet: 'CoAtNet0',
  convnext: 'ConvNeXtTiny',
  cotnet: 'CotNet50',
  cspnext: 'CSPNeXtTiny',
  davit: 'DaViT_T',
  edgenext: 'EdgeNeXt_XX_Small',
  efficientformer: 'EfficientFormerL1',
  efficientnet: 'EfficientNetEdgeTPUSmall',
  efficientvit: 'EfficientViT_B0',
  fasternet: 'FasterNetT0',
  fastvit: 'FastViT_T8',
  gcvit: 'GCViT_XXTiny',
  ghostnet: 'GhostNet_050',
  gpvit: 'GPViT_L1',
  hiera: 'HieraTiny',
  hornet: 'HorNetTiny',
  iformer: 'IFormerSmall',
  inceptionnext: 'InceptionNeXtTiny',
  levit: 'LeViT128S',
  maxvit: 'MaxViT_Tiny',
  mlp_family: 'GMLPTiny16',
  mobilenetv3_family: 'FBNetV3B',
  mobilevit: 'MobileViT_XXS',
  moganet: 'MogaNetXtiny',
  nat: 'DiNAT_Mini',
  nfnets: 'NFNetF0',
  pvt: 'PVT_V2B0',
  repvit: 'RepViT_M09',
  resnest: 'ResNest50',
  resnet_family: 'RegNetY040',
  swin_transformer_v2: 'SwinTransformerV2Tiny_ns',
  tinyvit: 'TinyViT_5M',
  uniformer: 'UniformerSmall32',
  vanillanet: 'VanillaNet5',
  volo: 'VOLO_d1',
};

const of = (name: string, imports: string, expressions: readonly string[]): readonly PackageModel[] =>
  expressions.map((expression) => ({ package: name, imports, expression }));

export const packageModels: readonly PackageModel[] = [
  ...Object.entries(families).map(([module, name]) => ({
    package: 'keras-cv-attention-models',
    imports: `from keras_cv_attention_models.${module} import ${name}`,
    expression: `${name}(pretrained=None)`,
  })),
  ...of(
    'image-classifiers',
    'from classification_models.tfkeras import Classifiers',
    ['resnet18', 'seresnet18', 'seresnet50', 'resnext50', 'senet154'].map(
      (name) => `Classifiers.get("${name}")[0]((224, 224, 3))`,
    ),
  ),
  ...of('efficientnet', 'import efficientnet.tfkeras as efn', [
    'efn.EfficientNetB0(weights=None)',
    'efn.EfficientNetB3(weights=None)',
  ]),
  ...of('segmentation-models', 'import segmentation_models as sm', [
    'sm.Unet("resnet18", encoder_weights=None, input_shape=(128, 128, 3))',
    'sm.FPN("efficientnetb0", encoder_weights=None, input_shape=(128, 128, 3))',
    'sm.Linknet("vgg16", encoder_weights=None, input_shape=(128, 128, 3))',
    'sm.PSPNet("resnet34", encoder_weights=None, input_shape=(144, 144, 3))',
  ]),
  ...of('keras-unet', 'from keras_unet.models import custom_unet, vanilla_unet', [
    'vanilla_unet(input_shape=(252, 252, 3))',
    'custom_unet(input_shape=(128, 128, 3))',
  ]),
  ...of('keras-unet-collection', 'from keras_unet_collection import models', [
    'models.unet_2d((128, 128, 3), [16, 32, 64], n_labels=2)',
    'models.vnet_2d((128, 128, 1), [16, 32, 64], n_labels=2)',
    'models.unet_plus_2d((128, 128, 3), [16, 32, 64], n_labels=2)',
    'models.r2_unet_2d((128, 128, 3), [16, 32, 64], n_labels=2)',
    'models.att_unet_2d((128, 128, 3), [16, 32, 64], n_labels=2)',
    'models.resunet_a_2d((128, 128, 3), [16, 32, 64], [1, 3, 15], 2)',
    'models.u2net_2d((128, 128, 3), 2, [16, 32, 64])',
    'models.unet_3plus_2d((128, 128, 3), 2, [16, 32, 64])',
    'models.transunet_2d((128, 128, 3), [16, 32, 64], 2, proj_dim=64, num_mlp=64, num_heads=2, num_transformer=2)',
  ]),
  ...of('keras-efficientnet-v2', 'from keras_efficientnet_v2 import EfficientNetV2B0', [
    'EfficientNetV2B0(pretrained=None)',
  ]),
  ...of('vit-keras', 'from vit_keras import vit', ['vit.vit_b16(pretrained=False, pretrained_top=False)']),
  ...of('keras-resnet', 'import keras\nimport keras_resnet.models', [
    'keras_resnet.models.ResNet18(keras.layers.Input((224, 224, 3)), classes=10)',
    'keras_resnet.models.ResNet50(keras.layers.Input((224, 224, 3)), classes=10)',
  ]),
  ...of('keras-vggface', 'from keras_vggface.vggface import VGGFace', ['VGGFace(model="vgg16", weights=None)']),
];
