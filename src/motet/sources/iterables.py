"""Examples that come from Python: a list, a function, or a generator of unknown length."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from motet.config import UserComponent
from motet.errors import DataError, UserCodeError
from motet.signals.settings import ReaderSettings
from motet.sources.example import Example
from motet.sources.source import DEFAULT_READER, TaskDefaults


class IterableSource:
    """Any iterable of examples as a source.

    Parameters
    ----------
    examples
        The examples, or a function that returns them; a generator can be listed only once.
    tasks
        The tasks as in the settings, where the experiment names none: `{"sound": {"kind": "multiclass"}}`.

    Examples
    --------
    >>> source = IterableSource(Example(id=str(number), inputs={}) for number in range(3))
    >>> [example.id for example in source.examples()]
    ['0', '1', '2']
    """

    def __init__(
        self,
        examples: Iterable[Example] | Callable[[], Iterable[Example]],
        tasks: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        self._examples = examples
        self._tasks = dict(tasks or {})
        self._spent = False

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the examples in their own order; their recordings know how they are read.

        Raises
        ------
        DataError
            If something else than an example comes, or a generator is listed a second time.
        """
        for number, example in enumerate(self._once()):
            if not isinstance(example, Example):
                raise DataError(
                    f"item {number} of the iterable is of type {type(example).__name__}; every item must be a "
                    "motet.sources.Example: wrap it in one"
                )
            yield example

    def tasks(self) -> TaskDefaults:
        """Return the tasks that were given."""
        return self._tasks

    def _once(self) -> Iterable[Example]:
        if callable(self._examples):
            return self._examples()
        if isinstance(self._examples, Iterator):
            if self._spent:
                raise DataError(
                    "this generator of examples was listed before; a generator can be listed only once: give a list, "
                    "or the function that makes the generator"
                )
            self._spent = True
        return self._examples


class UserSource:
    """A source of the user's own with a method `examples(reader)`, and `tasks()` where it knows its tasks.

    Parameters
    ----------
    source
        The user's source.
    """

    def __init__(self, source: Any) -> None:
        self._source = source

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the examples; see `Source.examples`.

        Raises
        ------
        UserCodeError
            If the user's source returns nothing that can be listed.
        """
        examples = self._source.examples(reader)
        if not isinstance(examples, Iterable):
            raise UserCodeError(
                f"the source {type(self._source).__name__}: its examples(reader) returned {type(examples).__name__}; "
                "return a list of motet.Example, or yield them"
            )
        return IterableSource(examples).examples(reader)

    def tasks(self) -> TaskDefaults:
        """Return the tasks that the user's source knows."""
        return dict(self._source.tasks()) if hasattr(self._source, "tasks") else {}


def user_source(settings: UserComponent) -> UserSource | IterableSource:
    """Build a source of the user's own: a class or object with `examples`, or anything that examples come from.

    Raises
    ------
    UserCodeError
        If no examples can come from it.
    """
    source = settings.build()
    if hasattr(source, "examples"):
        return UserSource(source)
    if not callable(source) and not isinstance(source, Iterable):
        raise UserCodeError(
            f"source {settings.place}: no examples can come from it; give it a method examples(reader) or __iter__"
        )
    return IterableSource(source)
