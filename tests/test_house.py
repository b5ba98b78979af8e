"""The rules of the house, read from the code itself: who imports whom, how large things get, what they are called."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("artmodels", "training", "spaces", "tests")
METHODS = ("workflow", "sketch2image", "portrait", "colorizer")
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "base", "misc"}

FILE_LINES, FUNCTION_LINES, LONG_FUNCTION_LINES = 400, 40, 120
ROOTS_THAT_NETWORKS_MAY_IMPORT = {"torch", *sys.stdlib_module_names}


def source_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in source_files("artmodels", "training")}


def imports(module: str, source: str, *, typing_only: bool = True) -> set[str]:
    """Names of all modules that a source imports anywhere in it, `from package import submodule` included."""
    tree = ast.parse(source)
    nodes = ast.walk(tree) if typing_only else _without_typing_only(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                package = ".".join([*module.split(".")[: -node.level], *filter(None, [node.module])])
            submodules = {f"{package}.{name.name}" for name in node.names} & MODULES.keys()
            found |= submodules or {package}
    return found


def _without_typing_only(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _without_typing_only(child)


def imports_of(path: Path) -> set[str]:
    return imports(module_of(path), path.read_text(encoding="utf-8"))


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def offenders(paths: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}" for path in paths for name in imports_of(path) if is_in(name, *forbidden)
    ]


def test_the_reader_sees_every_kind_of_import():
    source = "import a.b\nfrom c import d\ndef f():\n    from .errors import X\n    from artmodels import hub, errors\n"
    assert imports("artmodels.hub", source) == {"a.b", "c", "artmodels.errors", "artmodels.hub"}
    guarded = "if TYPE_CHECKING:\n    import a\nelse:\n    import b\nimport c"
    assert imports("x", guarded, typing_only=False) == {"c"}


def test_the_library_knows_neither_training_nor_spaces():
    assert offenders(source_files("artmodels"), "training", "spaces", "tests") == []


def test_only_ui_knows_gradio():
    assert offenders([path for path in source_files("artmodels") if path.name != "ui.py"], "gradio") == []


def test_training_knows_neither_spaces_nor_gradio():
    assert offenders(source_files("training"), "spaces", "gradio", "tests") == []


def test_spaces_import_neither_torch_nor_training():
    assert offenders(source_files("spaces"), "torch", "torchvision", "training", "tests") == []


def test_spaces_holds_no_package():
    assert list((ROOT / "spaces").rglob("__init__.py")) == []


@pytest.mark.parametrize("package", ["artmodels", "training"])
@pytest.mark.parametrize("method", METHODS)
def test_no_method_knows_another(package, method):
    others = [f"{package}.{other}" for other in METHODS if other != method]
    assert offenders(source_files(f"{package}/{method}"), *others) == []


@pytest.mark.parametrize("method", METHODS)
def test_training_a_method_uses_that_method_of_the_library(method):
    others = [f"artmodels.{other}" for other in METHODS if other != method]
    assert offenders(source_files(f"training/{method}"), *others) == []


def test_networks_import_blocks_their_config_and_torch_only():
    networks = [path for path in source_files("artmodels") if path.name == "networks.py"]
    assert networks
    for path in networks:
        own = {"artmodels.blocks", f"artmodels.{path.parent.name}.config"}
        others = {name for name in imports_of(path) - own if name.split(".")[0] not in ROOTS_THAT_NETWORKS_MAY_IMPORT}
        assert others == set(), path


def test_files_above_the_methods_do_not_need_one_to_be_imported():
    """They may name a method to load it when it is asked for, but not at their top."""
    for path in [path for path in source_files("artmodels") if path.parent.name == "artmodels"]:
        top = ast.Module(
            [node for node in ast.parse(path.read_text(encoding="utf-8")).body if not isinstance(node, ast.If)], []
        )
        top.body = [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]
        needed = imports(module_of(path), ast.unparse(top))
        assert [name for name in needed if is_in(name, *(f"artmodels.{method}" for method in METHODS))] == [], path


def test_no_module_imports_itself_in_a_circle():
    graph = {
        module: imports(module, path.read_text(encoding="utf-8"), typing_only=False) & MODULES.keys() - {module}
        for module, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_nothing_has_a_name_that_says_nothing():
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    assert [str(path) for path in paths if path.stem.lower() in FORBIDDEN_NAMES] == []


def test_no_file_is_too_long():
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in source_files(*FOLDERS)
    }
    assert {str(path): length for path, length in lengths.items() if length > FILE_LINES} == {}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def own_lines(function: Function) -> int:
    """Lines of a function without its docstring and without the functions inside it, which count for themselves."""
    lines = set(range(function.lineno, (function.end_lineno or 0) + 1))
    if ast.get_docstring(function) is not None:
        lines -= set(range(function.body[0].lineno, (function.body[0].end_lineno or 0) + 1))
    for node in ast.walk(function):
        if isinstance(node, Function) and node is not function:
            lines -= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def is_long_by_nature(path: Path, function: Function) -> bool:
    """Training loops and builders of pages read best in one piece."""
    loop = path.parts[-3] == "training" and path.name.startswith("train_") and function.name == path.stem
    page = "spaces" in path.parts and path.name == "app.py" and function.name.startswith("build")
    return loop or page


def test_own_lines_leave_out_docstrings_and_inner_functions():
    source = 'def f():\n    """Says\n    what."""\n    def g():\n        return 1\n    return g'
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert own_lines(function) == 2


def test_no_function_is_too_long():
    too_long = {}
    for path in source_files(*FOLDERS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                limit = LONG_FUNCTION_LINES if is_long_by_nature(path, node) else FUNCTION_LINES
                if own_lines(node) > limit:
                    too_long[f"{path.relative_to(ROOT)}: {node.name}"] = own_lines(node)
    assert too_long == {}


def test_constraints_are_names_and_versions_with_one_pillow_and_without_torch():
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    assert pins["pillow"].startswith("12.")
    # PyTorch's wheels differ between machines: whoever installs chooses the pair.
    assert [name for name in pins if name.startswith(("torch", "triton", "nvidia", "cuda"))] == []
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len({line.split("==")[0] for line in lines})


def test_importing_the_package_is_quick_and_brings_nothing_heavy():
    code = (
        "import sys, time\nstart = time.perf_counter()\nimport artmodels\nprint(time.perf_counter() - start)\n"
        "print(sorted({'torch', 'gradio', 'torchvision', 'numpy', 'PIL', 'huggingface_hub'} & sys.modules.keys()))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT) for _ in range(3)]
    outputs = [run.stdout.splitlines() for run in runs]
    assert all(output[1] == "[]" for output in outputs)
    assert min(float(output[0]) for output in outputs) < 0.2
