"""Every chore is a session: `nox -l` lists them, `nox -s tests-3.12 -- tests/test_query.py` runs one.

The arguments behind `--` go to the command that does the work. Environments are kept in `.nox` and used again.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]

# Published clients of the service, which `clients` installs.
PYTHON_CLIENTS = {"apprise": "apprise==2.3.0", "smsc": "smsc==0.1.1"}
NODE_CLIENT = "node-smsc@0.2.3"

# Tools that record, and what pip has to install for each; `recorders` runs them.
RECORDERS = {
    "vcrpy": ["vcrpy==9.4.2"],
    "curl": [],
    "httpie": ["httpie==3.2.4"],
    "betamax": ["betamax==0.9.0", "requests"],
    "warcio": ["warcio==1.8.1", "requests"],
    "responses": ["responses==0.26.3", "requests"],
    "nock": [],
    "mitmproxy": ["mitmproxy"],
    "chromium": ["playwright"],
}
APART = ("mitmproxy", "httpie")
NOCK = "nock@14.0.17"

nox.needs_version = ">=2025.11.12"
nox.options.sessions = ["lint", "layers", "types", "coverage"]
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "virtualenv"  # it has pip, with the settings of the machine
# A machine need not have every interpreter, and none is fetched: nox says which sessions it skips for that.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

# pyenv's shims start only the versions that are active. The interpreters themselves start always.
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
_FOUND = [str(folder) for version in PYTHONS for folder in sorted(_PYENV.glob(f"{version}.*/bin"))]
os.environ["PATH"] = os.pathsep.join([*_FOUND, os.environ["PATH"]])


def install(session: nox.Session, *groups: str, library: str = "") -> None:
    """Install dependency groups and, if *library* is `.` or `.[extra]`, the library in editable mode."""
    session.install(*nox.project.dependency_groups(PROJECT, *groups), *(["-e", library] if library else []))


def install_if_possible(session: nox.Session, *packages: str, one_by_one: bool = False) -> None:
    """Install packages that not every machine can have: all of them or none, or *one_by_one* as many as can be had."""
    for wanted in [[each] for each in packages] if one_by_one else [packages]:
        try:
            session.install(*wanted)
        except CommandFailed:
            session.warn(f"these packages cannot be installed here: {' '.join(wanted)}")


def commands(page: str) -> list[str]:
    """Return the blocks of shell commands of a page."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


# Tests


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests with one interpreter: all of them, or those behind `--`."""
    if session.python == os.environ.get("TESTED"):
        session.skip("another command has run the tests with this interpreter")
    install(session, "doubles", library=".[test]")
    session.run("pytest", "-q", "-p", "no:cacheprovider", *(session.posargs or ["-n", "auto"]))


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the tests with the oldest interpreter and the oldest dependencies that pyproject.toml allows."""
    install(session, library=".[test]")
    install_if_possible(session, *(name.replace(">=", "==") for name in PROJECT["project"]["dependencies"]))
    session.run("pytest", "-q", "-p", "no:cacheprovider", *(session.posargs or ["-n", "auto"]))


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests and fail if they leave out a branch of the library.

    Tests that need a program run here if the machine has it; the summary counts the others.
    """
    install(session, "doubles", "mutants", library=".[test]")
    install_if_possible(session, "mypy>=2", *RECORDERS["vcrpy"], one_by_one=True)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", "-n", "auto")
    session.run("coverage", "combine", "-q")
    session.run("coverage", "report")


@nox.session(venv_backend="none")
def vectors(session: nox.Session) -> None:
    """Read the table of cases in another language."""
    if shutil.which("node") is None:
        session.skip("node is not here: tests/vectors/check.mjs was not run")
    session.run("node", "tests/vectors/check.mjs")


@nox.session
def clients(session: nox.Session) -> None:
    """Run existing clients, unchanged, against the fake service, each in an environment of its own.

    If a client cannot be installed here, its tests are skipped, and say so.
    """
    install(session, library=".[testing]")
    folder = Path(session.create_tmp()).resolve()
    command = ("-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--override-ini=addopts=--strict-markers")
    for name, client in PYTHON_CLIENTS.items():
        session.run("python", "-m", "venv", "--clear", str(folder / name))
        python = str(folder / name / "bin" / "python")
        session.run(python, "-m", "pip", "install", "-q", "-e", ".[testing]", external=True)
        try:
            session.run(python, "-m", "pip", "install", "-q", client, "responses>=0.25", external=True)
        except CommandFailed:
            session.warn(f"{client} cannot be installed here")
        session.run(python, *command, f"tests/clients/test_{name}.py", external=True, success_codes=[0, 5])
    if shutil.which("npm") is None:
        session.warn(f"npm is not here: {NODE_CLIENT} is not installed")
    else:
        try:
            session.run("npm", "install", "--silent", "--prefix", str(folder / "node"), NODE_CLIENT, external=True)
        except CommandFailed:
            session.warn(f"{NODE_CLIENT} cannot be installed here")
    modules = {"NODE_PATH": str(folder / "node" / "node_modules")}
    session.run("python", *command, "tests/clients/test_node_smsc.py", env=modules)


@nox.session
def recorders(session: nox.Session) -> None:
    """Make the recordings in `tests/recordings` anew by the tools behind `--`, or all, each in its own environment.

    A tool that cannot be installed here is left out, and said so.
    """
    folder = Path(session.create_tmp()).resolve()
    for tool in session.posargs or RECORDERS:
        place = folder / tool
        environment = {"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        try:
            session.run("python", "-m", "venv", "--clear", str(place))
            python = str(place / "bin" / "python")
            if RECORDERS[tool]:
                session.run(python, "-m", "pip", "install", "-q", *RECORDERS[tool], external=True)
            if tool == "nock":
                session.run("npm", "install", "--silent", "--prefix", str(place), NOCK, external=True)
                environment["NODE_PATH"] = str(place / "node_modules")
            if tool in APART:
                # Its requirements exclude those of the library: the session's interpreter asks, and it listens.
                install(session, library=".")
                python = "python"
            else:
                session.run(python, "-m", "pip", "install", "-q", "-e", ".", external=True)
        except CommandFailed:
            session.warn(f"{tool} cannot be installed here")
            continue
        names = (
            [f"curl{options}" for options in ("", " -v", " --trace", " --trace-ascii")] if tool == "curl" else [tool]
        )
        session.run(python, "-m", "tests.recorders", *names, env=environment, external=True)


@nox.session
def handlers(session: nox.Session) -> None:
    """Run the handlers of the service's calls over HTTP, each in its framework."""
    install(session, "handlers", library=".[test]")
    session.run("pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/test_handlers.py", *session.posargs)


@nox.session
def engines(session: nox.Session) -> None:
    """Run the jobs of `examples/engines`, each in its engine. Those that cannot be installed here are skipped."""
    install(session, library=".[test]")
    install_if_possible(session, *nox.project.dependency_groups(PROJECT, "engines"), one_by_one=True)
    if shutil.which("java") is None:
        install_java(session)
    session.run("pytest", "-q", "-rs", "-n", "0", "-p", "no:cacheprovider", "tests/test_engines.py", *session.posargs)


def install_java(session: nox.Session) -> None:
    """Install Java from the system's packages, if it has any, and if that is allowed."""
    try:
        session.run("apt-get", "install", "-qq", "-y", "default-jre-headless", external=True)
    except CommandFailed:
        session.warn("Java cannot be installed here: Spark is not run")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz every target for a moment, or with the options behind `--`."""
    install(session, library=".[test]")
    install_if_possible(session, *nox.project.dependency_groups(PROJECT, "fuzz"))
    session.run("python", "-m", "tests.fuzz", *(session.posargs or ["--runs", "1000"]))


@nox.session
def mutants(session: nox.Session) -> None:
    """Say which small changes of the library no test notices; takes hours, or name modules behind `--`."""
    install(session, "mutants", library=".[test]")
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session
def work(session: nox.Session) -> None:
    """Count the instructions of reading and writing, which needs valgrind."""
    install(session, library=".[test]")
    session.run("python", "-m", "tests.work", *session.posargs)


# Source


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, layout, prose and regular expressions."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "-m", "tests.prose")
    # regexploit exits with 0 whatever it finds. If it finds nothing, it prints one line: how many patterns it has read.
    found = session.run("regexploit-py", "smsc_codec", silent=True)
    session.log(found)
    if not re.fullmatch(r"Processed [1-9][0-9]* regexes\n?", str(found)):
        session.error("regexploit expected no pattern to backtrack, and has read none or found some")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy, and what users see of them with pyright."""
    install(session, "types", library=".[test,cli]")
    session.run("mypy")
    session.run("mypy", "noxfile.py")
    try:
        session.run("pyright", "--version")
    except CommandFailed:
        session.warn("pyright cannot be fetched here: mypy alone has read the types")
    else:
        session.run("pyright", "--pythonpath", f"{session.bin}/python")


@nox.session
def layers(session: nox.Session) -> None:
    """Check that no module imports upward, in a circle or from the command line."""
    install(session, "layers")
    session.run("lint-imports", "--no-logo", env={"PYTHONPATH": str(ROOT)})


# What is published


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site in `site`. A warning, a link that leads nowhere and anything from another host fail."""
    install(session, "docs", library=".[arrow]")
    session.run("python", "-m", "sphinx", "-W", "-c", "docs", ".", "site", *session.posargs)
    if not (ROOT / "site" / "docs" / "reference.html").stat().st_size:
        session.error("the reference is empty")


@nox.session(venv_backend="none")
def readme(session: nox.Session) -> None:
    """Run the README's first command in a clean clone of the last commit."""
    clone = Path(session.create_tmp()) / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    session.run("git", "clone", "-q", str(ROOT), str(clone), external=True)
    command = commands("README.md")[0]
    session.log(command)
    printed = output_of(["bash", "-euo", "pipefail", "-c", command], folder=clone).decode()
    session.log(printed)
    lines, examples = printed.count("\n"), len(list((clone / "examples" / "replies").iterdir()))
    if lines != examples:
        session.error(f"expected a line for each of {examples} examples, found {lines}")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build `dist` and try the wheel, and one made from the source distribution, in empty environments."""
    install(session, "wheel")
    work = Path(session.create_tmp()).resolve()
    shutil.rmtree(work)
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "-q", "--outdir", "dist", ".")
    (source,) = ROOT.glob("dist/*.tar.gz")
    (built,) = ROOT.glob("dist/*.whl")
    folder = work / "from-source"
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(folder), str(source))
    (rebuilt,) = folder.glob("*.whl")
    for path in (built, rebuilt):
        check_names(session, path)
        session.run("python", "-m", "venv", "--clear", str(work / "venv"))
        python = str(work / "venv" / "bin" / "python")
        session.run(python, "-m", "pip", "install", "-q", str(path), external=True)
        check_installed(session, python, work)


def check_names(session: nox.Session, path: Path) -> None:
    """Fail if a wheel has other folders than the library's, or lacks its grammars or the mark of its types."""
    names = set(zipfile.ZipFile(path).namelist())
    if {name.split("/")[0].split("-")[0] for name in names} != {"smsc_codec"}:
        session.error(f"{path.name} expected only smsc_codec, found {sorted(names)}")
    missing = {"smsc_codec/grammars/senders.lark", "smsc_codec/grammars/service.lark", "smsc_codec/py.typed"} - names
    if missing:
        session.error(f"{path.name} lacks {sorted(missing)}")


def check_installed(session: nox.Session, python: str, work: Path) -> None:
    """Write and read a reply in each format, and start the fake server, outside the checkout."""
    empty = work / "empty"
    empty.mkdir(exist_ok=True)
    reply = b'{"kind":"created","id":5}\n'
    for fmt in "0123":
        body = output_of([f"{Path(python).parent}/smsc-codec", "encode", "--fmt", fmt], reply, empty)
        decoded = output_of([python, "-m", "smsc_codec", "decode", "--fmt", fmt], body, empty)
        if decoded != reply:
            session.error(f"fmt={fmt}: expected {reply!r}, found {decoded!r}")
    program = "from smsc_codec.testing import FakeSenders\nwith FakeSenders() as server:\n    print(server)"
    session.log(output_of([python, "-W", "error", "-c", program], b"", empty).decode())


def output_of(command: list[str], given: bytes = b"", folder: Path | None = None) -> bytes:
    """Return what a command prints. Its errors are shown as they come, and its failure fails the session."""
    run = subprocess.run(command, input=given, stdout=subprocess.PIPE, cwd=folder, check=False)
    if run.returncode:
        raise CommandFailed(f"{shlex.join(command)} failed with exit status {run.returncode}")
    return run.stdout


# Speed


@nox.session
def bench(session: nox.Session) -> None:
    """Run every benchmark once to see whether it works, or measure with the options behind `--`."""
    install(session, library=".[test,cli]")
    install_if_possible(session, *nox.project.dependency_groups(PROJECT, "bench"))
    if session.posargs:
        session.run("python", "-m", "bench", *session.posargs)
        return
    once = ["--benchmark-min-rounds=1", "--benchmark-max-time=0.001", "--benchmark-quiet"]
    session.run("pytest", "-q", "bench", "--benchmark-enable", *once)
    session.run("python", "-m", "bench", "--quick")
    session.run("smsc-codec", "bench", "--seconds", "0.01", "examples/replies")
    session.run("python", "-m", "bench.recordings", "--count", "1000")
    session.run("python", "-m", "bench.engines", "--count", "1000", "--rounds", "1")
