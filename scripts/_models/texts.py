"""Real English sentences without a network: what the installed packages say about themselves.

Which ones is decided by the hashes of the sentences, so that the same locked packages give the same texts on
every machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email.message import Message
from hashlib import sha256
from importlib.metadata import Distribution
from pathlib import Path
from typing import cast

from scripts._models.packages import ROOT

LOCK = ROOT / "requirements.lock"
EACH = 16  # texts of one package at most, so that none sets the tone
PROSE = 0.8  # part of a text that has to be letters
CODE = re.compile(r"```.*?```|~~~.*?~~~|^(?: {4}|\t|>>>|\$ )[^\n]*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"<[^>]*>|!?\[([^\]]*)\]\([^)]*\)|`([^`<]*)(?: <[^>]*>)?`_*")
MARK = re.compile(r"\[![A-Z]+\]|^[ \t]*[-+>]+\s|[*`|#]+", re.MULTILINE)
TAG = re.compile(r"\n[ \t]*(?=@)")
INDENT = re.compile(r"^[ \t]*(?:@[\w:]+ )?", re.MULTILINE)
DOCUMENTATION = re.compile(r'"""(.*?)"""', re.DOTALL)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def texts(count: int, least: int, most: int) -> list[str]:
    """This many different texts of `least` to `most` words: sentences, joined where one is too short."""
    found = sorted(
        ((sha256(text.encode()).digest(), name, text) for name, text in _all(least, most)),
        key=lambda entry: entry[0],
    )
    chosen: dict[str, str] = {}  # by their letters, so that none differs in a number alone
    taken: Counter[str] = Counter()
    for _, name, text in found:
        letters = "".join(filter(str.isalpha, text))
        if taken[name] < EACH and letters not in chosen:
            chosen[letters] = text
            taken[name] += 1
    if len(chosen) < count:
        raise ValueError(f"texts: the packages hold only {len(chosen)} of {count} texts")
    return list(chosen.values())[:count]


def _all(least: int, most: int) -> Iterator[tuple[str, str]]:
    for name in re.findall(r"^([\w.-]+)==", LOCK.read_text(), re.MULTILINE):
        for described in Distribution.discover(name=name):
            # Metadata is a mail whose body is the description; the types say only that it has headers.
            for paragraph in paragraphs(str(cast(Message, described.metadata).get_payload())):
                for text in passages(paragraph, least, most):
                    yield name, text


def paragraphs(description: str) -> list[str]:
    """The prose of a Markdown or reStructuredText description, without markup, line breaks and code."""
    prose = LINK.sub(lambda link: link[1] or link[2] or " ", CODE.sub("\n\n", description))
    plain = MARK.sub("", prose)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", plain)]


def passages(paragraph: str, least: int, most: int) -> Iterator[str]:
    """Runs of sentences with the wished number of words, of which most characters are letters."""
    passage: list[str] = []
    for sentence in SENTENCE.split(paragraph):
        passage += sentence.split()
        if len(passage) > most:
            passage = []
        elif len(passage) >= least:
            text = " ".join(passage)
            passage = []
            prose = sum(map(str.isalpha, text)) >= PROSE * len(text) - len(text.split())
            if prose and text[-1] in ".!?" and "://" not in text:
                yield text


def repository() -> list[tuple[Path, str]]:
    """Every paragraph of the repository's own documentation, with its file: what a demonstration searches."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "deployments").glob("*.md"))]
    interfaces = sorted((ROOT / "contracts" / "interfaces").glob("*.vyi"))
    documents = [(page, page.read_text().replace("\n|", "\n\n|")) for page in pages if page.is_file()]
    documents += [
        (file, INDENT.sub("", TAG.sub("\n\n", text)))
        for file in interfaces
        for text in DOCUMENTATION.findall(file.read_text())
    ]
    return [
        (file.relative_to(ROOT), paragraph)
        for file, text in documents
        for paragraph in paragraphs(text)
        if len(paragraph.split()) >= 8
    ]
