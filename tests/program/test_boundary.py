"""The specification stands alone: numpy, the hash, and Python's own library."""

import ast
import sys
from pathlib import Path

import executor.program


def test_imports__of_the_program_package__are_numpy_the_hash_and_the_standard_library() -> None:
    imported = set()
    for path in Path(executor.program.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    own = {name for name in foreign if name.startswith("executor.program.")}
    assert foreign - own == {"numpy", "numpy.typing", "sha3"}
