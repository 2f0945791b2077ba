"""A small family of settings that the tests of this room share."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from motet.config import ExistingFolder, Many, OneOrNamed, PathText, Settings, Slot, UserComponent, option, required


class SieveSettings(Settings):
    """Keep a band of frequencies."""

    kind: Literal["sieve"] = "sieve"
    low_hz: float = option(0.0, "Lowest frequency.", unit="Hz", ge=0)
    high_hz: float = option(8000.0, "Highest frequency.", unit="Hz", gt=0)

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        if self.low_hz >= self.high_hz:
            raise ValueError(f"low_hz is {self.low_hz:g}, not below high_hz {self.high_hz:g}; swap them")
        return self


class BellSettings(Settings):
    """Ring a bell."""

    kind: Literal["bell"] = "bell"
    strokes: int = option(1, "Number of strokes.", ge=1)
    tuning: Many[float] = option((440.0,), "Partials.", unit="Hz", min_length=1)
    mood: Literal["solemn", "merry"] = option("merry", "How it rings.")


class FolderSettings(Settings):
    """Sounds of a folder."""

    kind: Literal["folder"] = "folder"
    path: ExistingFolder = required("Folder of the sounds.")


StepSettings = Annotated[SieveSettings | BellSettings | FolderSettings | UserComponent, Slot("step")]
Size = Annotated[int, Field(ge=1)]


class PieceSettings(Settings):
    """A piece of music."""

    name: str = option("piece", "What it is called.", min_length=1)
    tempo: Annotated[float, Field(gt=0)] | Literal["slow", "fast"] = option("slow", "Beats per minute.")
    sizes: Size | Many[Size] = option(1, "One size, or several.")
    loud: bool = option(False, "Whether it is loud.")
    first: StepSettings = option(BellSettings(), "The first step.")
    last: StepSettings | None = option(None, "The last step.")
    steps: Many[StepSettings] = option((), "Steps between.")
    voices: OneOrNamed[StepSettings] = option(SieveSettings(), "One voice, or several.")
    titles: dict[str, str] = option({}, "Titles by language.")
    score: PathText = option("score", "The score.")


def piece(**given: Any) -> PieceSettings:
    """Return a piece of plain data, as a file or an override gives it."""
    return PieceSettings.model_validate(given)
