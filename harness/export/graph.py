"""A native generator as an ONNX graph: every norm by the picture's own statistics, every dropout a mask from outside.

Written node by node rather than traced: there are a dozen kinds of layers, and tracers have turned norm by image into
running statistics and left dropout out (upstream issues 748, 852, 1113, 1276, 1534).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from harness.weights.layers import ImageBatchNorm, ImageDropout, ImageInstanceNorm
from harness.weights.networks import ResnetBlock, ResnetGenerator, UnetBlock, UnetGenerator

# The newest that onnxruntime-web has known for years; nothing newer is needed here.
OPSET, _IR = 17, 8
Shape = tuple[int | str, ...]


def build_graph(
    network: nn.Module, first: Shape, last: Shape, masks: Sequence[Shape], *, half_weights: bool = False
) -> onnx.ModelProto:
    """Returns the model of a generator that `set_mode` has put into its mode.

    Args:
        first, last: shapes of its input and output, (N, C, H, W); a name stands for a size that is free.
        masks: of each live dropout in the order of the computation: 1 where a value is kept, 0 where it is dropped.
        half_weights: whether weights are stored with 16 bits; the arithmetic stays float32.
    """
    graph = _Graph(len(masks), half_weights=half_weights)
    end = graph.emit(network, "input")
    graph.add("Identity", [end], output="output")
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.FLOAT, first),
        *(helper.make_tensor_value_info(f"mask_{n}", TensorProto.FLOAT, shape) for n, shape in enumerate(masks, 1)),
    ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, last)]
    made = helper.make_graph(graph.nodes, "generator", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="harness")
    model.ir_version = _IR
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Nodes and constants while they are gathered; every value is called by its number."""

    def __init__(self, masks: int, *, half_weights: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._masks = iter(range(1, masks + 1))
        self._half = half_weights

    def add(self, kind: str, inputs: Sequence[str], *, output: str | None = None, **attributes: Any) -> str:
        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, values: torch.Tensor | None) -> list[str]:
        """A parameter's name, none for a bias that is not there."""
        if values is None:
            return []
        array = values.detach().numpy()
        if not self._half:
            return [self.constant(array)]
        return [self.add("Cast", [self.constant(array.astype(np.float16))], to=TensorProto.FLOAT)]

    def emit(self, module: nn.Module, x: str) -> str:
        """Adds what a module computes of `x` and returns the result's name."""
        if isinstance(module, UnetGenerator | ResnetGenerator):
            return self.emit(module.model, x)
        if isinstance(module, nn.Sequential):
            for child in module:
                x = self.emit(child, x)
            return x
        if isinstance(module, UnetBlock):
            first, *rest = module.model
            x = self.emit(first, x)
            inside = self.emit(nn.Sequential(*rest), x)
            # Its first layer works in place, so what the skip carries is that layer's result.
            return self.add("Concat", [x, inside], axis=1) if module.joins else inside  # (N, 2C, H, W)
        if isinstance(module, ResnetBlock):
            return self.add("Add", [x, self.emit(module.conv_block, x)])
        if isinstance(module, ImageDropout):
            # y = 2 m x: what stays is doubled
            kept = self.add("Mul", [x, f"mask_{next(self._masks)}"]) if module.live else x
            return self.add("Mul", [kept, self.constant(np.array([2], dtype=np.float32))]) if module.live else x
        return self._layer(module, x)

    def _layer(self, module: nn.Module, x: str) -> str:
        if isinstance(module, nn.ConvTranspose2d | nn.Conv2d):
            return self._convolution(module, x)
        if isinstance(module, ImageBatchNorm) and not module.by_image:
            statistics = (module.weight, module.bias, module.running_mean, module.running_var)
            inputs = [x, *(name for tensor in statistics for name in self.weight(tensor))]
            return self.add("BatchNormalization", inputs, epsilon=module.eps)
        if isinstance(module, ImageBatchNorm | ImageInstanceNorm):
            channels = torch.ones(module.num_features)
            scale = module.weight if module.weight is not None else channels
            bias = module.bias if module.bias is not None else channels * 0
            return self.add("InstanceNormalization", [x, *self.weight(scale), *self.weight(bias)], epsilon=module.eps)
        if isinstance(module, nn.ReflectionPad2d):
            left, right, top, bottom = module.padding
            pads = self.constant(np.array([0, 0, top, left, 0, 0, bottom, right]))
            return self.add("Pad", [x, pads], mode="reflect")
        if isinstance(module, nn.LeakyReLU):
            return self.add("LeakyRelu", [x], alpha=module.negative_slope)
        if isinstance(module, nn.Identity):
            return x
        kinds = {nn.ReLU: "Relu", nn.Tanh: "Tanh"}
        return self.add(kinds[type(module)], [x])

    def _convolution(self, module: nn.Conv2d | nn.ConvTranspose2d, x: str) -> str:
        turned = isinstance(module, nn.ConvTranspose2d)
        down, right = (int(side) for side in module.padding)
        more: dict[str, Any] = {"output_padding": list(module.output_padding)} if turned else {}
        return self.add(
            "ConvTranspose" if turned else "Conv",
            [x, *self.weight(module.weight), *self.weight(module.bias)],
            kernel_shape=list(module.kernel_size),
            strides=list(module.stride),
            pads=[down, right, down, right],
            **more,
        )
