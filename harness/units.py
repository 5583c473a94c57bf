"""Times, sizes and numbers of things as people say them."""

from __future__ import annotations

from datetime import UTC, datetime


def counted(number: int, one: str) -> str:
    """Returns how many there are of what is called `one`: `1 image`, `2 images`."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def duration(seconds: float) -> str:
    """Returns a time in one or two units: `40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    # Rounded before the comparison, so that 59.6 minutes are `1 h` and not `60 min`.
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def megabytes(size: float) -> str:
    """Returns a number of bytes in decimal megabytes or gigabytes."""
    # As disks and downloads are sold and told; GiB would not agree with what a browser shows.
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def moment(written: str) -> datetime:
    """Returns the moment an ISO 8601 text names, in UTC so that moments of all time zones have one order.

    Raises:
        ValueError: it names none.
    """
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except OverflowError:  # the years 1 and 9999 have moments outside of what can be counted
        raise ValueError(f"`{written}` is no time that a run can have started") from None
