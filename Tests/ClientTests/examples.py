"""A world with one resource of every kind, and for each action that the cloud speaks a call that would succeed in it."""

import base64
import datetime
import subprocess


def public_key(folder):
    path = folder / "example"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "example", "-f", path], check=True)
    return path.with_suffix(".pub").read_bytes()


def linux_image(account):
    """The id of a public Linux image for x86_64 with a root volume."""
    images = account.ec2.describe_images(Owners=["amazon"], Filters=[
        {"Name": "root-device-type", "Values": ["ebs"]}, {"Name": "architecture", "Values": ["x86_64"]},
        {"Name": "state", "Values": ["available"]}])["Images"]
    return sorted(image["ImageId"] for image in images if image.get("Platform") != "windows")[0]


class World:
    """Ids of what `build` made in an account; attribute names are those of the resources."""

    def __init__(self, account, image, key):
        self.account, self.image, self.public_key = account, image, key
        ec2 = account.ec2
        self.default_vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self._network(ec2)
        self._groups(ec2)
        self._addresses_and_images(ec2)
        self._instances(ec2)
        self._capacity(ec2)

    def _network(self, ec2):
        self.vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.empty_vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
        self.empty_subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.20.2.0/24")["Subnet"]["SubnetId"]
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.free_gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.free_table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        self.table_association = ec2.associate_route_table(
            RouteTableId=self.table, SubnetId=self.subnet)["AssociationId"]
        self.options = ec2.create_dhcp_options(
            DhcpConfigurations=[{"Key": "domain-name", "Values": ["x.internal"]}])["DhcpOptions"]["DhcpOptionsId"]
        self.acl = ec2.describe_network_acls(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkAcls"][0]["NetworkAclId"]

    def _groups(self, ec2):
        self.group = ec2.create_security_group(GroupName="world", Description="d")["GroupId"]
        self.vpc_group = ec2.create_security_group(GroupName="world", Description="d", VpcId=self.vpc)["GroupId"]
        self.rule = ec2.authorize_security_group_ingress(
            GroupId=self.group, IpPermissions=[self.permission(22)])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        self.egress_rule = ec2.authorize_security_group_egress(
            GroupId=self.group, IpPermissions=[self.permission(22)])["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def _addresses_and_images(self, ec2):
        self.allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.used_allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.import_key_pair(KeyName="world", PublicKeyMaterial=self.public_key)
        image = ec2.describe_images(ImageIds=[self.image])["Images"][0]
        snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        self.mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
        self.own_image = ec2.register_image(
            Name="world", RootDeviceName="/dev/xvda", BlockDeviceMappings=self.mapping, Architecture="x86_64",
            VirtualizationType="hvm")["ImageId"]

    def _capacity(self, ec2):
        tags = [{"ResourceType": "instance-event-window", "Tags": [{"Key": "a", "Value": "b"}]}]
        self.window, self.free_window = [ec2.create_instance_event_window(
            Name=name, CronExpression="* 0-4 * * 0", TagSpecifications=tags,
        )["InstanceEventWindow"]["InstanceEventWindowId"] for name in ("world", "free")]
        ec2.associate_instance_event_window(
            InstanceEventWindowId=self.window, AssociationTarget={"InstanceIds": [self.instance]})
        ec2.create_placement_group(GroupName="world", Strategy="spread")
        self.placement_group = "world"
        self.capacity_reservation = ec2.create_capacity_reservation(
            InstanceType="m5.large", InstancePlatform="Linux/UNIX", InstanceCount=1,
            AvailabilityZone=ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"],
        )["CapacityReservation"]["CapacityReservationId"]

    def _instances(self, ec2):
        launch = dict(ImageId=self.image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        data = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}]
        running = ec2.run_instances(**launch, BlockDeviceMappings=data)["Instances"][0]
        self.instance = running["InstanceId"]
        self.interface = running["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self.stopped = ec2.run_instances(**launch, BlockDeviceMappings=data)["Instances"][0]["InstanceId"]
        subnet = running["SubnetId"]
        self.spare_interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        router = ec2.run_instances(**launch, NetworkInterfaces=[
            {"DeviceIndex": number, "SubnetId": subnet} for number in range(2)])["Instances"][0]
        self.interface_attachment = router["NetworkInterfaces"][1]["Attachment"]["AttachmentId"]
        quick = {"Delay": 1, "MaxAttempts": 60}
        idle = [self.stopped, router["InstanceId"]]
        ec2.get_waiter("instance_running").wait(InstanceIds=[self.instance, *idle], WaiterConfig=quick)
        ec2.stop_instances(InstanceIds=idle)
        ec2.get_waiter("instance_stopped").wait(InstanceIds=idle, WaiterConfig=quick)
        self.address_association = ec2.associate_address(
            AllocationId=self.used_allocation, InstanceId=self.instance)["AssociationId"]
        described = ec2.describe_instances(InstanceIds=[self.instance])["Reservations"][0]["Instances"][0]
        self.zone = described["Placement"]["AvailabilityZone"]
        self.root, self.data = [mapping["Ebs"]["VolumeId"] for mapping in described["BlockDeviceMappings"]]
        stopped = ec2.describe_instances(InstanceIds=[self.stopped])["Reservations"][0]["Instances"][0]
        self.stopped_data = stopped["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]
        self.free_volume = self.snapshot = None
        self.template = ec2.create_launch_template(
            LaunchTemplateName="world", LaunchTemplateData=launch_data(self))["LaunchTemplate"]["LaunchTemplateId"]
        ec2.create_launch_template_version(
            LaunchTemplateId=self.template, LaunchTemplateData={"InstanceType": "t3.small"})
        self.fleet = ec2.create_fleet(Type="instant", **fleet(self.template, count=0))["FleetId"]
        # Too little: it stays open.
        self.spot_request = ec2.request_spot_instances(
            LaunchSpecification=launch_data(self), SpotPrice="0.000001"
        )["SpotInstanceRequests"][0]["SpotInstanceRequestId"]

    def with_free_volume(self):
        """Volumes apart from a launch are made where the cloud speaks of them."""
        answer = self.account.ask("CreateVolume", {"AvailabilityZone": self.zone, "Size": "1"})
        if answer.status == 200:
            self.free_volume = answer.text("volumeId")
            self.account.ec2.get_waiter("volume_available").wait(
                VolumeIds=[self.free_volume], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
            self.snapshot = self.account.ec2.create_snapshot(VolumeId=self.free_volume)["SnapshotId"]
            self.account.ec2.get_waiter("snapshot_completed").wait(
                SnapshotIds=[self.snapshot], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return self

    def with_lent_image(self, lender):
        """One that another account shares with this one."""
        self.lent_image = lender.ec2.register_image(
            Name="lent", RootDeviceName="/dev/xvda", BlockDeviceMappings=self.mapping, Architecture="x86_64",
            VirtualizationType="hvm")["ImageId"]
        lender.ec2.modify_image_attribute(
            ImageId=self.lent_image, LaunchPermission={"Add": [{"UserId": self.account.id}]})
        return self

    @staticmethod
    def permission(port):
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


def tomorrow():
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:00Z")


def fleet(template, count=1):
    return {"TargetCapacitySpecification": {"TotalTargetCapacity": count},
            "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}]}


def launch_data(world):
    return {"ImageId": world.image, "InstanceType": "t3.micro"}


def user_data(text="#!/bin/sh\n"):
    return base64.b64encode(text.encode()).decode()


# For each action what it takes, from the world. A test fails where the cloud speaks an action that has none here.
EXAMPLES = {
    "AllocateAddress": lambda w: {"Domain": "vpc"},
    "AssociateAddress": lambda w: {"AllocationId": w.allocation, "InstanceId": w.stopped},
    "AssociateDhcpOptions": lambda w: {"DhcpOptionsId": w.options, "VpcId": w.vpc},
    "AssociateRouteTable": lambda w: {"RouteTableId": w.table, "SubnetId": w.empty_subnet},
    "AttachInternetGateway": lambda w: {"InternetGatewayId": w.free_gateway, "VpcId": w.empty_vpc},
    "AttachNetworkInterface": lambda w: {
        "NetworkInterfaceId": w.spare_interface, "InstanceId": w.stopped, "DeviceIndex": 1},
    "AttachVolume": lambda w: {"VolumeId": w.free_volume, "InstanceId": w.stopped, "Device": "/dev/sdh"},
    "AuthorizeSecurityGroupEgress": lambda w: {"GroupId": w.group, "IpPermissions": [w.permission(80)]},
    "AuthorizeSecurityGroupIngress": lambda w: {"GroupId": w.group, "IpPermissions": [w.permission(80)]},
    "CancelImageLaunchPermission": lambda w: {"ImageId": w.lent_image},
    "CancelSpotInstanceRequests": lambda w: {"SpotInstanceRequestIds": [w.spot_request]},
    "CopyImage": lambda w: {"SourceRegion": "us-east-1", "SourceImageId": w.own_image, "Name": "copied"},
    "CopySnapshot": lambda w: {"SourceRegion": "us-east-1", "SourceSnapshotId": w.snapshot},
    "DescribeFastSnapshotRestores": lambda w: {},
    "DisableFastSnapshotRestores": lambda w: {"SourceSnapshotIds": [w.snapshot], "AvailabilityZones": [w.zone]},
    "DisableSerialConsoleAccess": lambda w: {},
    "EnableFastSnapshotRestores": lambda w: {"SourceSnapshotIds": [w.snapshot], "AvailabilityZones": [w.zone]},
    "CopyVolumes": lambda w: {"SourceVolumeId": w.free_volume, "VolumeType": "gp3"},
    "CreateDefaultSubnet": None,  # refused while the zone has one; in test_vpcs
    "CreateDefaultVpc": None,  # the same
    "CreateDhcpOptions": lambda w: {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["y.internal"]}]},
    "CreateFleet": lambda w: {"Type": "instant", **fleet(w.template)},
    "CreateImage": lambda w: {"InstanceId": w.instance, "Name": "made", "NoReboot": True},
    "CreateInternetGateway": lambda w: {},
    "CreateKeyPair": lambda w: {"KeyName": "new", "KeyType": "ed25519", "KeyFormat": "pem"},
    "CreateLaunchTemplate": lambda w: {"LaunchTemplateName": "new", "LaunchTemplateData": launch_data(w)},
    "CreateLaunchTemplateVersion": lambda w: {
        "LaunchTemplateId": w.template, "SourceVersion": "1", "LaunchTemplateData": {"InstanceType": "t3.large"}},
    "CreateNetworkInterface": lambda w: {"SubnetId": w.subnet, "Groups": [w.vpc_group], "Description": "d"},
    "CreateRoute": lambda w: {
        "RouteTableId": w.table, "DestinationCidrBlock": "192.0.2.0/24", "GatewayId": w.gateway},
    "CreateRouteTable": lambda w: {"VpcId": w.vpc},
    "CreateReplaceRootVolumeTask": lambda w: {"InstanceId": w.instance},
    "CreateSecurityGroup": lambda w: {"GroupName": "new", "Description": "d", "VpcId": w.vpc},
    "CreateSnapshot": lambda w: {"VolumeId": w.data, "Description": "d"},
    "CreateSnapshots": lambda w: {"InstanceSpecification": {"InstanceId": w.instance}},
    "CreateSubnet": lambda w: {"VpcId": w.vpc, "CidrBlock": "10.20.9.0/24"},
    "CreateTags": lambda w: {"Resources": [w.instance, w.vpc], "Tags": [{"Key": "a", "Value": "b"}]},
    "CreateVolume": lambda w: {"AvailabilityZone": w.zone, "Size": 1, "VolumeType": "gp3"},
    "CreateVpc": lambda w: {"CidrBlock": "10.40.0.0/16"},
    "DeleteDhcpOptions": lambda w: {"DhcpOptionsId": w.options},
    "DeleteFleets": lambda w: {"FleetIds": [w.fleet], "TerminateInstances": True},
    "DeleteInternetGateway": lambda w: {"InternetGatewayId": w.free_gateway},
    "DeleteKeyPair": lambda w: {"KeyName": "world"},
    "DeleteLaunchTemplate": lambda w: {"LaunchTemplateId": w.template},
    "DeleteLaunchTemplateVersions": lambda w: {"LaunchTemplateId": w.template, "Versions": ["2"]},
    "DeleteNetworkInterface": lambda w: {"NetworkInterfaceId": w.spare_interface},
    "DeleteRoute": lambda w: {"RouteTableId": w.table, "DestinationCidrBlock": "0.0.0.0/0"},
    "DeleteRouteTable": lambda w: {"RouteTableId": w.free_table},
    "DeleteSecurityGroup": lambda w: {"GroupId": w.vpc_group},
    "DeleteSnapshot": lambda w: {"SnapshotId": w.snapshot},
    "DeleteSubnet": lambda w: {"SubnetId": w.empty_subnet},
    "DeleteTags": lambda w: {"Resources": [w.instance], "Tags": [{"Key": "a"}]},
    "DeleteVolume": lambda w: {"VolumeId": w.free_volume},
    "DeleteVpc": lambda w: {"VpcId": w.empty_vpc},
    "DeregisterImage": lambda w: {"ImageId": w.own_image},
    "DescribeAccountAttributes": lambda w: {},
    "DescribeAddresses": lambda w: {"AllocationIds": [w.allocation]},
    "DescribeAddressesAttribute": lambda w: {"AllocationIds": [w.allocation]},
    "DescribeAvailabilityZones": lambda w: {},
    "DescribeDhcpOptions": lambda w: {"DhcpOptionsIds": [w.options]},
    "DescribeFleetInstances": lambda w: {"FleetId": w.fleet},
    "DescribeFleets": lambda w: {"FleetIds": [w.fleet]},
    "DescribeIamInstanceProfileAssociations": lambda w: {},
    "DescribeImageAttribute": lambda w: {"ImageId": w.own_image, "Attribute": "description"},
    "DescribeImages": lambda w: {"ImageIds": [w.own_image]},
    "DescribeInstanceAttribute": lambda w: {"InstanceId": w.instance, "Attribute": "instanceType"},
    "DescribeInstanceCreditSpecifications": lambda w: {"InstanceIds": [w.instance]},
    "DescribeInstanceStatus": lambda w: {"InstanceIds": [w.instance]},
    "DescribeInstanceTypeOfferings": lambda w: {"LocationType": "region"},
    "AssociateInstanceEventWindow": lambda w: {
        "InstanceEventWindowId": w.free_window, "AssociationTarget": {"InstanceIds": [w.stopped]}},
    "CreateInstanceEventWindow": lambda w: {"Name": "n", "CronExpression": "* 0-4 * * 1"},
    "DeleteInstanceEventWindow": lambda w: {"InstanceEventWindowId": w.free_window},
    "DescribeInstanceEventWindows": lambda w: {"InstanceEventWindowIds": [w.window]},
    "DisassociateInstanceEventWindow": lambda w: {
        "InstanceEventWindowId": w.window, "AssociationTarget": {"InstanceIds": [w.instance]}},
    "ModifyInstanceEventWindow": lambda w: {"InstanceEventWindowId": w.window, "Name": "m"},
    "CreatePlacementGroup": lambda w: {"GroupName": "another", "Strategy": "partition", "PartitionCount": 3},
    "DescribePlacementGroups": lambda w: {"GroupNames": [w.placement_group]},
    "DeletePlacementGroup": lambda w: {"GroupName": w.placement_group},
    "CreateCapacityReservation": lambda w: {
        "InstanceType": "t3.micro", "InstancePlatform": "Linux/UNIX", "InstanceCount": 2, "AvailabilityZone": w.zone},
    "DescribeCapacityReservations": lambda w: {"CapacityReservationIds": [w.capacity_reservation]},
    "ModifyCapacityReservation": lambda w: {"CapacityReservationId": w.capacity_reservation, "InstanceCount": 2},
    "CancelCapacityReservation": lambda w: {"CapacityReservationId": w.capacity_reservation},
    "GetCapacityReservationUsage": lambda w: {"CapacityReservationId": w.capacity_reservation},
    "GetInstanceTypesFromInstanceRequirements": lambda w: {
        "ArchitectureTypes": ["x86_64"], "VirtualizationTypes": ["hvm"],
        "InstanceRequirements": {"VCpuCount": {"Min": 2, "Max": 2}, "MemoryMiB": {"Min": 4096, "Max": 8192}}},
    "DescribeInstanceTypes": lambda w: {"InstanceTypes": ["t3.micro"]},
    "DescribeInstances": lambda w: {"InstanceIds": [w.instance]},
    "DescribeInternetGateways": lambda w: {"InternetGatewayIds": [w.gateway]},
    "DescribeKeyPairs": lambda w: {"KeyNames": ["world"]},
    "DescribeLaunchTemplateVersions": lambda w: {"LaunchTemplateId": w.template},
    "DescribeLaunchTemplates": lambda w: {"LaunchTemplateIds": [w.template]},
    "DescribeLockedSnapshots": lambda w: {},
    "DescribeManagedPrefixLists": lambda w: {},
    "DescribeNetworkAcls": lambda w: {"NetworkAclIds": [w.acl]},
    "DescribeNetworkInterfaceAttribute": lambda w: {"NetworkInterfaceId": w.interface, "Attribute": "description"},
    "DescribeNetworkInterfaces": lambda w: {"NetworkInterfaceIds": [w.interface]},
    "DescribePrefixLists": lambda w: {},
    "DescribeRegions": lambda w: {},
    "DescribeReplaceRootVolumeTasks": lambda w: {},
    "DescribeRouteTables": lambda w: {"RouteTableIds": [w.table]},
    "DescribeSecurityGroupReferences": lambda w: {"GroupId": [w.group]},
    "DescribeSecurityGroupRules": lambda w: {"SecurityGroupRuleIds": [w.rule]},
    "DescribeSecurityGroups": lambda w: {"GroupIds": [w.group]},
    "DescribeSnapshotAttribute": lambda w: {"SnapshotId": w.snapshot, "Attribute": "createVolumePermission"},
    "DescribeSnapshotTierStatus": lambda w: {},
    "DescribeSnapshots": lambda w: {"SnapshotIds": [w.snapshot]},
    "DescribeSpotInstanceRequests": lambda w: {"SpotInstanceRequestIds": [w.spot_request]},
    "DescribeSpotPriceHistory": lambda w: {"InstanceTypes": ["t3.micro"]},
    "DescribeStaleSecurityGroups": lambda w: {"VpcId": w.vpc},
    "DescribeSubnets": lambda w: {"SubnetIds": [w.subnet]},
    "DescribeTags": lambda w: {},
    "DescribeVolumeAttribute": lambda w: {"VolumeId": w.data, "Attribute": "autoEnableIO"},
    "DescribeVolumeStatus": lambda w: {"VolumeIds": [w.data]},
    "DescribeVolumes": lambda w: {"VolumeIds": [w.data]},
    "DescribeVolumesModifications": lambda w: {},
    "DescribeVpcAttribute": lambda w: {"VpcId": w.vpc, "Attribute": "enableDnsSupport"},
    "DescribeVpcClassicLink": lambda w: {"VpcIds": [w.vpc]},
    "DescribeVpcClassicLinkDnsSupport": lambda w: {"VpcIds": [w.vpc]},
    "DescribeVpcs": lambda w: {"VpcIds": [w.vpc]},
    "DetachInternetGateway": lambda w: {"InternetGatewayId": w.gateway, "VpcId": w.vpc},
    "DetachNetworkInterface": lambda w: {"AttachmentId": w.interface_attachment},
    "DetachVolume": lambda w: {"VolumeId": w.stopped_data, "InstanceId": w.stopped},
    "DisableEbsEncryptionByDefault": lambda w: {},
    "DisableImage": lambda w: {"ImageId": w.own_image},
    "DisableImageBlockPublicAccess": lambda w: {},
    "DisableImageDeprecation": lambda w: {"ImageId": w.own_image},
    "DisableImageDeregistrationProtection": lambda w: {"ImageId": w.own_image},
    "DisableSnapshotBlockPublicAccess": lambda w: {},
    "DisassociateAddress": lambda w: {"AssociationId": w.address_association},
    "DisassociateRouteTable": lambda w: {"AssociationId": w.table_association},
    "EnableEbsEncryptionByDefault": lambda w: {},
    "EnableSerialConsoleAccess": lambda w: {},
    "EnableImage": lambda w: {"ImageId": w.own_image},
    "EnableImageBlockPublicAccess": lambda w: {"ImageBlockPublicAccessState": "block-new-sharing"},
    "EnableImageDeprecation": lambda w: {"ImageId": w.own_image, "DeprecateAt": tomorrow()},
    "EnableImageDeregistrationProtection": lambda w: {"ImageId": w.own_image, "WithCooldown": False},
    "EnableSnapshotBlockPublicAccess": lambda w: {"State": "block-new-sharing"},
    "EnableVolumeIO": lambda w: {"VolumeId": w.data},
    "GetConsoleOutput": lambda w: {"InstanceId": w.instance},
    "GetConsoleScreenshot": lambda w: {"InstanceId": w.instance},
    "GetEbsDefaultKmsKeyId": lambda w: {},
    "GetEbsEncryptionByDefault": lambda w: {},
    "GetImageBlockPublicAccessState": lambda w: {},
    "GetInstanceUefiData": None,  # always refused here: no instance boots by UEFI
    "GetInstanceMetadataDefaults": lambda w: {},
    "GetLaunchTemplateData": lambda w: {"InstanceId": w.instance},
    "GetPasswordData": lambda w: {"InstanceId": w.instance},
    "GetSerialConsoleAccessStatus": lambda w: {},
    "GetSnapshotBlockPublicAccessState": lambda w: {},
    "ImportKeyPair": lambda w: {"KeyName": "new", "PublicKeyMaterial": w.public_key},
    "ListImagesInRecycleBin": lambda w: {},
    "ListSnapshotsInRecycleBin": lambda w: {},
    "LockSnapshot": lambda w: {"SnapshotId": w.snapshot, "LockMode": "governance", "LockDuration": 1},
    "ModifyEbsDefaultKmsKeyId": lambda w: {"KmsKeyId": "alias/aws/ebs"},
    "ModifyImageAttribute": lambda w: {"ImageId": w.own_image, "Description": {"Value": "new"}},
    "ModifyInstanceAttribute": lambda w: {"InstanceId": w.instance, "DisableApiTermination": {"Value": True}},
    "ModifyInstanceCapacityReservationAttributes": lambda w: {
        "InstanceId": w.stopped, "CapacityReservationSpecification": {"CapacityReservationPreference": "none"}},
    "GetDefaultCreditSpecification": lambda w: {"InstanceFamily": "t3"},
    "ModifyDefaultCreditSpecification": lambda w: {"InstanceFamily": "t2", "CpuCredits": "standard"},
    "ModifyInstanceCreditSpecification": lambda w: {
        "InstanceCreditSpecifications": [{"InstanceId": w.instance, "CpuCredits": "standard"}]},
    "ModifyInstanceEventStartTime": None,  # refused for what is not scheduled; in test_instance_events
    "ModifyInstanceMaintenanceOptions": lambda w: {"InstanceId": w.instance, "AutoRecovery": "disabled"},
    "ModifyInstanceMetadataDefaults": lambda w: {"HttpPutResponseHopLimit": 3},
    "ModifyInstanceMetadataOptions": lambda w: {"InstanceId": w.instance, "HttpTokens": "required"},
    "ModifyInstancePlacement": lambda w: {"InstanceId": w.stopped, "GroupName": ""},
    "ModifyLaunchTemplate": lambda w: {"LaunchTemplateId": w.template, "DefaultVersion": "2"},
    "ModifyNetworkInterfaceAttribute": lambda w: {
        "NetworkInterfaceId": w.interface, "Description": {"Value": "new"}},
    "ModifyPrivateDnsNameOptions": lambda w: {"InstanceId": w.instance, "EnableResourceNameDnsARecord": True},
    "ModifySecurityGroupRules": lambda w: {"GroupId": w.group, "SecurityGroupRules": [{
        "SecurityGroupRuleId": w.rule, "SecurityGroupRule": {
            "IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "CidrIpv4": "10.0.0.0/8"}}]},
    "ModifySnapshotAttribute": lambda w: {
        "SnapshotId": w.snapshot, "Attribute": "createVolumePermission", "OperationType": "add",
        "UserIds": ["123456789012"]},
    "ModifySnapshotTier": None,  # always refused here: there is one tier
    "ModifySubnetAttribute": lambda w: {"SubnetId": w.subnet, "MapPublicIpOnLaunch": {"Value": True}},
    "ModifyVolume": lambda w: {"VolumeId": w.free_volume, "Size": 2},
    "ModifyVolumeAttribute": lambda w: {"VolumeId": w.data, "AutoEnableIO": {"Value": True}},
    "ModifyVpcAttribute": lambda w: {"VpcId": w.vpc, "EnableDnsHostnames": {"Value": True}},
    "ModifyVpcTenancy": lambda w: {"VpcId": w.vpc, "InstanceTenancy": "default"},
    "MonitorInstances": lambda w: {"InstanceIds": [w.instance]},
    "RebootInstances": lambda w: {"InstanceIds": [w.instance]},
    "RegisterImage": lambda w: {
        "Name": "new", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": w.mapping, "Architecture": "x86_64"},
    "ReleaseAddress": lambda w: {"AllocationId": w.allocation},
    "ReplaceRoute": lambda w: {
        "RouteTableId": w.table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": w.gateway},
    "ReplaceRouteTableAssociation": lambda w: {"AssociationId": w.table_association, "RouteTableId": w.free_table},
    "ReportInstanceStatus": lambda w: {"Instances": [w.instance], "Status": "impaired", "ReasonCodes": ["other"]},
    "RequestSpotInstances": lambda w: {"LaunchSpecification": {**launch_data(w), "SubnetId": w.subnet}},
    "ResetEbsDefaultKmsKeyId": lambda w: {},
    "ResetImageAttribute": lambda w: {"ImageId": w.own_image, "Attribute": "launchPermission"},
    "ResetInstanceAttribute": lambda w: {"InstanceId": w.stopped, "Attribute": "sourceDestCheck"},
    "ResetNetworkInterfaceAttribute": lambda w: {"NetworkInterfaceId": w.interface, "SourceDestCheck": "true"},
    "ResetSnapshotAttribute": lambda w: {"SnapshotId": w.snapshot, "Attribute": "createVolumePermission"},
    "RestoreImageFromRecycleBin": None,  # refused for what is not in the bin; in test_recycle_bin
    "RestoreSnapshotFromRecycleBin": None,  # the same
    "RestoreSnapshotTier": None,  # always refused here: nothing is archived
    "RevokeSecurityGroupEgress": lambda w: {"GroupId": w.group, "SecurityGroupRuleIds": [w.egress_rule]},
    "RevokeSecurityGroupIngress": lambda w: {"GroupId": w.group, "SecurityGroupRuleIds": [w.rule]},
    "RunInstances": lambda w: {
        "ImageId": w.image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "KeyName": "world",
        "SubnetId": w.subnet, "SecurityGroupIds": [w.vpc_group], "UserData": user_data(),
        "EbsOptimized": False, "InstanceInitiatedShutdownBehavior": "stop", "DisableApiTermination": False},
    "StartInstances": lambda w: {"InstanceIds": [w.stopped]},
    "StopInstances": lambda w: {"InstanceIds": [w.instance]},
    "TerminateInstances": lambda w: {"InstanceIds": [w.instance, w.stopped]},
    "UnmonitorInstances": lambda w: {"InstanceIds": [w.instance]},
    "UnlockSnapshot": None,  # refused while there is no lock; in EC2APITests
    "UpdateSecurityGroupRuleDescriptionsEgress": lambda w: {
        "GroupId": w.group, "SecurityGroupRuleDescriptions": [
            {"SecurityGroupRuleId": w.egress_rule, "Description": "new"}]},
    "UpdateSecurityGroupRuleDescriptionsIngress": lambda w: {
        "GroupId": w.group, "SecurityGroupRuleDescriptions": [
            {"SecurityGroupRuleId": w.rule, "Description": "new"}]},
}


def exampled(names):
    """Of the names those with a call that can succeed."""
    return [name for name in names if EXAMPLES.get(name) is not None]


DESCRIBES = [
    "DescribeAddresses", "DescribeDhcpOptions", "DescribeInstances", "DescribeInternetGateways", "DescribeKeyPairs",
    "DescribeLaunchTemplates", "DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeSecurityGroupRules",
    "DescribeSubnets", "DescribeTags", "DescribeVpcs", "DescribeVolumes"]


def everything(account):
    """All that an account has, as the cloud tells it, without request ids."""
    import re
    told = {name: account.ask(name) for name in DESCRIBES}
    told["DescribeImages"] = account.ask("DescribeImages", {"Owner.1": "self"})
    return {name: re.sub(r"<requestId>.*?</requestId>", "", answer.body)
            for name, answer in told.items() if answer.status == 200}


def changed(before, after):
    """Names of the Describes whose answers differ."""
    return [name for name in before if before[name] != after.get(name)]


# What an action is not asked without, though its model does not require it.
BESIDES = {"DescribeLaunchTemplateVersions": ["LaunchTemplateId"]}


def least(action, world):
    """Form fields of the shortest call of the action that makes sense."""
    from apus_testing import model
    shape = model.operation(action).input_shape
    names = (shape.required_members if shape else []) + BESIDES.get(action, [])
    example = EXAMPLES[action](world)
    sent = model.serialized(action, {name: example[name] for name in names}) if names else {}
    return {field: value for field, value in sent.items() if field not in ("Action", "Version")}
