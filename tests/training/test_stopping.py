"""What stops a training, what stays of it, and how it goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from PIL import Image

from harness.errors import EngineError, MemoryShortError, TrainingError
from harness.runs.record import load_record
from harness.runs.trained import trained_models
from harness.runs.training_record import load_training
from harness.training import evaluation, session
from harness.training.session import Going
from harness.training.starting import resume, train
from harness.training.train_request import TrainRequest
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture
from tests.training.conftest import SMALL, WARM_UP, Finished, Listening, losses, made_record, page_document


def interrupted(workspace: Workspace, name: str, after: int = 2, *more: str) -> Listening:
    """A training on `pairs` that is stopped by hand after an iteration; the one under way is done and saved."""
    progress = Listening(stop_at=after)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setenv("STANDIN_MISBEHAVE", f"wait:{WARM_UP + after}")
        train(workspace, TrainRequest(dataset="pairs", name=name, options=(*SMALL, *more)), progress)
    return progress


def test_stopped_by_hand_it_saves_its_state_and_goes_on_to_the_same_losses(
    workspace: Workspace, pairs: Path, finished: Finished
) -> None:
    stopped = interrupted(workspace, "cut")
    folder = workspace.run("cut")
    state = folder / "checkpoints" / "state.pt"
    assert stopped.warned[-2:] == [
        f"`cut` stopped; its state after iteration 3 is saved in `{state}`", "harness train --resume cut",
    ]  # fmt: skip
    assert any("the state is saved first" in line for line in stopped.said)
    assert load_training(folder).state == "interrupted"
    assert page_document(folder)["hint"] == "harness train --resume cut"
    assert "cut" not in trained_models(workspace)
    assert not [p for p in folder.iterdir() if p.name.startswith(".") and p.name != ".lock"]

    record = resume(workspace, "cut")
    assert (record.state, record.message) == ("finished", None)
    assert losses(folder) == losses(finished.folder)
    assert [told["iteration"] for told in record.resumes] == [3]


@pytest.mark.parametrize("stop_in", ["looking at the pictures", "looking at the held-out", "training"])
def test_stopped_before_anything_was_trained_nothing_stays_and_nothing_else_is_said(
    workspace: Workspace, pairs: Path, stop_in: str
) -> None:
    progress = Listening(stop_in=stop_in)
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainRequest(dataset="pairs", name="never", options=SMALL), progress)
    assert progress.warned[-2:] == ["`never` stopped; nothing was trained yet", ""]
    assert list(workspace.results.iterdir()) == []


def test_a_task_makes_its_pairs_before_it_is_trained(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(4):
        save_picture(tmp_path / "holiday" / f"{number}.png", 64, 64)
    progress = Listening(stop_in="looking at the pictures")
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainRequest(dataset=str(tmp_path / "holiday"), task="grey", options=SMALL), progress)
    assert (workspace.datasets / "holiday-grey" / "dataset.json").is_file()
    assert "`holiday-grey-pix2pix-001` stopped; nothing was trained yet" in progress.warned


@pytest.mark.parametrize(("preset", "fused"), [("quick", True), ("course", True), ("paper", False)])
def test_only_the_papers_own_preset_keeps_the_authors_adam(
    workspace: Workspace, tmp_path: Path, preset: str, fused: bool
) -> None:
    going = Going(workspace, tmp_path, made_record(preset=preset), None, Listening())  # type: ignore[arg-type]
    assert going.job.fused is fused


def test_a_second_interrupt_does_not_wait(workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(Listening):
        def say(self, message: str) -> None:
            super().say(message)
            if message.startswith("stopping"):
                raise KeyboardInterrupt

    progress = Impatient(stop_at=2)
    monkeypatch.setenv("STANDIN_MISBEHAVE", f"wait:{WARM_UP + 2}")
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainRequest(dataset="pairs", name="hasty", options=SMALL), progress)
    assert progress.warned[-2:] == [
        "`hasty` stopped; no state was saved yet: it would begin again", "harness train --resume hasty",
    ]  # fmt: skip
    assert not (workspace.run("hasty") / "checkpoints" / "state.pt").exists()
    assert len(losses(workspace.run("hasty"))) == 2


def test_a_script_that_fails_before_the_first_loss_leaves_its_log_and_names_nothing_that_is_gone(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "die:1")
    with pytest.raises(MemoryShortError, match="killed from outside") as caught:
        train(workspace, TrainRequest(dataset="pairs", name="gone", options=SMALL))
    log = workspace.results / "gone.failed.log"
    assert caught.value.message.endswith(f"nothing was trained yet\nthe whole log: `{log}`")
    assert str(caught.value) == caught.value.message
    assert "The number of training images = 5" in log.read_text()
    assert not workspace.run("gone").exists()
    assert "gone" not in (workspace.results / "index.html").read_text()


def test_a_script_that_fails_later_names_its_log_and_its_state(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", f"die:{WARM_UP + 7}")
    with pytest.raises(EngineError, match="killed from outside") as caught:
        train(workspace, TrainRequest(dataset="pairs", name="late", options=SMALL))
    folder = workspace.run("late")
    told = caught.value.message.splitlines()
    assert told[-2:] == [
        f"its state after iteration 5 is saved in `{folder / 'checkpoints' / 'state.pt'}`",
        f"the whole log: `{folder / 'log.txt'}`",
    ]  # fmt: skip
    assert (folder / "log.txt").is_file()
    assert "killed from outside" in page_document(folder)["message"]
    monkeypatch.delenv("STANDIN_MISBEHAVE")
    assert resume(workspace, "late").message is None


def test_cut_off_while_it_is_tested_it_only_tests_again(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    progress = Listening()
    with monkeypatch.context() as patched:
        patched.setattr(session, "end_training", cut)
        with pytest.raises(KeyboardInterrupt):
            train(workspace, TrainRequest(dataset="pairs", name="tested", options=SMALL), progress)
    folder = workspace.run("tested")
    assert progress.warned[-2] == "`tested` stopped; it is trained; its tests go on where they were"
    assert load_training(folder).state == "ending"
    (folder / "checkpoints" / "state.pt").unlink()  # a second training would begin anew
    before = losses(folder)
    record = resume(workspace, "tested")
    assert record.state == "finished"
    assert losses(folder) == before
    assert len(page_document(folder)["losses"]["epochs"]) == 10


def test_tests_that_were_done_before_a_cut_are_not_done_again(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(evaluation, "load_measurement", cut)  # read when all of them are done
        with pytest.raises(KeyboardInterrupt):
            train(workspace, TrainRequest(dataset="pairs", name="tested", options=SMALL))
    before = load_record(workspace.run("tested-best"))
    record = resume(workspace, "tested")
    assert load_record(workspace.run("tested-best")) == before
    assert record.results[0]["best"]["run"] == "tested-best"
    assert not any("its test" in line for line in record.warnings)


def test_a_running_training_is_not_gone_on_with_and_a_changed_dataset_is_said(
    workspace: Workspace, pairs: Path
) -> None:
    interrupted(workspace, "busy")
    with FileLock(workspace.run("busy") / ".lock"), pytest.raises(TrainingError, match="by another process"):
        resume(workspace, "busy")
    picture = pairs / "train" / "train 0.png"
    changed = Image.open(picture).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    changed.save(picture)
    record = resume(workspace, "busy")
    assert "the training pictures were changed between two goings on" in record.warnings


def test_a_batch_too_large_is_halved_and_that_is_remembered_at_once(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(workspace, "halved", 1, "--batch_s", "2")
    monkeypatch.setenv("STANDIN_MISBEHAVE", "batch")
    progress = Listening(stop_in="training", skip=1)  # while it starts again with fewer
    with pytest.raises(KeyboardInterrupt):
        resume(workspace, "halved", progress=progress)
    assert "2 images at once do not fit the memory: 1 now" in progress.warned
    assert load_training(workspace.run("halved")).options[-2:] == ("--batch_size", "1")
    record = resume(workspace, "halved")
    assert (record.state, record.plan["batch_size"]) == ("finished", 1)


@pytest.mark.parametrize("spoilt", ["truncated", "odd"])
def test_held_out_pictures_are_looked_at_before_the_first_iteration_also_when_it_goes_on(
    workspace: Workspace, pairs: Path, spoilt: str
) -> None:
    good = pairs / "test" / "test 0.png"
    bad = pairs / "test" / "bad.png"
    if spoilt == "truncated":
        bad.write_bytes(good.read_bytes()[:600])
    else:
        save_picture(bad, 65, 32)
    said = rf"held out in `test` could not be tested .*`{bad}`"
    progress = Listening()
    with pytest.raises(TrainingError, match=said) as caught:
        train(workspace, TrainRequest(dataset="pairs", name="hours", options=SMALL), progress)
    assert "the same command again" in str(caught.value.hint)
    assert not workspace.run("hours").exists()
    assert not any("iterations" in line for line in progress.said)
    if spoilt == "odd":
        return
    content = bad.read_bytes()
    bad.unlink()
    interrupted(workspace, "hours")
    bad.write_bytes(content)
    with pytest.raises(TrainingError, match=said):
        resume(workspace, "hours")
    bad.unlink()
    assert resume(workspace, "hours").state == "finished"


def test_a_held_out_picture_that_goes_bad_meanwhile_does_not_keep_the_model_from_being_there(
    workspace: Workspace, pairs: Path
) -> None:
    class Spoiling(Listening):
        def advance(self, amount: float = 1) -> None:
            super().advance(amount)
            if self.done == 6:
                (pairs / "test" / "test 0.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")

    progress = Spoiling()
    record = train(workspace, TrainRequest(dataset="pairs", name="kept", options=SMALL), progress)
    assert record.state == "finished"
    assert record.models[0].epoch == 2
    assert "kept" in trained_models(workspace)
    assert any("is there, but its test `best` failed" in line for line in record.warnings)
    assert any("the last epoch of `kept` is taken" in line for line in record.warnings)
    assert not workspace.run("kept-best").exists()


def test_results_of_another_training_are_never_its_own(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    train(workspace, TrainRequest(dataset="pairs", name="foo", options=SMALL))
    first = load_record(workspace.run("foo-best"))
    shutil.rmtree(workspace.run("foo"))
    with pytest.raises(TrainingError, match="would make `foo-best`, which exists already"):
        train(workspace, TrainRequest(dataset="pairs", name="foo", options=SMALL, seed=1))
    for run in workspace.results.glob("foo-*"):
        run.rename(workspace.root / run.name)
    with monkeypatch.context() as patched:
        patched.setattr(session, "end_training", cut)
        with pytest.raises(KeyboardInterrupt):
            train(workspace, TrainRequest(dataset="pairs", name="foo", options=SMALL, seed=1))
    for run in workspace.root.glob("foo-*"):
        run.rename(workspace.results / run.name)
    record = resume(workspace, "foo")
    assert load_record(workspace.run("foo-best")) == first
    assert record.results[0]["best"] == {"epoch": record.results[0]["best"]["epoch"]}
    assert any("is a run of other weights, pictures or seed" in line for line in record.warnings)


def test_tensorboard_gets_the_same_losses_when_asked(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("STANDIN_MISBEHAVE", f"wait:{WARM_UP + 7}")
    with pytest.raises(KeyboardInterrupt):
        train(
            workspace,
            TrainRequest(dataset="pairs", name="board", options=SMALL, tensorboard=True),
            Listening(stop_at=7),
        )
    monkeypatch.delenv("STANDIN_MISBEHAVE")
    (workspace.run("board") / "losses.csv").write_text("")  # a power cut can leave a file without its content
    resume(workspace, "board")
    events = EventAccumulator(str(workspace.run("board") / "tensorboard")).Reload()
    told = {event.step: event.value for event in events.Scalars("G_L1")}
    expected = {int(row["iteration"]): float(row["G_L1"]) for row in losses(workspace.run("board"))}
    assert told == pytest.approx(expected, rel=1e-6)
    assert sorted(expected) == list(range(1, 11))


def test_what_an_option_needs_is_named(workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="`--tensorboard` needs `tensorboard`") as caught:
        train(workspace, TrainRequest(dataset="pairs", tensorboard=True))
    assert caught.value.hint == "pip install tensorboard"


def test_losses_that_are_no_numbers_stand_on_the_page_and_are_gone_after_a_resume(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pair(pairs / "train" / "more.png", 32)
    monkeypatch.setenv("STANDIN_MISBEHAVE", "nan")
    with pytest.raises(TrainingError, match=r"no finite number .* nothing was saved yet"):
        train(workspace, TrainRequest(dataset="pairs", name="nan", options=SMALL))
    folder = workspace.run("nan")
    assert load_training(folder).state == "failed"
    assert "no finite number" in page_document(folder)["message"]
    monkeypatch.delenv("STANDIN_MISBEHAVE")
    assert resume(workspace, "nan").message is None
