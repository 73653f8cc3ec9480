"""Compiles the C in ``embeddings/`` when the project is installed, by hand or into a wheel.

Uses the machine's C compiler; where there is none, pip brings one for the time of the build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("kernels.c", "wordpiece.c")
COMPILER = "ziglang==0.17.1"  # clang in a wheel for every common machine
FLAGS = (
    *("-std=c11", "-O3", "-Wall", "-Wextra", "-shared"),
    # Sums must not depend on the machine: no instruction that rounds once instead of twice.
    "-ffp-contract=off",
    *("-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffinite-math-only"),
    *(() if sys.platform == "win32" else ("-fPIC",)),
)
LIBRARY = "kernels.dll" if sys.platform == "win32" else "libkernels.so"


class Kernels(BuildHookInterface[Any]):
    """Makes the library beside its source, where an installation for editing looks for it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip has to bring before the build."""
        return [] if compiler() else [COMPILER]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a wheel then holds the library and is for machines like this one."""
        del version
        folder = Path(self.root) / "embeddings"
        compile_library([folder / name for name in SOURCES], folder / LIBRARY)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"].append(f"embeddings/{LIBRARY}")


def compiler() -> list[str] | None:
    """The command of this machine's compiler, which ``CC`` may name."""
    named = os.environ.get("CC", "").split()
    names = [named] if named else [["cc"], ["gcc"], ["clang"]]
    return next((name for name in names if shutil.which(name[0])), None)


def compile_library(sources: Sequence[Path], library: Path) -> None:
    """Compile beside the library that may be in use, then put the new one in its place."""
    # Zig's would otherwise be for this machine's processor alone.
    command = compiler() or [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    made = library.with_name(f"{library.name}.{os.getpid()}")
    try:
        subprocess.run([*command, *FLAGS, "-o", str(made), *map(str, sources), "-lm"], check=True)
        made.replace(library)
    finally:
        made.unlink(missing_ok=True)
