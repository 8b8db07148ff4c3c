"""torchvision's compiled operators in plain Python: what the detection models need to run from torchvision's text alone.

Suppression of overlapping boxes decides how many boxes go on, so it is computed; what is pooled from the feature maps has
no bearing on how much is computed, so regions are all zero.
"""

import sys

import torch

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define(
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width,"
    " int sampling_ratio, bool aligned) -> Tensor"
)
# Only named when torchvision is imported.
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def suppress(boxes, scores, threshold):
    """Indices of the boxes that are kept, best first."""
    order = scores.argsort(descending=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    while order.numel() > 0:
        best, order = order[0], order[1:]
        kept.append(best)
        top_left = torch.maximum(boxes[best, :2], boxes[order, :2])
        bottom_right = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (bottom_right - top_left).clamp(min=0).prod(dim=1)
        order = order[shared / (area[best] + area[order] - shared) <= threshold]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.int64)


def regions(features, boxes, scale, height, width, ratio, aligned):
    return features.new_zeros(boxes.shape[0], features.shape[1], height, width)


library.impl("nms", suppress, "CPU")
library.impl("roi_align", regions, "CPU")


def is_there():
    return True


def announce():
    """To be called once torchvision is imported: lets it know that its operators are there."""
    for name in ["torchvision.extension", "torchvision.ops.roi_align"]:
        sys.modules[name]._has_ops = is_there
