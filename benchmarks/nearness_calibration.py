"""Shows that nearness is calibrated: where held-out pictures of a domain land, and where deliberate shifts of them do.

    python benchmarks/nearness_calibration.py FOLDER [--other FOLDER] [--splits 10]

FOLDER holds pictures of one domain. Ten times it is split at random into 70 % for a profile and 30 % held out. Held-out
percentiles must be uniform: each split is tested against its profile's own pictures (two-sample Kolmogorov-Smirnov,
since those are few as well), and all splits together are set beside the uniform distribution.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageFilter
from scipy.stats import ks_2samp, kstest

from harness.nearness.assessment import Nearness, assess, assess_set
from harness.nearness.palette import Picture
from harness.nearness.profile import Profile, build_profile, load_profile, profile_of, save_profile

SAMPLES = ("astronaut", "chelsea", "coffee", "rocket", "camera", "brick", "grass", "gravel", "moon", "page", "text")


def _pil(change: Callable[[Image.Image], Image.Image]) -> Callable[[Picture], Picture]:
    return lambda picture: np.asarray(change(Image.fromarray(picture)).convert("RGB"))


def _jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    return change


def _night(picture: Picture) -> Picture:
    return (picture * 0.35 * np.array([0.9, 0.95, 1.1])).clip(0, 255).astype(np.uint8)


def _noise(picture: Picture) -> Picture:
    noise = np.random.default_rng(int(picture.sum())).normal(0, 15, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def _zoomed(image: Image.Image) -> Image.Image:
    w, h = image.size
    return image.crop((w // 4, h // 4, w - w // 4, h - h // 4)).resize((w, h), Image.Resampling.BICUBIC)


SHIFTS: dict[str, Callable[[Picture], Picture]] = {
    "mirrored (no shift for most domains)": _pil(lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "JPEG quality 50": _pil(_jpeg(50)),
    "JPEG quality 20": _pil(_jpeg(20)),
    "blurred, sigma 1": _pil(lambda i: i.filter(ImageFilter.GaussianBlur(1))),
    "blurred, sigma 2": _pil(lambda i: i.filter(ImageFilter.GaussianBlur(2))),
    "half size and back": _pil(lambda i: i.resize((i.width // 2, i.height // 2), 2).resize(i.size, 2)),
    "zoomed 2 times": _pil(_zoomed),
    "night": _night,
    "overexposed": lambda p: (255 * (p / 255) ** 0.5).astype(np.uint8),
    "half the contrast": lambda p: (p * 0.5 + 64).astype(np.uint8),
    "rotated by 90°": lambda p: np.ascontiguousarray(np.rot90(p)),
    "upside down": lambda p: np.ascontiguousarray(p[::-1]),
    "inverted": lambda p: 255 - p,
    "noise, sigma 15": _noise,
    "red and blue swapped": lambda p: np.ascontiguousarray(p[..., ::-1]),
    "grey": _pil(lambda i: i.convert("L")),
}


def read(path: Path, size: tuple[int, int] | None = None) -> Picture:
    image = Image.open(path).convert("RGB")
    return np.asarray(image.resize(size) if size else image)


def samples(size: tuple[int, int]) -> list[Picture]:
    """Photographs that come with scikit-image, as a user would crop them."""
    found = []
    for name in SAMPLES:
        image = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        found.append(np.asarray(image.crop((left, top, left + side, top + side)).resize(size)))
    return found


def line(name: str, percentiles: np.ndarray, found: list[Nearness], profile: Profile) -> str:
    together = assess_set(found, profile)
    far = np.mean(percentiles >= profile.scale.percentiles(np.array([np.inf]))[0])
    verdict = f"{together.distance:6.3f} [{together.low:6.3f}, {together.high:6.3f}]  {together.verdict}"
    middle, beyond = np.median(percentiles), np.mean(percentiles > 95)
    return f"{name:38s} {middle:6.1f} {100 * beyond:7.0f} % {100 * far:7.0f} %   {verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--other", type=Path, help="pictures of another domain")
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    paths = sorted(p for p in options.folder.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
    everything = build_profile(paths, options.folder.name, {"dataset": str(options.folder.name)})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.json"
        save_profile(file, everything)
        assert assess(read(paths[0]), load_profile(file)) == assess(read(paths[0]), everything)
        print(f"{len(paths)} pictures, a profile of {file.stat().st_size / 1000:.0f} kB")

    pictures = [read(p) for p in paths]
    size = (pictures[0].shape[1], pictures[0].shape[0])
    changed = {"held out": [assess(p, everything) for p in pictures]}
    for name, shift in SHIFTS.items():
        changed[name] = [assess(shift(p), everything) for p in pictures]
    fixed = {"photographs of scikit-image": [assess(p, everything) for p in samples(size)]}
    if options.other:
        others = sorted(p for p in options.other.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
        fixed[f"another domain: {options.other.name}"] = [assess(read(p, size), everything) for p in others]

    generator = np.random.default_rng(0)
    descriptions = np.array([one.description for one in changed["held out"]])
    held, tests, landed = [], [], {name: [] for name in (*changed, *fixed)}
    for _ in range(options.splits):
        order = generator.permutation(len(paths))
        cut = int(0.7 * len(paths))
        training, rest = order[:cut], order[cut:]
        profile = profile_of(descriptions[training], "split", {}, everything.palette)

        def percentiles(found: list[Nearness], profile: Profile = profile) -> tuple[np.ndarray, np.ndarray]:
            rows = np.array([one.description for one in found])
            scores = profile.scale.joined(profile.scale.surprise(profile.reference.remoteness(rows)))
            return scores, profile.scale.percentiles(scores)

        scores, found = percentiles([changed["held out"][i] for i in rest])
        tests.append(ks_2samp(scores, profile.scale.scores).pvalue)
        held.append(found)
        for name, all_of_them in changed.items():
            landed[name].append(percentiles([all_of_them[i] for i in rest])[1])
        for name, all_of_them in fixed.items():
            landed[name].append(percentiles(all_of_them)[1])

    pooled = np.concatenate(held)
    deciles = np.histogram(pooled, bins=10, range=(0, 100))[0] / pooled.size
    uniform = kstest(pooled / 100, "uniform").statistic
    print(f"held-out percentiles: Kolmogorov-Smirnov distance from uniform {uniform:.3f}")
    print("share in each tenth: " + " ".join(f"{100 * d:.0f} %" for d in deciles))
    print(f"two-sample test of each split: p median {np.median(tests):.2f}, all " + " ".join(f"{p:.2f}" for p in tests))
    print(f"{'':38s} median  beyond 95    far      distance of the last set held out")
    for name, found in {**{n: [all_of_them[i] for i in rest] for n, all_of_them in changed.items()}, **fixed}.items():
        print(line(name, np.concatenate(landed[name]), found, profile))
    for name in ("blurred, sigma 2", "night", "rotated by 90°", "noise, sigma 15", *fixed):
        found = (changed | fixed)[name]
        typical = sorted(found, key=lambda one: one.surprise)[len(found) // 2]
        print(f"{name}: {'; '.join(typical.reasons)}")
        print(f"    advice: {'; '.join(typical.advice)}")


if __name__ == "__main__":
    main()
