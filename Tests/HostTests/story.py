"""A story of one instance beside another that just runs, its acts to be interrupted anywhere, and what the host must
look like between two acts.
"""

import botocore.exceptions
from apus_testing.boot_sector import disk
from apus_testing.host_view import HostView
from apus_testing.waiting import eventually

OPEN_PORT = 4321


class Cloud:
    """One Apus, its two VPCs, and the instance that nothing befalls."""

    def __init__(self, apus, host):
        self.apus, self.view = apus, HostView(apus.state, host)
        apus.start()
        self._images = {}
        self.image = self.image_of("still", disk())
        self.account = apus.first_account()
        self._make_network()
        self.resident = self.launch("resident", None)
        eventually(lambda: self.states().get(self.resident) == "running", "the other instance runs", 60)
        self.resident_process = self.view.guests()[self.resident]

    @property
    def ec2(self):
        return self.account.ec2

    def _make_network(self):
        ec2 = self.ec2
        self.home = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        self.vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.group = ec2.create_security_group(GroupName="g", Description="g", VpcId=self.vpc)["GroupId"]
        address = ec2.allocate_address(Domain="vpc")
        self.allocation, self.address = address["AllocationId"], address["PublicIp"]

    def image_of(self, name, content):
        if name not in self._images:
            file = self.apus.state.parent / f"{name}.raw"
            file.write_bytes(content)
            self._images[name] = self.apus.command("image", "import", "--name", name, str(file)).stdout.split()[-1]
        return self._images[name]

    def launch(self, token, subnet, **more):
        place = {"SubnetId": subnet, "SecurityGroupIds": [self.group]} if subnet else {}
        wish = {"ImageId": self.image, "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1, "ClientToken": token}
        answer = self.ec2.run_instances(**wish | place | more)
        return answer["Instances"][0]["InstanceId"]

    def restart(self):
        self.apus.start()
        self.account = self.account.at(self.apus.endpoint)

    def instances(self):
        pages = self.ec2.get_paginator("describe_instances").paginate()
        return [(reservation, instance) for page in pages for reservation in page["Reservations"]
                for instance in reservation["Instances"]]

    def states(self):
        return {instance["InstanceId"]: instance["State"]["Name"] for _, instance in self.instances()
                if instance["State"]["Name"] != "terminated"}


class Acts:
    """Acts in order; after each, cloud and host are as `wanted` tells.

    Each act may be done again: what is already so answers with a code that says it.
    """

    ACTS = []
    # What is done only for the others' sake, and not interrupted.
    FRAME = set()
    # Whether an act has as many steps each time.
    IS_STEADY = True
    PAIRS = []
    DONE = set()

    def __init__(self, cloud, number):
        self.cloud, self.token = cloud, f"story-{number}"
        self.differences = {}

    def perform(self, act):
        """Asks for it; answers whether it was acknowledged."""
        self._want(act)
        try:
            self._ask(act)
            return True
        except botocore.exceptions.ClientError as refused:
            assert refused.response["Error"]["Code"] in self.DONE, refused
            return True
        except botocore.exceptions.BotoCoreError:
            return False

    def is_at_rest(self):
        """Whether cloud and host are as told."""
        seen, wanted = self.seen(), self.wanted()
        self.differences = {key: (seen[key], wanted[key]) for key in wanted if seen[key] != wanted[key]}
        return not self.differences

    def await_rest(self, unless=lambda: False, seconds=180):
        """Waits until cloud and host are as told, and fails with the difference."""
        try:
            eventually(lambda: unless() or self.is_at_rest(), "all is as it should be", seconds)
        except AssertionError as never:
            raise AssertionError(f"{never}\nseen and wanted: {self.differences}") from None


class Story(Acts):
    """The life of an instance, its rule and its address."""

    ACTS = ["RunInstances", "AuthorizeSecurityGroupIngress", "AssociateAddress", "StopInstances", "StartInstances",
            "RevokeSecurityGroupIngress", "DisassociateAddress", "TerminateInstances"]
    PAIRS = [("StopInstances", "StartInstances"), ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
             ("AssociateAddress", "DisassociateAddress")]
    DONE = {"InvalidPermission.Duplicate", "InvalidPermission.NotFound", "InvalidAssociationID.NotFound"}

    def __init__(self, cloud, number):
        super().__init__(cloud, number)
        self.instance = self.interface = self.association = None
        self.state, self.is_open, self.has_address = None, False, False

    def _want(self, act):
        self.state = {"RunInstances": "running", "StartInstances": "running", "StopInstances": "stopped",
                      "TerminateInstances": None}.get(act, self.state)
        self.is_open = {"AuthorizeSecurityGroupIngress": True, "RevokeSecurityGroupIngress": False}.get(act, self.is_open)
        self.has_address = {"AssociateAddress": True, "DisassociateAddress": False}.get(act, self.has_address)

    def _ask(self, act):
        ec2, ids = self.cloud.ec2, [self.instance]
        rule = {"GroupId": self.cloud.group, "IpProtocol": "tcp", "FromPort": OPEN_PORT, "ToPort": OPEN_PORT,
                "CidrIp": "0.0.0.0/0"}
        if act == "RunInstances":
            self.instance = self.cloud.launch(self.token, self.cloud.subnet)
        elif act == "AuthorizeSecurityGroupIngress":
            ec2.authorize_security_group_ingress(**rule)
        elif act == "RevokeSecurityGroupIngress":
            ec2.revoke_security_group_ingress(**rule)
        elif act == "AssociateAddress":
            answer = ec2.associate_address(AllocationId=self.cloud.allocation, InstanceId=self.instance)
            self.association = answer["AssociationId"]
        elif act == "DisassociateAddress":
            ec2.disassociate_address(AssociationId=self.association)
        elif act == "StopInstances":
            ec2.stop_instances(InstanceIds=ids)
        elif act == "StartInstances":
            ec2.start_instances(InstanceIds=ids)
        elif act == "TerminateInstances":
            ec2.terminate_instances(InstanceIds=ids)

    def wanted(self):
        cloud = self.cloud
        running, there = self.state == "running", self.state is not None
        vpcs = sorted([cloud.home] + ([cloud.vpc] if running else []))
        guests = {cloud.resident} | ({self.instance} if running else set())
        # A port, and the funnel that bounds what its guest sends.
        links = {vpc: ["e", "i", "lo", "svc", "up0"] for vpc in vpcs}
        return {
            "states": {cloud.resident: "running"} | ({self.instance: self.state} if there else {}),
            "volumes": 1 + there, "bytes of volumes": True, "interfaces": 1 + there,
            "reservations of the token": 1 if self.instance else 0,
            "guests": {guest: 1 for guest in guests}, "a user each": True, "the other's process": cloud.resident_process,
            "folders of guests": sorted([cloud.resident] + ([self.instance] if there else [])),
            "namespaces": sorted(["edge"] + vpcs), "resolvers": vpcs, "run folders": vpcs,
            "links": links | {"edge": ["host", "lo"] + ["v"] * len(vpcs), "host": [cloud.view.prefix]},
            "control groups": [], "strays": [],
            "port is open": running and self.is_open, "address leads here": running and self.has_address,
            "association": self.has_address and there, "has booted": running,
        }

    def seen(self):
        cloud, view = self.cloud, self.cloud.view
        instances = cloud.instances()
        volumes = cloud.ec2.describe_volumes()["Volumes"]
        address = cloud.ec2.describe_addresses(AllocationIds=[cloud.allocation])["Addresses"][0]
        self.association = address.get("AssociationId", self.association)
        guests, files, users = view.guests(), view.files(), view.users()
        mine = {reservation["ReservationId"] for reservation, instance in instances
                if instance.get("ClientToken") == self.token}
        links = {space: [link[0] if space != "host" and link[0] in "evi" else link for link in links]
                 for space, links in view.links().items()}
        return {
            "states": cloud.states(), "volumes": len(volumes),
            "bytes of volumes": files["volumes"] == sorted(f"{volume['VolumeId']}.qcow2" for volume in volumes),
            "interfaces": len(cloud.ec2.describe_network_interfaces()["NetworkInterfaces"]),
            "reservations of the token": len(mine),
            "guests": {guest: len(pids) for guest, pids in guests.items()}, "a user each": len(set(users)) == len(users),
            "the other's process": guests.get(cloud.resident), "folders of guests": files["guests"],
            "namespaces": view.namespaces(), "resolvers": view.resolvers(), "run folders": files["run"],
            "links": links, "control groups": sorted(set(view.control_groups()) - set(guests)),
            "strays": view.strays(), "port is open": str(OPEN_PORT) in view.rules(cloud.vpc),
            "address leads here": cloud.address in view.routes_of_edge(), "association": "AssociationId" in address,
            "has booted": self.instance in guests and view.console_length(self.instance) > 0,
        }
