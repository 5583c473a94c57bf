from hypothesis import given
from hypothesis import strategies as st

from harness.engines.seeds import image_seed


@given(st.integers(), st.text())
def test_seeds_fit_every_generator_of_torch(seed: int, name: str) -> None:
    assert 0 <= image_seed(seed, name) < 2**63


def test_seed_and_name_both_count_and_the_value_never_changes() -> None:
    # Computed with sha256sum; another derivation would make every recorded run unrepeatable.
    assert image_seed(0, "a") == 5690829181965289459
    assert image_seed(7, "نما ۱") == 3779158391212427330
    assert len({image_seed(s, n) for s in (0, 1) for n in ("a", "b")}) == 4


def test_file_names_that_are_no_text_have_a_seed_too() -> None:
    assert image_seed(0, b"caf\xe9".decode("utf-8", "surrogateescape")) > 0
