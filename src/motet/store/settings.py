"""Where features are kept between runs, and how exactly."""

from typing import Literal

from motet.config import PathText, Settings, option


class StoreSettings(Settings):
    """The feature store: what was computed once is read from then on.

    Examples
    --------
    >>> StoreSettings(precision="float16").path
    '.motet/store'
    """

    path: PathText = option(".motet/store", "Folder of the store; any number of experiments may share one.")
    precision: Literal["float32", "float16"] = option(
        "float32", "How features are stored; float16 halves the disk space at 3 decimal digits."
    )
