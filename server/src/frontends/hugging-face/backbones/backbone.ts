// What all backbones are read with: places of modules under the names of the library, and what they give.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ActivationFunction, ValueId } from '../../../network/op.ts';
import type { ModuleBuilder } from '../../shared/module-builder.ts';
import type { Settings } from '../settings.ts';

export interface BackboneReader {
  readonly settings: Settings;
  readonly image: ValueId;
  /** Modules below a name, at a place of the file; `activation` is what they apply where they say nothing else. */
  readonly at: (name: string, span: SourceSpan, activation?: ActivationFunction) => ModuleBuilder;
}

/** What the base model gives. */
export interface BackboneOutput {
  /** The features that a classifier reads, one row for each image. */
  readonly pooled: ValueId;
  /** Layers that a classifier does without and the base model has. */
  readonly last?: ValueId;
}

export interface Backbone {
  /** How the names of the library's classes begin: `ResNet` of `ResNetForImageClassification`. */
  readonly className: string;
  /** The key of the base model in a model with a head. */
  readonly prefix: string;
  /** The name of the layer that tells classes apart. */
  readonly classifier: string;
  /** Height and width of the images that the model is made for, where the library has a setting for them. */
  readonly imageSize?: number;
  /** How batch norms are made where that is not PyTorch's way. */
  norm?(settings: Settings): { readonly epsilon: number; readonly momentum: number };
  /** Reads the base model; `isBase` tells that there is no head behind it. */
  read(reader: BackboneReader, isBase: boolean): BackboneOutput;
}
