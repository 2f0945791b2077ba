"""Settings of a task's teacher: a trained model whose predictions a task learns from."""

from motet.config import ExistingPath, Many, Name, Settings, option, required


class TeacherSettings(Settings):
    """A trained model that teaches a task.

    What it says of a row stands beside the row's label, or in its place where the row has none.
    """

    run: ExistingPath = required("The folder of a finished run, or the file of a model.")
    task: Name | None = option(None, "What the task is called there; by default the same.")
    fold: str | None = option(
        None,
        "SEED/FOLD of the run's model for all folds here; by default that of the same seed and fold.",
        pattern=r"^\d+/\d+$",
    )
    temperature: float = option(
        2.0, "How soft labels are made: logits are divided by it. Numbers, texts and maps have none.", gt=0
    )
    share: float = option(
        0.7, "Share of the teacher in the loss of a row that has a label, too; 1 to learn from the teacher alone.",
        gt=0, le=1,
    )  # fmt: skip
    live: bool = option(
        False,
        "Whether the teacher hears every batch as the student does; else every training row once, whole. Tasks of "
        "events and dense ones are taught live, a sequence is not.",
    )
    data: Many[Name] | None = option(
        None, "The data sets whose training rows it teaches; by default all that have the task.", min_length=1
    )
    like: Name | None = option(
        None, "The data set there whose way recordings go; by default that of the same name, or the only one."
    )

    def teaches(self, data_set: str) -> bool:
        """Tell whether it teaches the rows of a data set that has the task."""
        return self.data is None or data_set in self.data
