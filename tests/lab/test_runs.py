"""Trainings in a process of their own: isolated, stoppable, killable, never orphaned."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from demo.errors import DemoError
from demo.lab.kinds.base import find_kind
from demo.lab.options import TrainOptions
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.runs import TrainingRun
from demo.lab.training.checkpoints import CHECKPOINT

ROOT = Path(__file__).parents[2]
FOREVER = 1_000_000


def small_recipe(**changes: object) -> ClassifierRecipe:
    recipe = find_recipe("cnn-cifar10")
    assert isinstance(recipe, ClassifierRecipe)
    plain = replace(recipe, batch=8, precision="float32", outliers="", measure_every=FOREVER)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def options(tiny_data: Path, tmp_path: Path) -> TrainOptions:
    """Two epochs on the tiny data, one thread."""
    return TrainOptions(tmp_path / "run", 2, data=tiny_data, cache=tmp_path / "cache")


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(run / CHECKPOINT, weights_only=True)["model"]
    return state


def assert_gone(pid: int, within_s: float = 10) -> None:
    """The process ends, or has only its exit status left to be read."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there after {within_s} s")


def test_it_trains_the_same_bits_and_leaves_the_caller_untouched(
    options: TrainOptions, tmp_path: Path
) -> None:
    torch.manual_seed(7)
    random_state, threads = torch.get_rng_state(), torch.get_num_threads()
    other = threads + 1
    with TrainingRun.start(small_recipe(), replace(options, threads=other)) as run:
        steps = list(run)
        assert not list(run)  # it has ended
    assert [(step.epoch, step.step, step.steps) for step in steps] == [(1, 4, 4), (2, 4, 4)]
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.get_num_threads() == threads
    assert f'"machine": "{other} CPU cores"' in (options.run / "run.json").read_text()
    here = replace(options, run=tmp_path / "here")
    torch.set_num_threads(other)
    list(find_kind("classify").train(small_recipe(), here))
    torch.set_num_threads(threads)
    trained, expected = weights_of(options.run), weights_of(here.run)
    assert all(torch.equal(trained[key], expected[key]) for key in expected)


def test_a_stopped_training_resumes_to_the_same_bits(options: TrainOptions, tmp_path: Path) -> None:
    six = replace(options, epochs=6)
    with TrainingRun.start(small_recipe(), replace(six, run=tmp_path / "whole")) as run:
        assert [step.epoch for step in run] == list(range(1, 7))
    with TrainingRun.start(small_recipe(), six) as run:
        steps = iter(run)
        assert next(steps).epoch == 1
        run.stop()
        list(steps)
    assert not run.running
    with TrainingRun.start(small_recipe(), replace(six, resume=True)) as run:
        list(run)
    whole, resumed = weights_of(tmp_path / "whole"), weights_of(six.run)
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_stop_ends_after_the_step_and_keeps_the_last_whole_epoch(options: TrainOptions) -> None:
    with TrainingRun.start(small_recipe(), replace(options, epochs=FOREVER)) as run:
        steps = iter(run)
        next(steps)
        run.stop()
        epochs = [step.epoch for step in steps]
    saved = torch.load(options.run / CHECKPOINT, weights_only=True)["epoch"]
    assert saved == (epochs[-1] if epochs else 1) < FOREVER
    run.stop()  # no error where it has ended
    run.kill()


def test_a_killed_training_is_gone_within_two_seconds(options: TrainOptions) -> None:
    run = TrainingRun.start(small_recipe(), replace(options, epochs=FOREVER))
    steps = iter(run)
    next(steps)
    assert run.pid is not None
    assert psutil.pid_exists(run.pid)
    start = time.monotonic()
    run.kill()
    assert time.monotonic() - start < 2
    assert not run.running
    assert not psutil.pid_exists(run.pid)
    list(steps)  # ends without an error
    run.close()
    assert weights_of(options.run)


def test_leaving_the_block_ends_a_training_that_nobody_reads(options: TrainOptions) -> None:
    with TrainingRun.start(small_recipe(), replace(options, epochs=FOREVER)) as run:
        next(iter(run))
        time.sleep(1)  # the pipe fills
    assert not run.running


def test_the_error_of_a_training_is_raised_here(options: TrainOptions, tmp_path: Path) -> None:
    empty = replace(options, data=tmp_path)
    with TrainingRun.start(small_recipe(), empty) as run, pytest.raises(DemoError) as raised:
        list(run)
    assert raised.value.key == "lab_data_missing"
    assert str(raised.value) == str(DemoError("lab_data_missing", **raised.value.fields))
    assert "cifar10/cifar10.npz" in str(raised.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_missing_gpu_is_an_error(options: TrainOptions) -> None:
    gpu = replace(options, device="cuda")
    with TrainingRun.start(small_recipe(), gpu) as run, pytest.raises(DemoError) as raised:
        list(run)
    assert raised.value.key == "lab_no_cuda"


def test_a_training_that_crashes_is_an_error(
    options: TrainOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = small_recipe(loss="hinge")
    with TrainingRun.start(recipe, options) as run, pytest.raises(DemoError) as raised:
        list(run)
    assert raised.value.key == "lab_run_died"
    assert raised.value.fields == {"name": "cnn-cifar10", "code": 1}
    assert "got 'hinge'" in capfd.readouterr().err  # its traceback


def test_a_training_that_the_system_kills_is_an_error(options: TrainOptions) -> None:
    with TrainingRun.start(small_recipe(), replace(options, epochs=FOREVER)) as run:
        steps = iter(run)
        next(steps)
        assert run.pid is not None
        os.kill(run.pid, signal.SIGKILL)
        with pytest.raises(DemoError, match="exit status -9"):
            list(steps)


ORPHAN = """
import sys, time
from dataclasses import replace
from pathlib import Path
from demo.lab.options import TrainOptions
from demo.lab.recipe import find_recipe
from demo.lab.runs import TrainingRun

if __name__ == "__main__":
    data, run = map(Path, sys.argv[1:])
    recipe = replace(find_recipe("cnn-cifar10"), outliers="")
    training = TrainingRun.start(recipe, TrainOptions(run, 1_000_000, data=data, cache=run))
    for _ in training:
        print(training.pid, flush=True)
"""


def test_a_training_ends_with_a_killed_caller(tiny_data: Path, tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    script.write_text(ORPHAN, "utf-8")
    caller = subprocess.Popen(
        [sys.executable, script, tiny_data, tmp_path / "run"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert caller.stdout is not None
    pid = int(caller.stdout.readline())
    caller.kill()
    caller.wait()
    caller.stdout.close()
    assert_gone(pid)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_command_ends_its_training(
    number: signal.Signals, status: int, tiny_data: Path, tmp_path: Path
) -> None:
    words = ["train", "cnn-cifar10", "--data", str(tiny_data), "--epochs", str(FOREVER)]
    words += ["--threads", "1", "--runs", str(tmp_path / "runs")]
    command = subprocess.Popen(
        [sys.executable, "-m", "demo.lab", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert command.stdout is not None
    assert command.stdout.readline().startswith("░")
    children = psutil.Process(command.pid).children(recursive=True)
    assert children
    os.killpg(command.pid, number)  # as a terminal does
    _, errors = command.communicate(timeout=30)
    assert command.returncode == status
    assert "Traceback" not in errors
    for child in children:
        assert_gone(child.pid)


def test_the_command_line_and_the_kinds_are_imported_without_torch() -> None:
    """So that a process that only waits for a training can do without its memory."""
    asked = (
        "import sys; from demo.lab.__main__ import main; from demo.lab.kinds.base import kinds;"
        "assert len(kinds()) == 3; print('torch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"
