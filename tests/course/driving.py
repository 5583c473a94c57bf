"""The page of a study with time in a test's hands."""

from __future__ import annotations

import re
from pathlib import Path

from harness.course.trials import Study

_CLOCK = """<script>
// Time goes by in frames that the test draws, so that no machine is too slow for it.
const clock = { now: 0, waiting: [], driven: DRIVEN };
performance.now = () => clock.now;
const tick = (ms = FRAME) => {
  clock.now += ms;
  const due = clock.waiting.splice(0);
  due.forEach((callback) => callback(clock.now));
};
window.requestAnimationFrame = (callback) => {
  if (!clock.driven && !clock.waiting.length) setTimeout(tick);
  return clock.waiting.push(callback);
};
</script>"""


def with_clock(study: Study, *, driven: bool = False, hertz: float = 60) -> Path:
    """Writes a copy of the page whose frames come by `tick()`; unless `driven`, they draw themselves at once."""
    # The scripts leak no name; a copy without the policy tells a test in which order its pairs come.
    text = study.page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    clock = _CLOCK.replace("DRIVEN", str(driven).lower()).replace("FRAME", str(1000 / hertz))
    text = text.replace("<style>", f"{clock}<style>", 1)
    told = study.page.with_name("told.html")
    told.write_text(text.replace("\nspeak();\n", "\nspeak();\nwindow.pairs_ = () => pairs;\n"), encoding="utf-8")
    return told
