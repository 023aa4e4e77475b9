"""What pyproject.toml cannot say: the wheel has `configs/` and `data/`, which stand once, beside the package.

They are copied to `rnnlab/examples/`, from where `rnnlab new --example` takes them.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

EXAMPLES = ("configs", "data")


class BuildWithExamples(build_py):
    """Copies the examples into what is built; an editable install finds them beside the package."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            home = Path(self.build_lib) / "rnnlab" / "examples"
            for name in EXAMPLES:
                shutil.rmtree(home / name, ignore_errors=True)
                shutil.copytree(name, home / name)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        home = Path(self.build_lib) / "rnnlab" / "examples"
        copied = [home / path for name in EXAMPLES for path in Path(name).iterdir()]
        return [*super().get_outputs(include_bytecode), *map(str, copied)]


setup(cmdclass={"build_py": BuildWithExamples})
