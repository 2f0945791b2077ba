"""Settings of optimizers."""

from typing import Literal

from pydantic import model_validator

from motet.config import Many, Settings, kinds, option


class SgdSettings(Settings):
    """Stochastic gradient descent with momentum."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = option(1e-2, "Step size; with a one-cycle schedule its peak.", gt=0)
    momentum: float = option(0.9, "Momentum.", ge=0, lt=1)
    nesterov: bool = option(True, "Nesterov's form of momentum; wants momentum above 0.")
    weight_decay: float = option(0.0, "L2 penalty.", ge=0)

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> "SgdSettings":
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov is true but momentum is 0; set momentum above 0 or nesterov: false")
        return self


class AdamSettings(Settings):
    """Adam (Kingma and Ba 2015)."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = option(1e-3, "Step size; with a one-cycle schedule its peak.", gt=0)
    betas: Many[float] = option((0.9, 0.999), "Decay of the two running moments.", min_length=2, max_length=2)
    epsilon: float = option(1e-8, "Added to the denominator.", gt=0)
    weight_decay: float = option(0.0, "L2 penalty.", ge=0)


class AdamWSettings(Settings):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    kind: Literal["adamw"] = "adamw"
    learning_rate: float = option(1e-3, "Step size; with a one-cycle schedule its peak.", gt=0)
    betas: Many[float] = option((0.9, 0.999), "Decay of the two running moments.", min_length=2, max_length=2)
    epsilon: float = option(1e-8, "Added to the denominator.", gt=0)
    weight_decay: float = option(1e-2, "Decoupled weight decay.", ge=0)


OptimizerSettings = kinds("optimizer", SgdSettings, AdamSettings, AdamWSettings)
