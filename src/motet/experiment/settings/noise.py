"""Settings of recordings that are mixed into others, and that nothing is learned of."""

from typing import Literal

from motet.config import Many, Name, Settings, option, required
from motet.data.settings import FoldsSettings, LimitSettings, SplitSettings
from motet.sources.settings import SourceSettings
from motet.tasks.settings import Label


class NoiseSettings(Settings):
    """Recordings that `signal.mix` may mix in. They go the way of the data that they are mixed into.

    Training rows get training recordings of the noise, development and test rows those of their own part.
    """

    source: SourceSettings = required("Where the recordings come from.")
    labels: dict[Name, Many[Label]] | None = option(
        None, "Which recordings, by target: `{sound: [Rain]}` keeps those whose sound is Rain; by default all."
    )
    limit: LimitSettings | None = option(None, "A part of them, for trying things out: recordings or a fraction.")
    use: Literal["both", "train"] = option(
        "both", "Whether some are kept for evaluation, as the split says, or all of them are for training."
    )
    split: SplitSettings = option(FoldsSettings(), "Which recordings are for training and which for evaluation.")
