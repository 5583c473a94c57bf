"""Makes published tables again: trains or tests what is missing, measures it, and writes what came of it as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.catalog.domains import DOMAINS
from harness.catalog.models import MODELS
from harness.catalog.published_scores import MEASURED_AS
from harness.catalog.reproductions import RECIPES, TOLERANCE, Recipe, Variant
from harness.catalog.types import Direction
from harness.documents import Document
from harness.errors import HarnessError, RunError, TrainingError, UnknownNameError
from harness.files import sha256_of
from harness.metrics.measure import Measurement
from harness.metrics.palette_accuracy import class_colours
from harness.metrics.registry import find_metrics
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.reproduce.findings import Evidence, Findings, Section
from harness.runs.record import load_record
from harness.runs.trained import find_model, trained_weights
from harness.sets.trainable import TrainingData, check_set, find_data
from harness.testing.measuring import FurtherMetrics, measure_run
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.training.presets import Preset
from harness.training.repeating import train_by_seeds
from harness.training.train_request import TrainRequest
from harness.version import __version__
from harness.workspace import Workspace

FILE = "reproduction.json"
