"""Where a Describe shows what a filter of another name selects by; paths of members, by `apus_testing.shown_items`.

Filters that are named like what they select by need no line here.
"""

import functools

from apus_testing import shown_items
from apus_testing.shown_items import words

# By action; `*` for all.
PLACES = {
    "*": {"tag-key": ["Tags.Key"], "tag-value": ["Tags.Value"], "status": ["State"]},
    "DescribeAvailabilityZones": {"message": ["Messages.Message"], "parent-zone-id": ["ParentZoneId"]},
    "DescribeDhcpOptions": {"key": ["DhcpConfigurations.Key"], "value": ["DhcpConfigurations.Values.Value"]},
    "DescribeImages": {"is-public": ["Public"], "manifest-location": ["ImageLocation"],
                       "product-code": ["ProductCodes.ProductCodeId"]},
    "DescribeInstanceEventWindows": {
        "event-window-name": ["Name"], "instance-id": ["AssociationTarget.InstanceIds"],
        "instance-tag-key": ["AssociationTarget.Tags.Key"], "instance-tag-value": ["AssociationTarget.Tags.Value"]},
    "DescribeInstanceStatus": {"instance-status.reachability": ["InstanceStatus.Details.Status"],
                               "system-status.reachability": ["SystemStatus.Details.Status"],
                               "attached-ebs-status.status": ["AttachedEbsStatus.Status"]},
    "DescribeInstanceTypes": {"memory-info.size-in-mib": ["MemoryInfo.SizeInMiB"]},
    "DescribeInstances": {
        "dns-name": ["PublicDnsName"], "ip-address": ["PublicIpAddress"], "private-ip-address": ["PrivateIpAddress"],
        "instance.group-id": ["SecurityGroups.GroupId"], "instance.group-name": ["SecurityGroups.GroupName"],
        "metadata-options.http-protocol-ipv4": ["MetadataOptions.HttpEndpoint"],
        "network-interface.addresses.association.owner-id": ["NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId"],
        "network-interface.availability-zone": ["Placement.AvailabilityZone"],
        "network-interface.attachment.instance-id": ["InstanceId"],
        "network-interface.attachment.instance-owner-id": ["OwnerId"],
        "private-dns-name-options.enable-resource-name-dns-a-record":
            ["PrivateDnsNameOptions.EnableResourceNameDnsARecord"],
        "private-dns-name-options.enable-resource-name-dns-aaaa-record":
            ["PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord"],
        "product-code": ["ProductCodes.ProductCodeId"], "placement-group-name": ["Placement.GroupName"]},
    "DescribeNetworkAcls": {
        "entry.cidr": ["Entries.CidrBlock"], "entry.ipv6-cidr": ["Entries.Ipv6CidrBlock"],
        "entry.icmp.code": ["Entries.IcmpTypeCode.Code"], "entry.icmp.type": ["Entries.IcmpTypeCode.Type"],
        "entry.port-range.from": ["Entries.PortRange.From"], "entry.port-range.to": ["Entries.PortRange.To"],
        "entry.protocol": ["Entries.Protocol"], "entry.rule-action": ["Entries.RuleAction"],
        "entry.egress": ["Entries.Egress"], "entry.rule-number": ["Entries.RuleNumber"]},
    "DescribeNetworkInterfaces": {"tag-key": ["TagSet.Key"], "tag-value": ["TagSet.Value"],
                                  "source-dest-check": ["SourceDestCheck"]},
    "DescribeSecurityGroups": {
        direction + "ip-permission." + name: [place + path]
        for direction, place in (("", "IpPermissions."), ("egress.", "IpPermissionsEgress."))
        for name, path in {
            "cidr": "IpRanges.CidrIp", "ipv6-cidr": "Ipv6Ranges.CidrIpv6", "from-port": "FromPort", "to-port": "ToPort",
            "group-id": "UserIdGroupPairs.GroupId", "group-name": "UserIdGroupPairs.GroupName",
            "prefix-list-id": "PrefixListIds.PrefixListId", "protocol": "IpProtocol",
            "user-id": "UserIdGroupPairs.UserId"}.items()},
    "DescribeSnapshotTierStatus": {"last-tiering-operation": ["LastTieringOperationStatus"]},
    "DescribeSubnets": {
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record":
            ["PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord"],
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record":
            ["PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord"]},
    "DescribeVolumes": {"attachment.status": ["Attachments.State"]},
    "DescribeVpcClassicLink": {"is-classic-link-enabled": ["ClassicLinkEnabled"]},
    "DescribeVpcs": {"cidr": ["CidrBlock"]},
}


@functools.cache
def places(action, name):
    """Paths at which an item shows what the filter selects by; none where the answer does not tell."""
    for table in (PLACES.get(action, {}), PLACES["*"]):
        known = set(shown_items.paths(action))
        if name in table and known & set(table[name]):
            return table[name]
    return _named_alike(action, name)


def _named_alike(action, name):
    """Of the paths whose words, after the noun's, hold the filter's in order up to the last one, the shortest."""
    wanted, noun = words(name), words(action)[1:]
    alike = []
    for path in shown_items.paths(action):
        if words(path) == wanted:
            return [path]
        told = noun + words(path)
        rest = iter(told)
        if told[-1] == wanted[-1] and all(word in rest for word in wanted):
            alike.append(path)
    return sorted(alike, key=lambda path: len(words(path)))[:1]
