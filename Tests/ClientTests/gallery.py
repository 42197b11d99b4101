"""A world to look at: several of each kind of resource, and of each what its Describe can show and be filtered by."""

from examples import World

# More than the smallest page that any Describe gives.
SEVERAL = 6
QUICK = {"Delay": 1, "MaxAttempts": 60}

# What one account needs beyond AWS's first quotas.
QUOTAS = ["vpcs=100", "internet-gateways=100", "elastic-addresses=100"]


class Gallery(World):
    """Of a cloud with `QUOTAS`."""

    def furnished(self):
        """After `with_free_volume`."""
        ec2 = self.account.ec2
        self._several(ec2)
        self._details_of_networks(ec2)
        self._details_of_instances(ec2)
        self._details_of_disks(ec2)
        self._bin(ec2)
        self._tags(ec2)
        return self

    def _several(self, ec2):
        self.made = []
        for number in range(SEVERAL):
            self.made += [
                ec2.create_vpc(CidrBlock=f"10.{40 + number}.0.0/16")["Vpc"]["VpcId"],
                ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.20.{100 + number}.0/24")["Subnet"]["SubnetId"],
                ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"],
                ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"],
                ec2.create_security_group(GroupName=f"group-{number}", Description="d")["GroupId"],
                ec2.create_dhcp_options(DhcpConfigurations=[
                    {"Key": "domain-name", "Values": [f"{number}.internal"]}])["DhcpOptions"]["DhcpOptionsId"],
                ec2.create_network_interface(
                    SubnetId=self.subnet, Description=f"interface {number}")["NetworkInterface"]["NetworkInterfaceId"],
                ec2.create_key_pair(KeyName=f"key-{number}", KeyType="ed25519")["KeyPairId"],
                ec2.allocate_address(Domain="vpc")["AllocationId"],
                ec2.register_image(
                    Name=f"image-{number}", RootDeviceName="/dev/xvda", BlockDeviceMappings=self.mapping,
                    Architecture="x86_64", VirtualizationType="hvm")["ImageId"]]
        self.volumes = [ec2.create_volume(AvailabilityZone=self.zone, Size=1)["VolumeId"] for _ in range(SEVERAL)]
        self.instances = [one["InstanceId"] for one in ec2.run_instances(
            ImageId=self.image, InstanceType="t3.micro", MinCount=SEVERAL, MaxCount=SEVERAL)["Instances"]]
        ec2.get_waiter("volume_available").wait(VolumeIds=self.volumes, WaiterConfig=QUICK)
        ec2.get_waiter("instance_running").wait(InstanceIds=self.instances, WaiterConfig=QUICK)
        self.snapshots = [ec2.create_snapshot(VolumeId=self.free_volume)["SnapshotId"] for _ in range(3 * SEVERAL)]
        ec2.get_waiter("snapshot_completed").wait(SnapshotIds=self.snapshots, WaiterConfig=QUICK)

    def _details_of_networks(self, ec2):
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81}
        peers = [{"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}, {"UserIdGroupPairs": [{"GroupId": self.group}]}]
        for peer in peers:
            ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[{**rule, **peer}])
            ec2.authorize_security_group_egress(GroupId=self.group, IpPermissions=[{**rule, **peer}])
        ec2.create_route(
            RouteTableId=self.table, DestinationCidrBlock="203.0.113.0/24", NetworkInterfaceId=self.made[6])

    def _details_of_instances(self, ec2):
        windows = ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]["ImageId"]
        one = dict(InstanceType="t3.micro", MinCount=1, MaxCount=1)
        routing = ec2.run_instances(ImageId=windows, SubnetId=self.subnet, **one)["Instances"][0]
        ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="198.51.100.0/24",
                         NetworkInterfaceId=routing["NetworkInterfaces"][0]["NetworkInterfaceId"])
        interface = {"DeviceIndex": 0, "Description": "first"}
        launched = ec2.run_instances(
            ImageId=self.image, KeyName="world", NetworkInterfaces=[interface], **one)["Instances"][0]
        self.made.append(launched["NetworkInterfaces"][0]["NetworkInterfaceId"])
        for instance in self.instances[:2]:
            ec2.create_replace_root_volume_task(InstanceId=instance)

    def _details_of_disks(self, ec2):
        copy = ec2.copy_image(Name="copy to look at", SourceImageId=self.own_image, SourceRegion="us-east-1")["ImageId"]
        shot = ec2.create_image(InstanceId=self.stopped, Name="shot to look at")["ImageId"]
        ec2.get_waiter("image_available").wait(ImageIds=[copy, shot], WaiterConfig=QUICK)
        timed = ec2.copy_snapshot(
            SourceSnapshotId=self.snapshot, SourceRegion="us-east-1", CompletionDurationMinutes=15)["SnapshotId"]
        self.made += [copy, shot, timed]
        for volume in self.volumes:
            ec2.modify_volume(VolumeId=volume, Size=2)
        for snapshot in self.snapshots[:SEVERAL]:
            ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
        ec2.enable_fast_snapshot_restores(
            AvailabilityZones=["us-east-1a", "us-east-1b"], SourceSnapshotIds=self.snapshots[SEVERAL:SEVERAL + 3])

    def _bin(self, ec2):
        """Snapshots and images in the recycle bin."""
        images = self.made[9::10][-2:]
        for kind, tagged in (("EBS_SNAPSHOT", self.snapshots[-SEVERAL:]), ("EC2_IMAGE", images)):
            ec2.create_tags(Resources=tagged, Tags=[{"Key": "bin", "Value": "yes"}])
            self.account.client("rbin").create_rule(
                ResourceType=kind, RetentionPeriod={"RetentionPeriodValue": 1, "RetentionPeriodUnit": "DAYS"},
                ResourceTags=[{"ResourceTagKey": "bin", "ResourceTagValue": "yes"}])
        for snapshot in self.snapshots[-SEVERAL:]:
            ec2.delete_snapshot(SnapshotId=snapshot)
        for image in images:
            ec2.deregister_image(ImageId=image)
            self.made.remove(image)

    def _tags(self, ec2):
        tagged = [self.instance, self.interface, self.free_volume, self.snapshot, self.own_image, self.vpc, self.subnet,
                  self.gateway, self.table, self.acl, self.options, self.group, self.rule, self.allocation, *self.made]
        for number, resource in enumerate(tagged):
            ec2.create_tags(Resources=[resource], Tags=[{"Key": "Name", "Value": f"{resource} {number}"}])
