"""What an account settles for all its instances: defaults of the metadata service, and whether serial consoles may be used."""

from apus_testing.waiting import quick


def launch(ec2, image, **more):
    return ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, **more)["Instances"][0]


def test_launches_take_what_they_do_not_say_from_the_account(ec2, image, stranger):
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {"ManagedBy": "account"}
    ec2.modify_instance_metadata_defaults(
        HttpTokens="required", HttpPutResponseHopLimit=7, HttpEndpoint="disabled", InstanceMetadataTags="enabled")
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {
        "HttpTokens": "required", "HttpPutResponseHopLimit": 7, "HttpEndpoint": "disabled",
        "InstanceMetadataTags": "enabled", "ManagedBy": "account"}
    options = launch(ec2, image)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 7)
    assert (options["HttpEndpoint"], options["InstanceMetadataTags"]) == ("disabled", "enabled")
    options = launch(ec2, image, MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"})["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["HttpEndpoint"]) == ("optional", 7, "enabled")
    ec2.modify_instance_metadata_defaults(HttpPutResponseHopLimit=-1, HttpEndpoint="no-preference")
    options = launch(ec2, image)["MetadataOptions"]
    assert options["HttpPutResponseHopLimit"] != 7 and options["HttpEndpoint"] == "enabled"
    assert stranger.ec2.get_instance_metadata_defaults()["AccountLevel"] == {"ManagedBy": "account"}


def test_tokens_that_the_account_enforces_are_a_must(ec2, image, refused):
    with refused("InvalidParameterCombination"):
        ec2.modify_instance_metadata_defaults(HttpTokensEnforced="enabled")
    id = launch(ec2, image, MetadataOptions={"HttpTokens": "required"})["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpTokensEnforced="enabled")
    with refused("UnsupportedOperation"):
        launch(ec2, image, MetadataOptions={"HttpTokens": "optional"})
    with refused("UnsupportedOperation"):
        ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens="optional")
    ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=3)
    with refused("InvalidParameterValue"):
        ec2.modify_instance_metadata_defaults(HttpPutResponseHopLimit=65)


def test_serial_consoles_are_forbidden_until_the_account_allows_them(ec2):
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
    assert ec2.enable_serial_console_access()["SerialConsoleAccessEnabled"] is True
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is True
    assert ec2.disable_serial_console_access()["SerialConsoleAccessEnabled"] is False
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
