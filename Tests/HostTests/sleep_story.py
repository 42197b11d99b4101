"""A story of an instance that hibernates and goes on, to be interrupted anywhere."""

from apus_testing.boot_sector import TICKING, disk
from story import Story


class SleepStory(Story):
    """Its memory is one file while it is stopped, and gone on with: who goes on never says that it booted."""

    ACTS = ["RunInstances", "StopInstances", "StartInstances", "TerminateInstances"]
    FRAME = {"RunInstances", "TerminateInstances"}
    PAIRS = [("StopInstances", "StartInstances")]

    def __init__(self, cloud, number):
        super().__init__(cloud, number)
        self.image = cloud.image_of("ticking", disk(code=TICKING))
        self.has_slept = False

    def _want(self, act):
        super()._want(act)
        self.has_slept = self.has_slept or act == "StopInstances"

    def _ask(self, act):
        ec2 = self.cloud.ec2
        if act == "RunInstances":
            root = ec2.describe_images(ImageIds=[self.image])["Images"][0]["RootDeviceName"]
            self.instance = self.cloud.launch(
                self.token, self.cloud.subnet, ImageId=self.image, HibernationOptions={"Configured": True},
                BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"Encrypted": True}}])
        elif act == "StopInstances":
            ec2.stop_instances(InstanceIds=[self.instance], Hibernate=True)
        else:
            super()._ask(act)

    def wanted(self):
        words = {"running": b"." if self.has_slept else b"!"}
        return super().wanted() | {
            "first word": words.get(self.state), "memory": ["memory"] if self.state == "stopped" else []}

    def seen(self):
        cloud, seen = self.cloud, super().seen()
        runs = self.instance in seen["guests"]
        folder = cloud.apus.state / "guests" / str(self.instance)
        memory = sorted(path.name for path in folder.glob("memory*") if path.suffix != ".json")
        return seen | {"first word": cloud.view.first_word(self.instance) if runs else None, "memory": memory}
