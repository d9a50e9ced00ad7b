"""Errors come out of nurseries as what their caller was promised."""

from __future__ import annotations

import pytest

from gatherup.ungrouped import ungrouped


def test_the_only_error_of_groups_is_raised_itself() -> None:
    with pytest.raises(KeyError, match="why"), ungrouped():
        raise ExceptionGroup("outer", [ExceptionGroup("inner", [KeyError("why")])])


def test_several_errors_stay_together() -> None:
    with pytest.raises(ExceptionGroup) as caught, ungrouped():
        raise ExceptionGroup("outer", [KeyError(), ValueError()])
    assert len(caught.value.exceptions) == 2


def test_other_errors_pass() -> None:
    with pytest.raises(ValueError, match="why"), ungrouped():
        raise ValueError("why")
