"""Settings of procedures: how a batch becomes updates."""

from typing import Literal

from motet.config import Many, Name, Settings, kinds, option, required
from motet.networks.settings import CnnSettings, LayerSettings
from motet.training.optimizer_settings import AdamSettings, OptimizerSettings


class JointSettings(Settings):
    """One update a batch, for all its tasks."""

    kind: Literal["joint"] = "joint"


class AlternatingSettings(Settings):
    """One update for each task of a batch, in turn."""

    kind: Literal["alternating"] = "alternating"


class AdversarialSettings(Settings):
    """Two updates a batch: some heads learn their tasks, and the layers before them learn to hide these."""

    kind: Literal["adversarial"] = "adversarial"
    against: Many[Name] = required("Tasks that the shared layers are to know nothing of.", min_length=1)
    strength: float = option(0.1, "What the losses of these tasks weigh when they are climbed.", gt=0)


class LayerWiseSettings(Settings):
    """Greedy pre-training: layer after layer learns to restore what enters it; then joint updates of all layers."""

    kind: Literal["layer_wise"] = "layer_wise"
    epochs: int = option(5, "Epochs for each layer, before the first of training.epochs.", unit="epochs", ge=1)
    noise: float = option(
        0.0, "Share of the values entering a layer that are set to zero while it learns to restore them.", ge=0, lt=1
    )
    optimizer: OptimizerSettings | None = option(
        None, "What trains layer and decoder; by default as training.optimizer, at its own rate throughout."
    )


class GanSettings(Settings):
    """A second network learns to tell a task's maps from predicted ones, and the first to be taken for them."""

    kind: Literal["gan"] = "gan"
    task: Name = required("The dense task whose maps are judged.")
    weight: float = option(0.1, "What the judgement weighs beside the task's own loss.", gt=0)
    loss: Literal["least_squares", "bce"] = option(
        "least_squares", "How a judgement is measured: squared distance to 0 and 1, or binary cross-entropy."
    )
    discriminator: Many[LayerSettings] = option(
        (CnnSettings(channels=(16, 32), normalisation="none", activation="leaky_relu"),),
        "Layers of the second network; a linear layer then judges every frame. It sees input and map as channels. Of a "
        "waveform, which has a single bin, let it see the spectrum: [{kind: spectrum, window: 512, hop: 128}, {kind: "
        "cnn, channels: [16, 32], normalisation: none, activation: leaky_relu}].",
        min_length=1,
    )
    optimizer: OptimizerSettings = option(
        AdamSettings(learning_rate=2e-4, betas=(0.5, 0.999)), "What trains the second network."
    )

    @property
    def adversarial(self) -> str:
        """The name under which the loss of the first network is told, of training rows."""
        return f"{self.task}.adversarial"

    @property
    def judged(self) -> str:
        """The name under which the loss of the second network is told, of training rows."""
        return f"{self.task}.discriminator"


ProcedureSettings = kinds(
    "procedure", JointSettings, AlternatingSettings, AdversarialSettings, LayerWiseSettings, GanSettings
)
