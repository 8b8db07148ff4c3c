"""Builds image backbones of the installed transformers from configurations, and prints each with what it costs.

    python hugging_face_models.py

One JSON line each: a name, the text of its `config.json`, the images' size, parameters by name, shapes that modules give, and the
multiply-adds of one image, as PyTorch's own counter has them; or why the library cannot build or run it. Tensors are on the meta
device: nothing is computed. The configurations are the library's defaults and the sizes that papers name; none is fetched.
"""

import json
import os
import warnings

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
from transformers import AutoConfig, AutoModel, AutoModelForImageClassification  # noqa: E402

SIZES = {
    "resnet": {
        "18": dict(layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2]),
        "34": dict(layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[3, 4, 6, 3]),
        "101": dict(depths=[3, 4, 23, 3]),
        "152": dict(depths=[3, 8, 36, 3], num_labels=1000),
        "early": dict(downsample_in_bottleneck=True, downsample_in_first_stage=True, hidden_act="gelu"),
        "narrow": dict(embedding_size=40, hidden_sizes=[100, 204, 412], depths=[1, 2, 1], num_channels=1),
    },
    "regnet": {
        "x-002": dict(layer_type="x", hidden_sizes=[24, 56, 152, 368], depths=[1, 1, 4, 7], groups_width=8),
        "x-160": dict(layer_type="x", hidden_sizes=[256, 512, 896, 2048], depths=[2, 6, 13, 1], groups_width=128),
        "y-002": dict(hidden_sizes=[24, 56, 152, 368], depths=[1, 1, 4, 7], groups_width=8),
        "y-320": dict(hidden_sizes=[232, 696, 1392, 3712], depths=[2, 5, 12, 1], groups_width=232, num_labels=1000),
        "flat": dict(hidden_sizes=[64, 64], depths=[2, 2], downsample_in_first_stage=False, hidden_act="silu"),
    },
    "convnext": {
        "small": dict(depths=[3, 3, 27, 3]),
        "base": dict(hidden_sizes=[128, 256, 512, 1024], depths=[3, 3, 27, 3], num_labels=1000),
        "large": dict(hidden_sizes=[192, 384, 768, 1536], depths=[3, 3, 27, 3], image_size=384),
        "unscaled": dict(layer_scale_init_value=0.0, patch_size=[2, 4], num_channels=4, image_size=[96, 160]),
    },
    "convnextv2": {
        "atto": dict(hidden_sizes=[40, 80, 160, 320], depths=[2, 2, 6, 2]),
        "nano": dict(hidden_sizes=[80, 160, 320, 640], depths=[2, 2, 8, 2], num_labels=1000),
        "base": dict(hidden_sizes=[128, 256, 512, 1024], depths=[3, 3, 27, 3], image_size=384),
    },
    "mobilenet_v1": {
        "0.75": dict(depth_multiplier=0.75, image_size=192, num_labels=1001),
        "0.25": dict(depth_multiplier=0.25, image_size=128, min_depth=16),
        "torch": dict(tf_padding=False, hidden_act="relu"),
        "odd": dict(image_size=[97, 131]),
    },
    "mobilenet_v2": {
        "1.4": dict(depth_multiplier=1.4, num_labels=1001),
        "0.35": dict(depth_multiplier=0.35, image_size=96),
        "coarse": dict(depth_multiplier=0.5, finegrained_output=False, first_layer_is_expansion=False),
        "dilated": dict(output_stride=8, image_size=[129, 193], expand_ratio=4),
        "torch": dict(output_stride=16, tf_padding=False, depth_divisible_by=4, min_depth=4),
    },
    "efficientnet": {
        f"b{i}": dict(width_coefficient=w, depth_coefficient=d, image_size=s, hidden_dim=h)
        for i, (w, d, s, h) in enumerate(
            [
                (1.0, 1.0, 224, 1280),
                (1.0, 1.1, 240, 1280),
                (1.1, 1.2, 260, 1408),
                (1.2, 1.4, 300, 1536),
                (1.4, 1.8, 380, 1792),
                (1.6, 2.2, 456, 2048),
                (1.8, 2.6, 528, 2304),
            ]
        )
    }
    | {"around": dict(width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280, image_size=97, depthwise_padding=[5, 7, 16])},
    "swin": {
        "small": dict(depths=[2, 2, 18, 2]),
        "base": dict(embed_dim=128, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32], num_labels=1000),
        "384": dict(embed_dim=128, depths=[2, 2, 6, 2], num_heads=[4, 8, 16, 32], window_size=12, image_size=384),
        "uneven": dict(image_size=[230, 260], mlp_ratio=3.5, qkv_bias=False, patch_size=[4, 4]),
        "small image": dict(image_size=96),
        "absolute": dict(use_absolute_embeddings=True, depths=[2, 2], num_heads=[3, 6], image_size=112),
    },
    "vit": {
        "base 32": dict(patch_size=32, image_size=384, num_labels=1000),
        "large": dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16),
        "tiny": dict(hidden_size=192, intermediate_size=768, num_attention_heads=3, qkv_bias=False, num_channels=1),
        "pooled": dict(pooler_output_size=100, pooler_act="relu", hidden_act="gelu_new", image_size=[64, 96]),
    },
}


def figures(config, builder):
    size = getattr(config, "image_size", 224)
    size = [size, size] if isinstance(size, int) else list(size)
    line = {"image": [config.num_channels, *size]}
    try:
        with torch.device("meta"):
            model = builder.from_config(config).eval()
            # As `save_pretrained` writes it.
            model.config.architectures = [type(model).__name__]
            line["config"] = model.config.to_json_string(use_diff=False)
            shapes = {}
            for name, module in model.named_modules():
                def note(_, __, output, name=name):
                    if isinstance(output, torch.Tensor):
                        shapes[name] = list(output.shape)
                if next(module.parameters(recurse=False), None) is not None:
                    module.register_forward_hook(note)
            with FlopCounterMode(display=False) as counter, torch.no_grad():
                model(torch.zeros(1, *line["image"]))
        line["macs"] = counter.get_total_flops() // 2
        line["params"] = {name: parameter.numel() for name, parameter in model.named_parameters()}
        line["shapes"] = shapes
    except Exception as error:
        line["failure"] = f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
        line.setdefault("config", config.to_json_string())
    return line


def main():
    print(json.dumps({"version": transformers.__version__}), flush=True)
    for kind, sizes in SIZES.items():
        for size, settings in {"default": {}, **sizes}.items():
            for builder in (AutoModelForImageClassification, AutoModel):
                head = "" if builder is AutoModel else " with a head"
                line = figures(AutoConfig.for_model(kind, **settings), builder)
                print(json.dumps({"name": f"{kind} {size}{head}", **line}), flush=True)


if __name__ == "__main__":
    main()
