"""The log of the last release, by its own contract suite, on this version's schema."""

import pytest

from tests.released.code.tests.contract.test_log import *  # noqa: F403 - the suite

pytestmark = pytest.mark.real
