"""Checks the project's prose by rules for plain English. `python -m tests.prose` lists what breaks them.

It reads pages, docstrings, comments, messages of errors, help texts, and names of tests. Code in a text is not read.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = ("*.md", "docs/**/*.md", "docs/*.rst", "tests/**/*.md")
SOURCES = ("smsc_codec", "tests", "bench", "docs", "examples")
# What is written by a program, is in Russian, or is a list of lines of code.
NOT_OURS = ("README.ru.md", "tests/mutation/survivors.md")

RULES = {
    r"\bwhat (?:is|are|was|were) (?:no|none)\b": "name the subject: 'if it is not a reply'",
    r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more than\b|less\b|later\b)[a-z]+": "negate the verb: 'is not a'",
    r"(?<!there )\b(?:is|are|was|were) none\b(?! of\b)": "say what is missing",
    r"(?<!one )(?<!some )(?<!each )\bof which\b": "make two sentences, or write 'whose'",
    r"\bthat of (?:which|what)\b": "name the thing",
    r"\bso (?:many|few|much) (?:\w+ ){0,3}as\b": "write 'as many as'",
    r"\bodd(?:ly|ity|ities)?\b": "write 'unusual'",
    r"\b(?:found|finds?|finding) (?:\w+ ){0,3}out\b": "write 'detect' or 'learn'",
    r"\bno part of\b": "write 'not part of'",
    r"\bwhich is not there\b": "write 'missing'",
    r"\bhas not (?:the|a|an|any)\b": "write 'does not have'",
    r"\bbut for\b": "write 'except'",
    r"\b(?:is|are) told by\b": "write 'is recognised by'",
    r"\bno longer\b|\bpreviously\b": "say how it is, not how it was",
    r"\bnobody's business\b": "say who does not need it",
    r"\bstands? (?:before|behind|in front)\b": "write 'comes before' or 'follows'",
    r"(?:^|[.:;] )(?:said|called|made|asked|taken) by\b": "give the sentence a subject",
}
"""Patterns of words in small letters, and what to do about them."""

# Words that no imperative sentence begins with; neither does a verb in the third person.
NOT_VERBS = frozenset(
    (
        *("a", "all", "an", "as", "both", "each", "every", "for", "how", "in", "it", "its", "like", "no", "nothing"),
        *(
            "of",
            "one",
            "that",
            "the",
            "this",
            "those",
            "what",
            "when",
            "where",
            "whether",
            "which",
            "who",
            "why",
            "with",
        ),
    )
)
VERBS_IN_S = frozenset(("guess", "miss", "pass", "press", "process"))


class Finding(NamedTuple):
    """Words that break a rule."""

    path: str
    line: int
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words!r}: {self.advice}"


class Piece(NamedTuple):
    """Some prose, and the line that it begins at."""

    line: int
    text: str


def findings(path: str, source: str) -> list[Finding]:
    """Return what breaks the rules in a file."""
    if not path.endswith(".py"):
        return _broken(path, [Piece(1, page_without_code(source))])
    tree = ast.parse(source)
    is_test = path.startswith("tests/")
    pieces = [*comments(source), *docstrings(tree), *names_of_tests(tree)]
    if not is_test:
        pieces += messages(tree)
    found = _broken(path, pieces)
    return sorted([*found, *(_commands(path, tree))])


def _broken(path: str, pieces: list[Piece]) -> list[Finding]:
    found = []
    for piece in pieces:
        text = re.sub(r"``[^`]*``|`[^`]*`|\bNone\b", "X", piece.text).lower()
        # A paragraph is a sentence, and places stay as they are.
        joined = re.sub(r"\s", " ", text.replace("\n\n", ". "))
        for pattern, advice in RULES.items():
            for match in re.finditer(pattern, joined):
                line = piece.line + text.count("\n", 0, match.start())
                found.append(Finding(path, line, match[0], advice))
    return found


def page_without_code(source: str) -> str:
    """Return a page with its blocks of code emptied, and as many lines."""
    return re.sub(r"^```.*?^```$", lambda match: "\n" * match[0].count("\n"), source, flags=re.MULTILINE | re.DOTALL)


def comments(source: str) -> Iterator[Piece]:
    """Yield comments; those of lines in a row are one."""
    start, last = 0, 0
    words: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != last + 1:
            if words:
                yield Piece(start, "\n".join(words))
            start, words = token.start[0], []
        last = token.start[0]
        words.append(token.string.lstrip("#: "))
    if words:
        yield Piece(start, "\n".join(words))


def docstrings(tree: ast.AST) -> Iterator[Piece]:
    """Yield docstrings, those of constants and attributes too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield Piece(node.lineno, node.value.value)


def messages(tree: ast.AST) -> Iterator[Piece]:
    """Yield texts of several words that are not docstrings: messages of errors, and help."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | documents:
            text = node.value
        else:
            continue
        if len(re.findall(r"[A-Za-z]{2,}", text)) > 2:
            yield Piece(node.lineno, text)


def names_of_tests(tree: ast.AST) -> Iterator[Piece]:
    """Yield the names of tests as words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Piece(node.lineno, node.name.removeprefix("test_").replace("_", " "))


def _commands(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Yield docstrings of functions that do not begin with a verb in the imperative."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name.startswith("test_"):
            continue
        decorators = {ast.unparse(each).split("(")[0].split(".")[-1] for each in node.decorator_list}
        document = ast.get_docstring(node)
        if document is None or decorators & {"property", "cached_property", "lazy", "fixture", "contextmanager"}:
            continue
        word = re.split(r"[\s,.:]", document, maxsplit=1)[0]
        plain = word.lower()
        if plain in NOT_VERBS or word.startswith(("`", "*")) or (plain.endswith("s") and plain not in VERBS_IN_S):
            yield Finding(path, node.lineno + 1, word, "begin with a verb: 'Return …', 'Raise …'")


def files() -> Iterator[Path]:
    """Yield all files with prose."""
    for pattern in PAGES:
        yield from ROOT.glob(pattern)
    for folder in SOURCES:
        yield from (ROOT / folder).rglob("*.py")
    yield from ROOT.glob("*.py")


def check() -> list[Finding]:
    """Return what breaks the rules in all files."""
    paths = sorted({path.relative_to(ROOT).as_posix() for path in files()} - {*NOT_OURS})
    return [found for path in paths for found in findings(path, (ROOT / path).read_text("utf-8"))]


if __name__ == "__main__":
    broken = check()
    print("\n".join(map(str, broken)))
    sys.exit(1 if broken else 0)
