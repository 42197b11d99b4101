// The list of resource kinds: prefix, tag word and the codes AWS answers for ids it does not know.
// Source: Amazon EC2 API Reference, "Error codes".

package enum InstanceKind: ResourceKind {
    package static let prefix = "i"
    package static let resourceType = "instance"
    package static let notFoundCode = "InvalidInstanceID.NotFound"
    package static let malformedCode = "InvalidInstanceID.Malformed"
    package static let noun = "instance"
}
package typealias InstanceID = ResourceID<InstanceKind>

package enum ReservationKind: ResourceKind {
    package static let prefix = "r"
    package static let resourceType = "reservation"
    package static let notFoundCode = "InvalidReservationID.NotFound"
    package static let malformedCode = "InvalidReservationID.Malformed"
    package static let noun = "reservation"
}
package typealias ReservationID = ResourceID<ReservationKind>

package enum VolumeKind: ResourceKind {
    package static let prefix = "vol"
    package static let resourceType = "volume"
    package static let notFoundCode = "InvalidVolume.NotFound"
    package static let malformedCode = "InvalidParameterValue"
    package static let noun = "volume"
}
package typealias VolumeID = ResourceID<VolumeKind>

package enum SnapshotKind: ResourceKind {
    package static let prefix = "snap"
    package static let resourceType = "snapshot"
    package static let notFoundCode = "InvalidSnapshot.NotFound"
    package static let malformedCode = "InvalidSnapshotID.Malformed"
    package static let noun = "snapshot"
}
package typealias SnapshotID = ResourceID<SnapshotKind>

package enum ImageKind: ResourceKind {
    package static let prefix = "ami"
    package static let resourceType = "image"
    package static let notFoundCode = "InvalidAMIID.NotFound"
    package static let malformedCode = "InvalidAMIID.Malformed"
    package static let noun = "image"

    package static func notFoundSentence(_ ids: [String]) -> String {
        let list = ids.joined(separator: ", ")
        return ids.count == 1 ? "The image id '[\(list)]' does not exist" : "The image ids '[\(list)]' do not exist"
    }
}
package typealias ImageID = ResourceID<ImageKind>

package enum RootTaskKind: ResourceKind {
    package static let prefix = "replacevol"
    package static let resourceType = "replace-root-volume-task"
    package static let notFoundCode = "InvalidReplaceRootVolumeTaskID.NotFound"
    package static let malformedCode = "InvalidReplaceRootVolumeTaskID.Malformed"
    package static let noun = "replace root volume task"
}
package typealias RootTaskID = ResourceID<RootTaskKind>

package enum VPCKind: ResourceKind {
    package static let prefix = "vpc"
    package static let resourceType = "vpc"
    package static let notFoundCode = "InvalidVpcID.NotFound"
    package static let malformedCode = "InvalidVpcId.Malformed"
    package static let noun = "vpc"
}
package typealias VPCID = ResourceID<VPCKind>

package enum VPCAssociationKind: ResourceKind {
    package static let prefix = "vpc-cidr-assoc"
    package static let resourceType = "vpc-cidr-assoc"
    package static let notFoundCode = "InvalidVpcCidrBlockAssociationID.NotFound"
    package static let malformedCode = "InvalidVpcCidrBlockAssociationId.Malformed"
    package static let noun = "vpc CIDR block association"
}
package typealias VPCAssociationID = ResourceID<VPCAssociationKind>

package enum SubnetKind: ResourceKind {
    package static let prefix = "subnet"
    package static let resourceType = "subnet"
    package static let notFoundCode = "InvalidSubnetID.NotFound"
    package static let malformedCode = "InvalidSubnetId.Malformed"
    package static let noun = "subnet"
}
package typealias SubnetID = ResourceID<SubnetKind>

package enum InternetGatewayKind: ResourceKind {
    package static let prefix = "igw"
    package static let resourceType = "internet-gateway"
    package static let notFoundCode = "InvalidInternetGatewayID.NotFound"
    package static let malformedCode = "InvalidInternetGatewayId.Malformed"
    package static let noun = "internetGateway"
}
package typealias InternetGatewayID = ResourceID<InternetGatewayKind>

package enum RouteTableKind: ResourceKind {
    package static let prefix = "rtb"
    package static let resourceType = "route-table"
    package static let notFoundCode = "InvalidRouteTableID.NotFound"
    package static let malformedCode = "InvalidRouteTableId.Malformed"
    package static let noun = "routeTable"
}
package typealias RouteTableID = ResourceID<RouteTableKind>

package enum RouteTableAssociationKind: ResourceKind {
    package static let prefix = "rtbassoc"
    package static let resourceType = "route-table-association"
    package static let notFoundCode = "InvalidAssociationID.NotFound"
    package static let malformedCode = "InvalidRouteTableAssociationId.Malformed"
    package static let noun = "association"
}
package typealias RouteTableAssociationID = ResourceID<RouteTableAssociationKind>

package enum NetworkACLKind: ResourceKind {
    package static let prefix = "acl"
    package static let resourceType = "network-acl"
    package static let notFoundCode = "InvalidNetworkAclID.NotFound"
    package static let malformedCode = "InvalidNetworkAclId.Malformed"
    package static let noun = "networkAcl"
}
package typealias NetworkACLID = ResourceID<NetworkACLKind>

package enum NetworkACLAssociationKind: ResourceKind {
    package static let prefix = "aclassoc"
    package static let resourceType = "network-acl-association"
    package static let notFoundCode = "InvalidAssociationID.NotFound"
    package static let malformedCode = "InvalidNetworkAclAssociationId.Malformed"
    package static let noun = "association"
}
package typealias NetworkACLAssociationID = ResourceID<NetworkACLAssociationKind>

package enum DHCPOptionsKind: ResourceKind {
    package static let prefix = "dopt"
    package static let resourceType = "dhcp-options"
    package static let notFoundCode = "InvalidDhcpOptionID.NotFound"
    package static let malformedCode = "InvalidDhcpOptionsId.Malformed"
    package static let noun = "dhcpOption"
}
package typealias DHCPOptionsID = ResourceID<DHCPOptionsKind>

package enum NetworkInterfaceKind: ResourceKind {
    package static let prefix = "eni"
    package static let resourceType = "network-interface"
    package static let notFoundCode = "InvalidNetworkInterfaceID.NotFound"
    package static let malformedCode = "InvalidNetworkInterfaceId.Malformed"
    package static let noun = "networkInterface"
}
package typealias NetworkInterfaceID = ResourceID<NetworkInterfaceKind>

package enum NetworkInterfaceAttachmentKind: ResourceKind {
    package static let prefix = "eni-attach"
    package static let resourceType = "network-interface-attachment"
    package static let notFoundCode = "InvalidAttachmentID.NotFound"
    package static let malformedCode = "InvalidNetworkInterfaceAttachmentId.Malformed"
    package static let noun = "attachment"
}
package typealias NetworkInterfaceAttachmentID = ResourceID<NetworkInterfaceAttachmentKind>

package enum SecurityGroupKind: ResourceKind {
    package static let prefix = "sg"
    package static let resourceType = "security-group"
    package static let notFoundCode = "InvalidGroup.NotFound"
    package static let malformedCode = "InvalidGroupId.Malformed"
    package static let noun = "security group"

    package static func notFoundSentence(_ ids: [String]) -> String {
        let list = ids.joined(separator: ", ")
        return ids.count == 1
            ? "The security group '\(list)' does not exist" : "The security groups '\(list)' do not exist"
    }
}
package typealias SecurityGroupID = ResourceID<SecurityGroupKind>

package enum SecurityGroupRuleKind: ResourceKind {
    package static let prefix = "sgr"
    package static let resourceType = "security-group-rule"
    package static let notFoundCode = "InvalidSecurityGroupRuleId.NotFound"
    package static let malformedCode = "InvalidSecurityGroupRuleId.Malformed"
    package static let noun = "security group rule"
}
package typealias SecurityGroupRuleID = ResourceID<SecurityGroupRuleKind>

package enum AllocationKind: ResourceKind {
    package static let prefix = "eipalloc"
    package static let resourceType = "elastic-ip"
    package static let notFoundCode = "InvalidAllocationID.NotFound"
    package static let malformedCode = "InvalidAllocationID.Malformed"
    package static let noun = "allocation"
}
package typealias AllocationID = ResourceID<AllocationKind>

package enum AddressAssociationKind: ResourceKind {
    package static let prefix = "eipassoc"
    package static let resourceType = "elastic-ip-association"
    package static let notFoundCode = "InvalidAssociationID.NotFound"
    package static let malformedCode = "InvalidAssociationID.Malformed"
    package static let noun = "association"
}
package typealias AddressAssociationID = ResourceID<AddressAssociationKind>

package enum KeyPairKind: ResourceKind {
    package static let prefix = "key"
    package static let resourceType = "key-pair"
    package static let notFoundCode = "InvalidKeyPair.NotFound"
    package static let malformedCode = "InvalidKeyPair.Malformed"
    package static let noun = "key pair"
}
package typealias KeyPairID = ResourceID<KeyPairKind>

package enum LaunchTemplateKind: ResourceKind {
    package static let prefix = "lt"
    package static let resourceType = "launch-template"
    package static let notFoundCode = "InvalidLaunchTemplateId.NotFound"
    package static let malformedCode = "InvalidLaunchTemplateId.Malformed"
    package static let noun = "launch template"

    package static func notFoundSentence(_ ids: [String]) -> String {
        "The specified launch template, with template ID \(ids.joined(separator: ", ")), does not exist."
    }
}
package typealias LaunchTemplateID = ResourceID<LaunchTemplateKind>

package enum FleetKind: ResourceKind {
    package static let prefix = "fleet"
    package static let resourceType = "fleet"
    package static let notFoundCode = "InvalidFleetId.NotFound"
    package static let malformedCode = "InvalidFleetId.Malformed"
    package static let noun = "fleet"
}
package typealias FleetID = ResourceID<FleetKind>

package enum SpotRequestKind: ResourceKind {
    package static let prefix = "sir"
    package static let resourceType = "spot-instances-request"
    package static let notFoundCode = "InvalidSpotInstanceRequestID.NotFound"
    package static let malformedCode = "InvalidSpotInstanceRequestID.Malformed"
    package static let noun = "spot instance request"
}
package typealias SpotRequestID = ResourceID<SpotRequestKind>

package enum InstanceEventKind: ResourceKind {
    package static let prefix = "instance-event"
    package static let resourceType = "instance-event"
    package static let notFoundCode = "InvalidInstanceEventIDNotFound"
    package static let malformedCode = "InvalidInstanceEventIDNotFound"
    package static let noun = "instance event"
}
package typealias InstanceEventID = ResourceID<InstanceEventKind>

package enum PlacementGroupKind: ResourceKind {
    package static let prefix = "pg"
    package static let resourceType = "placement-group"
    package static let notFoundCode = "InvalidPlacementGroupId.NotFound"
    package static let malformedCode = "InvalidPlacementGroupId.Malformed"
    package static let noun = "placement group"
}
package typealias PlacementGroupID = ResourceID<PlacementGroupKind>

package enum CapacityReservationKind: ResourceKind {
    package static let prefix = "cr"
    package static let resourceType = "capacity-reservation"
    package static let notFoundCode = "InvalidCapacityReservationId.NotFound"
    package static let malformedCode = "InvalidCapacityReservationId.Malformed"
    package static let noun = "capacity reservation"
}
package typealias CapacityReservationID = ResourceID<CapacityReservationKind>

package enum EventWindowKind: ResourceKind {
    package static let prefix = "iew"
    package static let resourceType = "instance-event-window"
    package static let notFoundCode = "InvalidInstanceEventWindowID.NotFound"
    package static let malformedCode = "InvalidInstanceEventWindowID.Malformed"
    package static let noun = "instance event window"
}
package typealias EventWindowID = ResourceID<EventWindowKind>
