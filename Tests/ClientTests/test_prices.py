"""The price table: built in, changed by the operator's file, and refused where the file is wrong."""

import json

import pytest

from apus_testing.running import Apus


@pytest.fixture
def own(tmp_path):
    cloud = Apus(tmp_path / "state")
    cloud.state.mkdir()
    yield cloud
    cloud.down()


def prices_of(cloud, *types):
    lines = [line.split() for line in cloud.command("types", "prices", *types).stdout.splitlines()]
    return {line[0]: (float(line[1]), float(line[2])) for line in lines}


def test_the_table_in_force_is_printed_and_taken_back_as_a_file(own):
    own.start()
    table = json.loads(own.command("types", "prices").stdout)
    assert table["spotPercent"] == 30 and table["rates"]["vCPU"] > 0
    before = prices_of(own, "m5.large", "t3.micro")
    (own.state / "prices.json").write_text(json.dumps(table))
    assert prices_of(own, "m5.large", "t3.micro") == before
    (own.state / "prices.json").write_text('{"types": {"m5.large": 2}, "spotPercent": 10}')
    assert prices_of(own, "m5.large", "t3.micro")["m5.large"] == (2, 0.2)
    assert prices_of(own, "t3.micro")["t3.micro"][0] == before["t3.micro"][0]


def test_a_file_that_says_what_cannot_be_stops_the_start_with_the_reason(own):
    (own.state / "prices.json").write_text('{"rates": {"vCPU": -1}}')
    refused = own.command("up", "--simulate", "--port", "0", check=False)
    assert refused.returncode == 2
    assert "prices.json" in refused.stderr and "below 0" in refused.stderr and "vCPU" in refused.stderr
