"""The `artmodels` command: pictures and folders in, pictures and folders out."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artmodels import __version__, cli_convert, cli_portrait, cli_sketch
from artmodels.cli_tasks import Device, Inputs, Model, Output, Revision, for_each, pairs, save, single_file
from artmodels.errors import ArtModelsError, ConfigError, PictureError
from artmodels.folders import Task, find_pictures, make_folder

if TYPE_CHECKING:
    from artmodels.results import Result

__all__ = ["app", "main"]

DEFAULT_EDITOR = "artmodels/workflow-illustrations"
DEFAULT_COLORIZER = "artmodels/colorizer-illustrations"

app = typer.Typer(
    help="Steerable art models: take artworks apart and change a stage, colour sketches by references and tags, "
    "draw the lines of pictures and make pictures of lines, make portraits in a style of photos.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Faithful = Annotated[
    float,
    typer.Option(help="From 0, take what the model reads at once, to 1, reproduce the artwork at any price (slower)."),
]


def main() -> None:
    """Run the command; what the caller got wrong becomes one line on stderr and exit code 1."""
    try:
        app(prog_name="artmodels")
    except ArtModelsError as error:
        typer.echo(f"artmodels: {error}", err=True)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"artmodels {__version__}")
        raise typer.Exit


@app.command()
def stages(
    inputs: Inputs,
    output: Output,
    faithful: Faithful = 0.0,
    model: Model = DEFAULT_EDITOR,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Take artworks apart into the stages of their making.

    Into a folder: OUTPUT/<name>/<stage>.png, and rendered.png, the artwork made again from its first stage.
    """
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    editor = _editor(model, revision, device)

    def take_apart(task: Task) -> None:
        result = editor.stages(_opened(editor, task.source, faithful))
        if single:
            result.save(output)
        else:
            _save_stages(result, make_folder(output / task.name))

    for_each(tasks, take_apart, output)


@app.command()
def edit(
    inputs: Inputs,
    output: Output,
    stage: Annotated[str, typer.Option(help="Name of the stage to change.")],
    seed: Annotated[int | None, typer.Option(help="Draw the stage anew with this seed.")] = None,
    picture: Annotated[Path | None, typer.Option(help="The stage as it shall be; for one artwork.")] = None,
    like: Annotated[Path | None, typer.Option(help="Another artwork, whose manner the stage shall take.")] = None,
    amount: Annotated[float, typer.Option(help="How far to go with --seed or --like, from 0 to 1.")] = 1.0,
    keep_detail: Annotated[bool, typer.Option(help="Put the change into the artwork itself, at its own size.")] = True,
    faithful: Faithful = 0.0,
    model: Model = DEFAULT_EDITOR,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Change one stage of artworks and render what comes after it again.

    Into a folder: OUTPUT/<name>.png.
    """
    if [seed, picture, like].count(None) != 2:
        raise typer.BadParameter("give exactly one of --seed, --picture and --like")
    tasks = find_pictures(inputs, output)
    if picture is not None and len(tasks) > 1:
        raise typer.BadParameter(f"--picture changes one artwork, and there are {len(tasks)}")
    single = single_file(tasks, output)
    editor = _editor(model, revision, device)
    another = None if like is None else editor.open(like, faithful=0)

    def change(task: Task) -> None:
        opened = _opened(editor, task.source, faithful)
        result = editor.edit(
            opened, stage=stage, seed=seed, picture=picture, like=another, amount=amount, keep_detail=keep_detail
        )
        save(result, task, output, single)

    for_each(tasks, change, output)


@app.command()
def generate(
    inputs: Inputs,
    output: Output,
    seed: Annotated[list[int] | None, typer.Option(help="One for all steps, or given once for each.")] = None,
    keep_lines: Annotated[bool, typer.Option(help="Lay the drawing itself over the artwork.")] = True,
    model: Model = DEFAULT_EDITOR,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Make artworks from drawings.

    Into a folder: OUTPUT/<name>.png.
    """
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    editor = _editor(model, revision, device)
    seeds = seed or [0]

    def draw(task: Task) -> None:
        result = editor.generate(task.source, seeds=seeds if len(seeds) > 1 else seeds[0], keep_lines=keep_lines)
        save(result, task, output, single)

    for_each(tasks, draw, output)


@app.command()
def colorize(
    inputs: Inputs,
    output: Output,
    reference: Annotated[Path | None, typer.Option(help="A picture whose colours the sketches take.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="TAG=STRENGTH, 0 to 5, such as red_hair=2; as often as you like.")
    ] = None,
    colour: Annotated[
        list[str] | None, typer.Option(help="GROUP=COLOUR, such as hair=#b23c30; as often as you like.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Without a reference, each but 0 draws tags of its own.")] = 0,
    keep_lines: Annotated[bool, typer.Option(help="Lay the sketch's own lines over the colour.")] = True,
    clean: Annotated[bool, typer.Option(help="Take paper tone away, and refuse photos.")] = True,
    model: Model = DEFAULT_COLORIZER,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Colour sketches by a reference picture and by tags.

    Into a folder: OUTPUT/<name>.png.
    """
    tags = {name: _number(name, value) for name, value in pairs("--tag", tag).items()}
    colours = pairs("--colour", colour)
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    colorizer = _colorizer(model, revision, device)

    def paint(task: Task) -> None:
        result = colorizer.colorize(
            task.source, reference=reference, tags=tags, colours=colours, seed=seed, keep_lines=keep_lines, clean=clean
        )
        for warning in result.recipe["warnings"]:
            typer.echo(f"artmodels: {task.source}: {warning}", err=True)
        save(result, task, output, single)

    for_each(tasks, paint, output)


@app.command()
def tags(
    picture: Annotated[Path, typer.Argument(help="A picture to read tags and colours from.")],
    threshold: Annotated[float, typer.Option(help="How sure the model must be, from 0 to 1.")] = 0.5,
    model: Model = DEFAULT_COLORIZER,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Show which tags a picture has, each as it can be given to colorize, and the colours that cover most of it."""
    colorizer = _colorizer(model, revision, device)
    for name, probability in colorizer.read_tags(picture, threshold=threshold).items():
        typer.echo(f"{name}={probability:.2f}")
    for name, share in colorizer.palette(picture).items():
        typer.echo(f"{name} {share:.0%}")


app.command()(cli_sketch.sketch)
app.command()(cli_sketch.synthesize)
app.command()(cli_portrait.stylize)
app.command()(cli_convert.convert)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A .png, .psd or .ora that artmodels saved.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .png, .psd or .ora file to write.")],
    artwork: Annotated[Path | None, typer.Option(help="The picture that FILE was made from.")] = None,
    model: Annotated[str | None, typer.Option(help="The model, if it lies elsewhere than FILE's recipe says.")] = None,
    device: Device = "cpu",
) -> None:
    """Make a saved picture again from the recipe inside it."""
    from artmodels.results import read_recipe

    recipe = read_recipe(file)
    if artwork is None:
        raise PictureError(f"the recipe in {file} needs the picture it was made from: give it with --artwork")
    if model is None and (recipe.get("model") or "unsaved") == "unsaved":
        raise ConfigError(f"the recipe in {file} names no model, as it had not been saved: give one with --model")
    if recipe.get("library_version") != __version__:
        made_with = recipe.get("library_version", "an unknown version")
        typer.echo(
            f"artmodels: note: made with {made_with}, this is {__version__}; it may come out otherwise", err=True
        )
    revision = recipe.get("revision") if model is None else None
    replayer = _replayer(model or recipe["model"], revision, device)
    typer.echo(replayer.replay(recipe, artwork).save(output))


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Show versions, devices, the cache and the models in the package."""
    from artmodels.doctor import examine, readable

    report = examine()
    typer.echo(json.dumps(report, indent=2) if as_json else readable(report))


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(help="A model as `save_pretrained` or training wrote it.")],
    repo_id: Annotated[str, typer.Argument(help="Where to: owner/name.")],
    private: Annotated[bool, typer.Option("--private", help="Keep a new repo to yourself.")] = False,
    revision: Annotated[str | None, typer.Option(help="The branch; made if there is none.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request.")] = False,
) -> None:
    """Publish a model folder on the Hub."""
    from artmodels.hub import push_folder

    typer.echo(push_folder(folder, repo_id, private=private, revision=revision, create_pr=create_pr))


def _replayer(model: str, revision: str | None, device: str) -> Any:
    from artmodels.hub import load_model
    from artmodels.sketch2image.xdog import Xdog

    if model == Xdog.source:
        return Xdog()
    replayer = load_model(model, revision=revision, device=device)
    if not hasattr(replayer, "replay"):
        raise ConfigError(f"{model} holds a {type(replayer).__name__}, which makes no pictures")
    return replayer


def _editor(model: str, revision: str | None, device: str) -> Any:
    from artmodels.workflow.model import WorkflowEditor

    return WorkflowEditor.from_pretrained(model, revision=revision, device=device)


def _colorizer(model: str, revision: str | None, device: str) -> Any:
    from artmodels.colorizer.model import TagColorizer

    return TagColorizer.from_pretrained(model, revision=revision, device=device)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"the strength of {name!r} must be a number from 0 to 5, not {text!r}") from None


def _opened(editor: Any, artwork: Path, faithful: float) -> Any:
    """The artwork opened, with a bar while it is fitted."""
    from tqdm import tqdm

    if faithful == 0:
        return editor.open(artwork, faithful=faithful)
    with tqdm(desc=artwork.name, unit="step", leave=False, disable=None) as bar:

        def show(snapshot: Any) -> None:
            bar.total = snapshot.total
            bar.set_postfix_str(snapshot.stage, refresh=False)
            bar.update(snapshot.iteration - bar.n)

        return editor.open(artwork, faithful=faithful, progress=show)


def _save_stages(result: "Result", folder: Path) -> None:
    from artmodels.layered import write_png

    recipe = json.dumps(result.recipe, ensure_ascii=False)
    for name, layer in result.layers.items():
        write_png(folder / f"{name}.png", layer.convert("RGB"), recipe)
    result.save(folder / "rendered.png")
