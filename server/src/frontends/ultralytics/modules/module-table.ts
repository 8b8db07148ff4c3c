// The modules that rows may name. A width is the row's first argument where `scaled` says so: it is then bounded, multiplied by the
// model's width and rounded. What is repeated inside a module is said there; others are put one behind the other.

import * as blocks from './blocks.ts';
import * as heads from './heads.ts';
import type { Module } from './module.ts';

export interface ModuleRow {
  readonly module: Module;
  /** The first argument is the output's width, at the model's scale. */
  readonly isScaled?: true;
  /** The row's number is that of blocks inside the module. */
  readonly repeatsInside?: true;
  /** A model with it has the newer head. */
  readonly isNew?: true;
  /** Where the model ends. */
  readonly isHead?: true;
}

const scaled = (module: Module, more: Omit<ModuleRow, 'module' | 'isScaled'> = {}): ModuleRow => ({
  module,
  isScaled: true,
  ...more,
});
const inside = { repeatsInside: true } as const;
const head = (module: Module): ModuleRow => ({ module, isHead: true });

export const moduleTable: ReadonlyMap<string, ModuleRow> = new Map<string, ModuleRow>([
  ['Conv', scaled(blocks.conv)],
  ['DWConv', scaled(blocks.depthwiseConv)],
  ['ConvTranspose', scaled(blocks.transposedConv)],
  ['nn.ConvTranspose2d', scaled(blocks.plainTransposedConv)],
  ['GhostConv', scaled(blocks.ghostConv)],
  ['Focus', scaled(blocks.focus)],
  ['Bottleneck', scaled(blocks.bottleneck)],
  ['BottleneckCSP', scaled(blocks.bottleneckCsp, inside)],
  ['SPP', scaled(blocks.spp)],
  ['SPPF', scaled(blocks.sppf)],
  ['SPPELAN', scaled(blocks.sppElan)],
  ['C1', scaled(blocks.c1, inside)],
  ['C2', scaled(blocks.c2, inside)],
  ['C2f', scaled(blocks.c2f, inside)],
  ['C3', scaled(blocks.c3(), inside)],
  [
    'C3x',
    scaled(
      blocks.c3([
        [1, 3],
        [3, 1],
      ]),
      inside,
    ),
  ],
  ['C3Ghost', scaled(blocks.c3Ghost, inside)],
  ['C3k2', scaled(blocks.c3k2, { ...inside, isNew: true })],
  ['RepC3', scaled(blocks.repC3, inside)],
  ['C2fPSA', scaled(blocks.c2fPsa, inside)],
  ['C2PSA', scaled(blocks.c2Psa, inside)],
  ['PSA', scaled(blocks.psa)],
  ['C2fCIB', scaled(blocks.c2fCib, { ...inside, isNew: true })],
  ['A2C2f', scaled(blocks.a2c2f, { ...inside, isNew: true })],
  ['SCDown', scaled(blocks.scDown)],
  ['RepNCSPELAN4', scaled(blocks.repNcspElan)],
  ['ELAN1', scaled(blocks.elan1)],
  ['AConv', scaled(blocks.aConv)],
  ['ADown', scaled(blocks.aDown)],
  ['nn.Upsample', { module: heads.upsample }],
  ['nn.Identity', { module: heads.identity }],
  ['nn.MaxPool2d', { module: heads.maxPool }],
  ['nn.ZeroPad2d', { module: heads.zeroPad }],
  ['nn.BatchNorm2d', { module: heads.batchNorm }],
  ['Concat', { module: heads.concat }],
  ['CBLinear', { module: heads.cbLinear }],
  ['CBFuse', { module: heads.fusion }],
  ['HGStem', { module: heads.hgStem }],
  ['HGBlock', { module: heads.hgBlock, ...inside }],
  ['ResNetLayer', { module: heads.resNetLayer }],
  ['AIFI', { module: heads.aifi }],
  ['Classify', head(heads.classify)],
  ['Detect', head(heads.detect)],
  ['v10Detect', head(heads.v10Detect)],
  ['Segment', head(heads.segment(false))],
  ['Segment26', head(heads.segment(true))],
  ['OBB', head(heads.obb)],
  ['OBB26', head(heads.obb)],
  ['Pose', head(heads.pose)],
  ['SemanticSegment', head(heads.semantic)],
  ['Depth', head(heads.depth)],
]);
