"""One simulated cloud for the whole run, and an account of its own for each test."""

import contextlib
import pathlib
import sys

import botocore.exceptions
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "PythonSupport"))

from apus_testing.running import Apus, end_in_good_order  # noqa: E402

from examples import linux_image  # noqa: E402


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    end_in_good_order()
    cloud = Apus(tmp_path_factory.mktemp("cloud") / "state").start()
    yield cloud
    assert cloud.is_running, f"apus ended by itself\n{cloud.last_of_log()}"
    cloud.down()
    assert cloud.processes() == []
    assert not cloud.state.exists() or not any(cloud.state.iterdir())


@pytest.fixture
def account(cloud):
    return cloud.new_account()


@pytest.fixture
def ec2(account):
    return account.ec2


@pytest.fixture
def stranger(cloud):
    """Another account."""
    return cloud.new_account()


@pytest.fixture(scope="session")
def image(cloud):
    return linux_image(cloud.first_account())


@contextlib.contextmanager
def refused_with(code, status=None):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        yield raised
    assert raised.value.response["Error"]["Code"] == code, raised.value
    if status is not None:
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.fixture(scope="session")
def refused():
    """`with refused("Code", 400): call` asserts that the call is refused so."""
    return refused_with
