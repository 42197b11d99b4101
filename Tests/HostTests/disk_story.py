"""A story of a volume, its snapshot, a copy of that and a volume made of the copy, to be interrupted anywhere."""

from apus_testing.boot_sector import disk
from apus_testing.disks import complaint
from story import Acts

MADE = {"CreateVolume": "disk", "CopyVolumes": "twin", "CreateVolume of the copy": "restored"}


class DiskStory(Acts):
    ACTS = ["RunInstances", "CreateVolume", "AttachVolume", "CreateSnapshot", "CopyVolumes", "ModifyVolume", "DetachVolume",
            "CopySnapshot", "DeleteSnapshot", "CreateVolume of the copy", "DeleteVolume", "DeleteVolume of the copy",
            "DeleteSnapshot of the copy", "TerminateInstances"]
    FRAME = {"RunInstances", "TerminateInstances"}
    # Volumes are filled from their snapshots beside other acts.
    IS_STEADY = False
    DONE = {"VolumeInUse", "IncorrectState", "IncorrectModificationState", "InvalidVolume.NotFound",
            "InvalidSnapshot.NotFound"}

    def __init__(self, cloud, number):
        super().__init__(cloud, number)
        self.instance, self.is_there = None, False
        # By the names that they carry: (state, GiB) of volumes, states of snapshots.
        self.volumes, self.snapshots = {}, {}
        self.image_snapshot = cloud.ec2.describe_images(ImageIds=[cloud.image])["Images"][0][
            "BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]

    def _want(self, act):
        if act in MADE:
            self.volumes[MADE[act]] = ("available", 2 if act == "CopyVolumes" else 1)
        elif act in ("AttachVolume", "DetachVolume"):
            self.volumes["disk"] = ("in-use" if act == "AttachVolume" else "available", self.volumes["disk"][1])
        elif act == "ModifyVolume":
            self.volumes["disk"] = ("in-use", 3)
        elif act in ("CreateSnapshot", "CopySnapshot"):
            self.snapshots["moment" if act == "CreateSnapshot" else "copy"] = "completed"
        elif act.startswith("DeleteSnapshot"):
            self.snapshots.pop("copy" if act.endswith("copy") else "moment", None)
        elif act == "DeleteVolume":
            self.volumes.pop("disk", None)
            self.volumes.pop("twin", None)
        elif act == "DeleteVolume of the copy":
            self.volumes.pop("restored", None)
        else:
            self.is_there = act == "RunInstances"

    def _ask(self, act):
        cloud, ec2 = self.cloud, self.cloud.ec2
        if act == "RunInstances":
            self.instance = cloud.launch(self.token, cloud.subnet)
        elif act == "TerminateInstances":
            ec2.terminate_instances(InstanceIds=[self.instance])
        elif act == "CreateVolume":
            zone = ec2.describe_subnets(SubnetIds=[cloud.subnet])["Subnets"][0]["AvailabilityZone"]
            ec2.create_volume(AvailabilityZone=zone, Size=1, SnapshotId=self.image_snapshot, **self._naming("volume", "disk"))
        elif act == "CreateVolume of the copy":
            zone = ec2.describe_subnets(SubnetIds=[cloud.subnet])["Subnets"][0]["AvailabilityZone"]
            ec2.create_volume(
                AvailabilityZone=zone, SnapshotId=self._snapshot("copy"), **self._naming("volume", "restored"))
        elif act == "CopyVolumes":
            ec2.copy_volumes(SourceVolumeId=self._volume("disk"), Size=2, **self._naming("volume", "twin"))
        elif act == "AttachVolume":
            ec2.attach_volume(VolumeId=self._volume("disk"), InstanceId=self.instance, Device="/dev/sdf")
        elif act == "DetachVolume":
            # The guest is nothing that would let go.
            ec2.detach_volume(VolumeId=self._volume("disk"), Force=True)
        elif act == "ModifyVolume":
            ec2.modify_volume(VolumeId=self._volume("disk"), Size=3)
        elif act == "CreateSnapshot":
            # No token makes it safe to ask for again.
            if not self._seen_snapshots().get("moment"):
                ec2.create_snapshot(VolumeId=self._volume("disk"), **self._naming("snapshot", "moment", False))
        elif act == "CopySnapshot":
            if not self._seen_snapshots().get("copy"):
                ec2.copy_snapshot(
                    SourceSnapshotId=self._snapshot("moment"), SourceRegion=ec2.meta.region_name,
                    **self._naming("snapshot", "copy", False))
        else:
            self._delete(act)

    def _delete(self, act):
        ec2 = self.cloud.ec2
        if act.startswith("DeleteSnapshot"):
            name = "copy" if act.endswith("copy") else "moment"
            for one in [one for one in [self._find("snapshots", name)] if one]:
                ec2.delete_snapshot(SnapshotId=one["SnapshotId"])
            return
        for name in ["restored"] if act.endswith("copy") else ["disk", "twin"]:
            for one in [one for one in [self._find("volumes", name)] if one]:
                ec2.delete_volume(VolumeId=one["VolumeId"])

    def _naming(self, kind, name, has_token=True):
        tags = {"TagSpecifications": [{"ResourceType": kind, "Tags": [
            {"Key": "Story", "Value": self.token}, {"Key": "Name", "Value": name}]}]}
        return tags | ({"ClientToken": f"{self.token}-{name}"} if has_token else {})

    def _find(self, what, name):
        filters = [{"Name": "tag:Story", "Values": [self.token]}, {"Name": "tag:Name", "Values": [name]}]
        if what == "volumes":
            found = [one for one in self.cloud.ec2.describe_volumes(Filters=filters)["Volumes"] if one["State"] != "deleting"]
        else:
            found = self.cloud.ec2.describe_snapshots(Filters=filters, OwnerIds=["self"])["Snapshots"]
        assert len(found) < 2, f"{name} was made twice"
        return found[0] if found else None

    def _volume(self, name):
        return self._find("volumes", name)["VolumeId"]

    def _snapshot(self, name):
        return self._find("snapshots", name)["SnapshotId"]

    def _seen_snapshots(self):
        found = self.cloud.ec2.describe_snapshots(
            Filters=[{"Name": "tag:Story", "Values": [self.token]}], OwnerIds=["self"])["Snapshots"]
        return {tag["Value"]: one for one in found for tag in one["Tags"] if tag["Key"] == "Name"}

    def wanted(self):
        cloud = self.cloud
        there = [self.instance] if self.is_there else []
        kept = sorted(self.snapshots)
        return {
            "states": {one: "running" for one in [cloud.resident, *there]},
            "guests": {one: 1 for one in [cloud.resident, *there]}, "the other's process": cloud.resident_process,
            "strays": [], "volumes": self.volumes, "snapshots": self.snapshots, "files of volumes": True, "drafts": [],
            "moments": [], "stored": kept, "blocks": {name: True for name in kept}, "bases of nothing": [],
            "unsound": []}

    def seen(self):
        cloud, view = self.cloud, self.cloud.view
        state = cloud.apus.state
        snapshots = self._seen_snapshots()
        volumes = cloud.ec2.describe_volumes()["Volumes"]
        mine = {tag["Value"]: (one["State"], one["Size"]) for one in volumes for tag in one.get("Tags", [])
                if tag["Key"] == "Name"}
        names = {one["SnapshotId"]: name for name, one in snapshots.items()}
        stored = {one.name.split(".")[0] for folder in ("snapshots", "drafts")
                  for one in (state / "snapshots" / folder).glob("snap-*")} - {self.image_snapshot}
        bases = {one.name.split(".")[0] for one in (state / "bases").glob("snap-*")} - {self.image_snapshot}
        return {
            "states": cloud.states(), "guests": {guest: len(pids) for guest, pids in view.guests().items()},
            "the other's process": view.guests().get(cloud.resident), "strays": view.strays(), "volumes": mine,
            "snapshots": {name: one["State"] for name, one in snapshots.items()},
            "files of volumes": view.files()["volumes"] == sorted(f"{one['VolumeId']}.qcow2" for one in volumes),
            "drafts": [one.name for folder in ("volumes", "bases") for one in (state / folder).glob(".*")],
            "moments": [one.name for one in (state / "moments").glob("snap-*")],
            "stored": sorted(names.get(one, one) for one in stored),
            "blocks": {name: self._is_whole(one) for name, one in snapshots.items()},
            # Of volumes that are there, one may be of a snapshot that is not.
            "bases of nothing": [] if mine else sorted(bases - set(names)),
            "unsound": [one.name for one in (state / "volumes").glob("*.qcow2") if complaint(one) is not None]}

    def _is_whole(self, snapshot):
        """Whether it has what the image had, and nothing else."""
        if snapshot["State"] != "completed":
            return False
        ebs, id = self.cloud.account.client("ebs"), snapshot["SnapshotId"]
        blocks = ebs.list_snapshot_blocks(SnapshotId=id)["Blocks"]
        data = [ebs.get_snapshot_block(SnapshotId=id, BlockIndex=one["BlockIndex"], BlockToken=one["BlockToken"])
                ["BlockData"].read() for one in blocks]
        return [one["BlockIndex"] for one in blocks] == [0] and data[0].rstrip(b"\0") == disk().rstrip(b"\0")
