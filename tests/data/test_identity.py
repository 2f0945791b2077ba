from motet.data.identity import digest_rows
from motet.sources.example import Event, Target
from tests.data.builders import data_set, example


def digest(*targets: Target) -> bytes:
    return digest_rows(data_set("one", [example(row, {"task": target}) for row, target in enumerate(targets)]))


def test_every_part_of_an_event_counts() -> None:
    events = [
        (),
        *((Event(*parts),) for parts in [(0.5, 1.0, "a"), (0.25, 1.0, "a"), (0.5, 2.0, "a"), (0.5, 1.0, "b")]),
    ]
    assert len({digest(target) for target in events}) == len(events)
    assert digest((Event(0.5, 1.0, "a"),)) == digest((Event(0.5, 1.0, "a"),))


def test_the_order_in_which_a_set_is_written_does_not_count() -> None:
    assert digest(frozenset("ab")) == digest(frozenset("ba")) != digest(frozenset("abc"))
