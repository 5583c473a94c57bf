from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.architecture import (
    architecture_of,
    compare_keys,
    difference_between,
    infer_architecture,
)
from tests.weights.official_keys import RECORDED
from tests.weights.state_dicts import RESNET, UNET, state_dict_of, with_old_statistics


@pytest.mark.parametrize(("netG", "norm", "dropout"), RECORDED)
@pytest.mark.parametrize(("ngf", "input_nc", "output_nc"), [(2, 3, 3), (5, 1, 2)])
def test_every_official_generator_is_recognised(netG, norm, dropout, ngf, input_nc, output_nc):
    told = None if netG.startswith("unet") else dropout
    expected = Architecture(netG, norm, told, ngf, input_nc, output_nc)

    found = infer_architecture(state_dict_of(expected))

    assert found == expected
    assert found.official


@pytest.mark.parametrize(("input_nc", "output_nc"), [(4, 3), (6, 3), (3, 4), (2, 2), (3, 2), (1, 4)])
def test_other_channels_than_pictures_have_are_refused_in_words(input_nc, output_nc):
    weights = state_dict_of(Architecture("resnet_6blocks", "instance", False, 2, input_nc, output_nc))

    with pytest.raises(WeightsError, match=f"turn {input_nc} channels into {output_nc}; pictures here have 3"):
        infer_architecture(weights)


@pytest.mark.parametrize(("netG", "multiple"), [("unet_64", 64), ("unet_512", 512), ("resnet_4blocks", 4)])
def test_other_depths_are_named_in_the_same_manner(netG, multiple):
    norm = "batch" if netG.startswith("unet") else "instance"
    dropout = None if netG.startswith("unet") else True

    found = infer_architecture(state_dict_of(Architecture(netG, norm, dropout, ngf=1)))

    assert (found.netG, found.multiple_of, found.official) == (netG, multiple, False)


def test_batch_norm_from_before_num_batches_tracked():
    old = {k: v for k, v in state_dict_of(UNET).items() if not k.endswith("num_batches_tracked")}

    assert infer_architecture(old) == UNET


def test_instance_norm_from_before_torch_0_4():
    old = with_old_statistics(state_dict_of(RESNET))

    assert len(old) > len(state_dict_of(RESNET))
    assert infer_architecture(old) == RESNET


def test_statistics_of_a_batch_norm_without_weights_are_not_taken_for_old_instance_norm():
    plain = state_dict_of(Architecture("resnet_6blocks", "none", False, ngf=2))
    plain["model.2.running_mean"] = torch.zeros(2)
    plain["model.2.running_var"] = torch.ones(2)

    with pytest.raises(WeightsError, match=r"2 unexpected: `model\.2\.running_mean`"):
        infer_architecture(plain)


def test_affine_instance_norm_is_told_from_batch_norm():
    affine = state_dict_of(Architecture("resnet_6blocks", "batch", False, ngf=2))
    affine |= {k.replace("weight", "bias"): torch.zeros(v.shape[0]) for k, v in affine.items() if v.ndim == 4}

    with pytest.raises(WeightsError, match="affine instance norm"):
        infer_architecture(affine)


def test_zero_padded_blocks_are_told():
    moved = {
        k.replace("conv_block.1.", "conv_block.0.").replace("conv_block.5.", "conv_block.3."): v
        for k, v in state_dict_of(RESNET).items()
    }

    with pytest.raises(WeightsError, match="pad with zeros"):
        infer_architecture(moved)


def patch_gan(layers: int, channels: int = 6) -> nn.Module:
    """`NLayerDiscriminator` in outline: the same places of the same kinds of layers."""
    steps: list[nn.Module] = [nn.Conv2d(channels, 4, 4), nn.LeakyReLU()]
    for _ in range(layers):
        steps += [nn.Conv2d(4, 4, 4, bias=False), nn.BatchNorm2d(4), nn.LeakyReLU()]
    holder = nn.Module()
    holder.model = nn.Sequential(*steps, nn.Conv2d(4, 1, 4))
    return holder


@pytest.mark.parametrize("layers", [1, 3, 5])
def test_a_patch_discriminator_is_recognised(layers):
    with pytest.raises(WeightsError, match=f"discriminator \\(PatchGAN with {layers} layers") as raised:
        infer_architecture(patch_gan(layers).state_dict())

    assert "latest_net_G" in (raised.value.hint or "")


def test_a_pixel_discriminator_is_recognised():
    holder = nn.Module()
    holder.net = nn.Sequential(nn.Conv2d(6, 4, 1), nn.LeakyReLU(), nn.Conv2d(4, 8, 1), nn.Conv2d(8, 1, 1))

    with pytest.raises(WeightsError, match="PixelGAN"):
        infer_architecture(holder.state_dict())


def test_another_network_is_said_with_its_keys():
    with pytest.raises(WeightsError, match=r"another network: its keys begin `0\.weight`, `0\.bias`"):
        infer_architecture(nn.Sequential(nn.Linear(2, 2)).state_dict())


def test_a_generator_with_a_layer_missing_is_not_taken():
    broken = state_dict_of(UNET)
    del broken["model.model.3.bias"]

    with pytest.raises(WeightsError, match=r"nearly a unet_128 .* 1 missing: `model\.model\.3\.bias`"):
        infer_architecture(broken)


def test_a_layer_of_another_width_is_not_taken():
    broken = state_dict_of(RESNET)
    broken["model.12.conv_block.1.weight"] = torch.zeros(8, 9, 3, 3)

    with pytest.raises(WeightsError, match=r"1 of another shape: `model\.12\.conv_block\.1\.weight 8×9×3×3 in place"):
        infer_architecture(broken)


def test_endless_nesting_ends():
    deep = {"model.model.0.weight": torch.zeros(1, 1, 4, 4)}
    prefix = "model.model.1.model"
    for _ in range(60):
        deep[f"{prefix}.1.weight"] = torch.zeros(1, 1, 4, 4)
        prefix += ".3.model"

    with pytest.raises(WeightsError):
        infer_architecture(deep)


def test_compare_keys_groups_all_differences_in_one_message():
    found = state_dict_of(RESNET)
    found["extra"] = torch.zeros(1)
    del found["model.1.weight"]
    found["model.1.bias"] = torch.zeros(7)

    assert compare_keys(found, state_dict_of(RESNET)) == (
        "1 missing: `model.1.weight`; 1 unexpected: `extra`; 1 of another shape: `model.1.bias 7 in place of 2`"
    )
    assert compare_keys(state_dict_of(RESNET), state_dict_of(RESNET)) == ""


def test_compare_keys_names_a_few_of_many():
    message = compare_keys({}, state_dict_of(RESNET))

    assert message.startswith("36 missing: `model.1.weight`")
    assert message.endswith("…")


def test_what_differs_is_told_in_words():
    found = infer_architecture(state_dict_of(RESNET))

    assert difference_between(found, found) == ""
    difference = difference_between(Architecture("resnet_9blocks", "batch", True), found)
    assert "network resnet_9blocks expected, resnet_6blocks found" in difference
    assert "norm batch expected, instance found; dropout True expected, False found" in difference
    # A U-Net's keys do not tell its dropout: that differs from nothing.
    unet = infer_architecture(state_dict_of(UNET))
    assert unet.use_dropout is None and difference_between(replace(unet, use_dropout=True), unet) == ""


def test_the_file_of_a_discriminator_is_named(tmp_path):
    torch.save(patch_gan(3).state_dict(), tmp_path / "d.pth")

    with pytest.raises(WeightsError, match=r"d\.pth.*discriminator"):
        architecture_of(tmp_path / "d.pth")


def test_unknown_dropout_differs_from_nothing():
    assert difference_between(Architecture("unet_256", "batch", True), Architecture("unet_256", "batch", None)) == ""
