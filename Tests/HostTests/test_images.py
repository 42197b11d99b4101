"""Images of real guests: what was written is in them, with a reboot and without; roots are replaced."""

import pytest

from apus_testing.waiting import eventually, quick


@pytest.fixture
def machine(site):
    made = site.launch()
    made.wait("instance_running").wait_for_ssh()
    yield made
    made.terminate()


@pytest.mark.parametrize("no_reboot", [False, True])
def test_an_instance_of_an_image_has_the_files_and_is_another(site, machine, no_reboot):
    machine.ssh("echo kept > kept && sync")
    image = site.ec2.create_image(InstanceId=machine.id, Name=f"golden {no_reboot}", NoReboot=no_reboot)["ImageId"]
    site.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=quick(120))
    assert machine.describe()["State"]["Name"] == "running"
    machine.wait_for_ssh()
    second = site.launch(ImageId=image)
    try:
        second.wait("instance_running").wait_for_ssh()
        assert second.ssh("cat kept").strip() == "kept"
    finally:
        second.terminate()
        site.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)


def test_a_replaced_root_is_as_at_the_launch(site, machine):
    machine.ssh("echo lost > lost && sync")
    task = site.ec2.create_replace_root_volume_task(
        InstanceId=machine.id, DeleteReplacedRootVolume=True)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]

    def state():
        tasks = site.ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])
        return tasks["ReplaceRootVolumeTasks"][0]["TaskState"]
    eventually(lambda: state() == "succeeded", "the root is replaced", 180)
    machine.wait_for_ssh()
    assert machine.ssh("test -e lost && echo there || echo gone").strip() == "gone"
