from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.rows import Rows, Table


def test_images_come_one_by_one_or_many_at_a_time_in_any_order() -> None:
    table = Table(["ssim", "psnr"])
    table.add("c", {"ssim": 0.3, "psnr": 3.0})
    table.extend(Rows(("b", "a"), {"psnr": np.array([2.0, 1.0]), "other": np.ones(2), "ssim": np.array([0.2, 0.1])}))

    assert len(table) == 3
    assert [(row.name, row.values["ssim"], row.values["psnr"]) for row in table.rows("abc")] == [
        ("a", 0.1, 1.0),
        ("b", 0.2, 2.0),
        ("c", 0.3, 3.0),
    ]


def test_what_an_image_has_no_number_for_is_not_a_number() -> None:
    table = Table(["ssim", "psnr"])
    table.add("a", {"ssim": 1.0})
    table.extend(Rows(("b",), {"psnr": np.ones(1)}))

    columns = table.rows("ab").columns
    assert np.isnan([columns["psnr"][0], columns["ssim"][1]]).all()
    assert (columns["ssim"][0], columns["psnr"][1]) == (1.0, 1.0)


def test_a_table_without_columns_still_knows_its_images() -> None:
    table = Table([])
    table.extend(Rows(("a", "b"), {}))

    assert table.rows("ba") == Rows(("b", "a"), {})


def test_an_image_that_came_twice_or_never_is_refused() -> None:
    table = Table(["ssim"])
    table.add("a", {"ssim": 1.0})
    with pytest.raises(KeyError, match="b"):
        table.rows("ab")
    table.extend(Rows(("a",), {"ssim": np.ones(1)}))
    with pytest.raises(ValueError, match="two rows of the name `a`"):
        table.rows("a")
