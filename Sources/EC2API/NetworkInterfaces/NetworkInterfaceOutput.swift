// A network interface as EC2 shows it.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.NetworkInterface {
    init(_ interface: NetworkInterfaceRecord, in state: CloudState, _ settings: CloudSettings) {
        let primary = interface.addresses.first
        let mapping = primary.flatMap { PublicMapping(of: $0, on: interface, in: state, settings) }
        self.init(
            association: mapping.map { EC2.NetworkInterfaceAssociation($0) },
            attachment: interface.attachment.map {
                EC2.NetworkInterfaceAttachment($0, of: interface.account)
            },
            availabilityZone: interface.availabilityZone, description: interface.description,
            groups: EC2.GroupIdentifier.list(interface.groups, in: state), interfaceType: .interface,
            macAddress: interface.macAddress.description, networkInterfaceID: interface.id.description,
            ownerID: interface.account.description,
            privateDNSName: primary.flatMap { interface.privateDNSName(of: $0, in: state, settings) },
            publicDNSName: mapping?.dnsName, privateIPAddress: primary?.privateAddress.description,
            privateIPAddresses: interface.addresses.enumerated().map { position, address in
                EC2.NetworkInterfacePrivateIpAddress(
                    address, isPrimary: position == 0, on: interface, in: state, settings)
            },
            requesterManaged: interface.isRequesterManaged, sourceDestCheck: interface.sourceDestinationCheck,
            status: interface.attachment == nil ? .available : .inUse, subnetID: interface.subnet.description,
            tagSet: EC2.Tag.list(interface.tags), vpcID: interface.vpc.description,
            operator: EC2.OperatorResponse(managed: false),
            availabilityZoneID: settings.zoneID(ofZone: interface.availabilityZone))
    }
}

extension EC2.NetworkInterfaceAttachment {
    init(_ attachment: NetworkInterfaceRecord.Attachment, of account: AccountID) {
        self.init(
            attachTime: attachment.attachedAt, attachmentID: attachment.id.description,
            deleteOnTermination: attachment.deleteOnTermination, deviceIndex: attachment.deviceIndex,
            networkCardIndex: 0, instanceID: attachment.instance.description, instanceOwnerID: account.description,
            status: EC2.AttachmentStatus(rawValue: attachment.status))
    }
}

extension EC2.NetworkInterfacePrivateIpAddress {
    fileprivate init(
        _ address: NetworkInterfaceRecord.Address, isPrimary: Bool, on interface: NetworkInterfaceRecord,
        in state: CloudState, _ settings: CloudSettings
    ) {
        let mapping = PublicMapping(of: address, on: interface, in: state, settings)
        self.init(
            association: mapping.map { EC2.NetworkInterfaceAssociation($0) }, primary: isPrimary,
            privateDNSName: interface.privateDNSName(of: address, in: state, settings),
            privateIPAddress: address.privateAddress.description)
    }
}

extension EC2.GroupIdentifier {
    /// The groups with their names, in the order given.
    static func list(_ groups: [SecurityGroupID], in state: CloudState) -> [EC2.GroupIdentifier] {
        groups.map { EC2.GroupIdentifier(groupID: $0.description, groupName: state.securityGroups[$0]?.name) }
    }
}

extension NetworkInterfaceRecord {
    /// nil where the VPC names nothing.
    func privateDNSName(of address: Address, in state: CloudState, _ settings: CloudSettings) -> String? {
        guard let vpc = state.vpcs[vpc], vpc.enableDNSSupport, vpc.enableDNSHostnames else { return nil }
        return settings.privateDNSName(of: address.privateAddress)
    }
}
