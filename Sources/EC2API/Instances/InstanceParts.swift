// What hangs on an instance, as EC2 shows it with the instance: its volumes and its interfaces.

import AWSWire
import CloudTypes
import ControlPlane

/// A volume as one instance has it.
struct InstanceMapping: Sendable {
    let volume: VolumeRecord
    let attachment: VolumeRecord.Attachment
}

extension CloudState {
    /// The root device first, the others by name.
    func mappings(of instance: InstanceRecord) -> [InstanceMapping] {
        let root = instance.rootDeviceName
        return volumes.all(where: IndexKey(.instance, instance.id))
            .flatMap { volume in
                volume.attachments.filter { $0.instance == instance.id }.map {
                    InstanceMapping(volume: volume, attachment: $0)
                }
            }
            .sorted { left, right in
                let (left, right) = (left.attachment.deviceName, right.attachment.deviceName)
                return (left == root) == (right == root) ? left < right : left == root
            }
    }

    /// By device index: the primary one first.
    func interfaces(of instance: InstanceID) -> [NetworkInterfaceRecord] {
        networkInterfaces.all(where: IndexKey(.instance, instance))
            .sorted { ($0.attachment?.deviceIndex ?? 0) < ($1.attachment?.deviceIndex ?? 0) }
    }
}

extension EC2.InstanceBlockDeviceMapping {
    init(_ mapping: InstanceMapping, of instance: InstanceRecord) {
        let attachment = mapping.attachment
        self.init(
            deviceName: attachment.deviceName,
            ebs: EC2.EbsInstanceBlockDevice(
                attachTime: attachment.attachedAt, deleteOnTermination: attachment.deleteOnTermination,
                status: EC2.AttachmentStatus(rawValue: attachment.state.rawValue),
                volumeID: mapping.volume.id.description))
    }
}

extension EC2.InstanceNetworkInterface {
    init(_ interface: NetworkInterfaceRecord, in state: CloudState, _ settings: CloudSettings) {
        let primary = interface.addresses.first
        let mapping = primary.flatMap { PublicMapping(of: $0, on: interface, in: state, settings) }
        self.init(
            association: mapping.map { EC2.InstanceNetworkInterfaceAssociation($0) },
            attachment: interface.attachment.map { EC2.InstanceNetworkInterfaceAttachment($0) },
            description: interface.description, groups: EC2.GroupIdentifier.list(interface.groups, in: state),
            macAddress: interface.macAddress.description, networkInterfaceID: interface.id.description,
            ownerID: interface.account.description,
            privateDNSName: primary.flatMap { interface.privateDNSName(of: $0, in: state, settings) },
            privateIPAddress: primary?.privateAddress.description,
            privateIPAddresses: interface.addresses.enumerated().map { position, address in
                EC2.InstancePrivateIpAddress(address, isPrimary: position == 0, on: interface, in: state, settings)
            },
            sourceDestCheck: interface.sourceDestinationCheck, status: .inUse,
            subnetID: interface.subnet.description, vpcID: interface.vpc.description, interfaceType: "interface")
        self.operator = EC2.OperatorResponse(managed: false)
    }
}

extension EC2.InstanceNetworkInterfaceAssociation {
    init(_ mapping: PublicMapping) {
        self.init(
            ipOwnerID: mapping.owner, publicDNSName: mapping.dnsName ?? "",
            publicIP: mapping.publicAddress.description)
    }
}

extension EC2.InstanceNetworkInterfaceAttachment {
    init(_ attachment: NetworkInterfaceRecord.Attachment) {
        self.init(
            attachTime: attachment.attachedAt, attachmentID: attachment.id.description,
            deleteOnTermination: attachment.deleteOnTermination, deviceIndex: attachment.deviceIndex,
            status: EC2.AttachmentStatus(rawValue: attachment.status), networkCardIndex: 0)
    }
}

extension EC2.InstancePrivateIpAddress {
    init(
        _ address: NetworkInterfaceRecord.Address, isPrimary: Bool, on interface: NetworkInterfaceRecord,
        in state: CloudState, _ settings: CloudSettings
    ) {
        let mapping = PublicMapping(of: address, on: interface, in: state, settings)
        self.init(
            association: mapping.map { EC2.InstanceNetworkInterfaceAssociation($0) }, primary: isPrimary,
            privateDNSName: interface.privateDNSName(of: address, in: state, settings),
            privateIPAddress: address.privateAddress.description)
    }
}
