"""onnxruntime-web, which computes ONNX files in a browser: which files of which version, where they are, their hashes.

Of the package as its registry had it on 2026-11-26; the networks below serve its very files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VERSION: Final = "1.30.0"
LICENCE: Final = "ONNX Runtime, Copyright (c) Microsoft Corporation, MIT License"
_SERVERS = ("https://cdn.jsdelivr.net/npm/onnxruntime-web", "https://unpkg.com/onnxruntime-web")


@dataclass(frozen=True)
class RuntimeFile:
    """A file of the package's `dist/`."""

    name: str
    sha256: str
    size_bytes: int

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it is, tried in order."""
        return tuple(f"{server}@{VERSION}/dist/{self.name}" for server in _SERVERS)


# The build with its loader inside, without WebGPU: SIMD always, threads where the page may have them.
SCRIPT: Final = RuntimeFile(
    "ort.wasm.bundle.min.mjs", "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90", 73_054
)
WASM: Final = RuntimeFile(
    "ort-wasm-simd-threaded.wasm", "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2", 14_239_897
)
