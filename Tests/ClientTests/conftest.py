"""One simulated cloud for the whole run, and an account of its own for each test."""

import contextlib
import os
import pathlib
import sys

import botocore.exceptions
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "PythonSupport"))

from apus_testing import conformance, model  # noqa: E402
from apus_testing.running import Apus, end_in_good_order  # noqa: E402

from examples import World, linux_image, public_key  # noqa: E402
from gallery import QUOTAS, Gallery  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "terraform: waits for Terraform most of its time; scripts/test runs it beside others")


def pytest_collection_modifyitems(items):
    for item in items:
        if "terraform" in item.fixturenames:
            item.add_marker("terraform")


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


@pytest.fixture(scope="session")
def roomy(tmp_path_factory):
    """A cloud with quotas that let an account have several of everything."""
    cloud = Apus(
        tmp_path_factory.mktemp("roomy") / "state", options=[word for quota in QUOTAS for word in ("--quota", quota)])
    cloud.start()
    yield cloud
    assert cloud.is_running, f"apus ended by itself\n{cloud.last_of_log()}"
    cloud.down()


@pytest.fixture(scope="session")
def world(roomy, tmp_path_factory):
    """Several resources of every kind, for tests that leave them as they are."""
    image = linux_image(roomy.first_account())
    return Gallery(roomy.new_account(), image, public_key(tmp_path_factory.mktemp("key"))) \
        .with_free_volume().with_lent_image(roomy.new_account()).furnished()


@pytest.fixture(scope="module")
def spent(roomy, tmp_path_factory):
    """One resource of every kind, for tests that really do things to them."""
    image = linux_image(roomy.first_account())
    return World(roomy.new_account(), image, public_key(tmp_path_factory.mktemp("key"))) \
        .with_free_volume().with_lent_image(roomy.new_account())


@pytest.fixture(scope="session")
def actions(roomy):
    """Names of the EC2 actions that the cloud speaks."""
    return model.implemented(roomy.first_account())


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


def pytest_sessionfinish(session):
    """APUS_CONFORMANCE names the file that takes what the run has shown."""
    if path := os.environ.get("APUS_CONFORMANCE"):
        conformance.keep(pathlib.Path(path))
