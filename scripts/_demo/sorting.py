"""Magika in the demonstration: which kinds of files this repository is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rich.table import Table

from scripts._demo.exhibit import Exhibit
from scripts._models.files import features, repository
from scripts._models.packages import MODELS, ROOT
from scripts._models.programs import recipe

KINDS = {".py": "python", ".md": "markdown", ".json": "json", ".toml": "toml", ".yaml": "yaml"}
"""What a file of that suffix is. Vyper is not among magika's kinds."""
FILES = 20
EACH = 8  # files of one kind at most
LEAST = 18  # files that have to be recognised


class Sorting(Exhibit):
    """Ask the chain what each of some files is, from its bytes alone."""

    recipe = recipe("magika_accurate")

    def __init__(self) -> None:
        super().__init__()
        self._files = chosen()

    def inputs(self) -> list[bytes]:
        return [self.schema.encode({"bytes": features(path.read_bytes())}) for path in self._files]

    def tell(self, outputs: Sequence[bytes]) -> tuple[Table, int, list[str]]:
        names = json.loads((MODELS / "magika.json").read_bytes())["target_labels_space"]
        table = Table("file", "kind", "sure", padding=(0, 1))
        right = 0
        for path, output in zip(self._files, outputs, strict=True):
            scores = self.schema.decode(output).reshape(-1)
            name = names[int(scores.argmax())]
            right += name == KINDS[path.suffix]
            style = "bold green" if name == KINDS[path.suffix] else "bold red"
            table.add_row(str(path.relative_to(ROOT)), f"[{style}]{name}[/]", f"{scores.max():.0%}")
        mistakes = [] if right >= LEAST else [f"only {right} of {len(self._files)} files are recognised"]
        return table, right, mistakes


def chosen() -> list[Path]:
    """Files of the repository, by the hashes of their names: none is chosen by hand."""
    found: dict[str, list[Path]] = {suffix: [] for suffix in KINDS}
    ordered = sorted(
        (path for path in repository() if path.suffix in KINDS),
        key=lambda path: sha256(path.relative_to(ROOT).as_posix().encode()).digest(),
    )
    for path in ordered:
        if len(found[path.suffix]) < EACH:
            found[path.suffix].append(path)
    return [path for path in ordered if path in found[path.suffix]][:FILES]
