"""Which of the publisher's partitions an example belongs to: by a name, or by rules on its values."""

from collections.abc import Callable, Iterable, Mapping

from motet.errors import DataError
from motet.sources.codes import canonical
from motet.sources.example import Role
from motet.sources.settings import PartitionRules, RuleSettings, Value

Values = Mapping[str, Value | None]
Partition = Callable[[Values, str], Role | None]

_WORDS: dict[Role, str] = {
    "train": "train training",
    "dev": "dev devel development val valid validation",
    "test": "test testing eval evaluation",
}
_ROLES: dict[str, Role] = {word: role for role, words in _WORDS.items() for word in words.split()}


def role_named(name: str) -> Role | None:
    """Return the role that a word names; None if it names none.

    Examples
    --------
    >>> role_named("Validation"), role_named("dog")
    ('dev', None)
    """
    return _ROLES.get(name.strip().lower())


def role_at(name: Value, place: str) -> Role:
    """Return the role that a word names.

    Raises
    ------
    DataError
        If it names none.
    """
    role = role_named(str(name))
    if role is None:
        raise DataError(f"{place}: the partition is '{name}'; it must be train, dev or test: correct it")
    return role


def roles_by(
    settings: str | PartitionRules | None, examples: Iterable[tuple[Values, str]], where: str
) -> list[Role | None]:
    """Return the role of every example, given its values and its place for messages.

    Raises
    ------
    DataError
        If a role has rules that fit no example: what was meant for it would be split in another way.
    """
    role_of = partition_by(settings)
    roles = [role_of(values, place) for values, place in examples]
    unmet = [] if settings is None or isinstance(settings, str) else [role for role in settings if role not in roles]
    if unmet and roles:
        raise DataError(f"{where}: none of {len(roles)} examples fits partition.{unmet[0]}; correct its rules")
    return roles


def partition_by(settings: str | PartitionRules | None) -> Partition:
    """Return the function from an example's values, and its place for messages, to its role.

    An example that no rule fits is for training, or for testing where the rules say which ones are for training.
    """
    if settings is None:
        return lambda values, place: None
    if isinstance(settings, str):
        return lambda values, place: None if (name := values[settings]) is None else role_at(name, place)
    tests = {role: [(name, _condition(rule)) for name, rule in rules.items()] for role, rules in settings.items()}
    rest: Role | None = "train" if "train" not in settings else "test" if "test" not in settings else None

    def role_of(values: Values, place: str) -> Role | None:
        fitting = [role for role, test in tests.items() if all(fits(values[name], place) for name, fits in test)]
        if len(fitting) > 1:
            raise DataError(f"{place}: the rules put it into {' and '.join(fitting)}; make them exclude each other")
        if not fitting and rest is None:
            raise DataError(f"{place}: no rule of `partition` fits it, and train and test both have rules; add one")
        return fitting[0] if fitting else rest

    return role_of


def _condition(rule: RuleSettings) -> Callable[[Value | None, str], bool]:
    accepted = None if rule.equals is None else {canonical(rule.equals)}
    if rule.in_ is not None:
        listed = {canonical(value) for value in rule.in_}
        accepted = listed if accepted is None else accepted & listed

    def fits(value: Value | None, place: str) -> bool:
        if value is None or (accepted is not None and canonical(value) not in accepted):
            return False
        if rule.below is None and rule.above is None:
            return True
        if isinstance(value, str):
            raise DataError(f"{place}: '{value}' is text, but `partition` compares it with a number; use equals or in")
        return (rule.below is None or value < rule.below) and (rule.above is None or value > rule.above)

    return fits
