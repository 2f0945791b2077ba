from motet.sources.example import Example, fold_roles


def test_an_example_is_tested_in_its_own_fold_and_trained_on_in_the_others() -> None:
    roles = fold_roles(["1", "3", "2", "3"])
    assert roles["3"] == {"1": "train", "2": "train", "3": "test"}
    for fold in "123":
        assert [own for own in roles if roles[own][fold] == "test"] == [fold]


def test_folds_stand_in_natural_order() -> None:
    assert list(fold_roles(["10", "b", "2", "a", "1"])["b"]) == ["1", "2", "10", "a", "b"]


def test_what_is_not_known_is_absent() -> None:
    example = Example("a", {})
    assert example.targets == {}
    assert (example.group, example.folds, example.partition) == (None, None, None)
