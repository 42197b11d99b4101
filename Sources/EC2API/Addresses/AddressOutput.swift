// An Elastic IP address as EC2 shows it, and what it can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

/// The one pool that addresses come from, as EC2 calls it.
enum PublicPool {
    static let name = "amazon"
}

extension EC2.Address {
    init(_ address: AddressRecord, in state: CloudState) {
        let interface = address.interface(in: state)
        self.init(
            allocationID: address.id.description, associationID: address.association?.id.description, domain: .vpc,
            networkInterfaceID: interface?.id.description, networkInterfaceOwnerID: interface?.account.description,
            privateIPAddress: address.association?.privateAddress.description, tags: EC2.Tag.list(address.tags),
            publicIPv4Pool: PublicPool.name, networkBorderGroup: address.networkBorderGroup,
            subnetID: interface?.subnet.description, instanceID: interface?.attachment?.instance.description,
            publicIP: address.publicAddress.description)
    }
}

extension AddressRecord {
    func interface(in state: CloudState) -> NetworkInterfaceRecord? {
        association.flatMap { state.networkInterfaces[$0.interface] }
    }
}

enum AddressFilters {
    static let table = FilterTable<AddressRecord>(
        [
            "allocation-id": { address, _ in [address.id.description] },
            "association-id": { address, _ in address.association.map { [$0.id.description] } ?? [] },
            "domain": { _, _ in ["vpc"] },
            "instance-id": { address, state in
                address.interface(in: state)?.attachment.map { [$0.instance.description] } ?? []
            },
            "network-border-group": { address, _ in [address.networkBorderGroup] },
            "network-interface-id": { address, _ in address.association.map { [$0.interface.description] } ?? [] },
            "network-interface-owner-id": { address, state in
                address.interface(in: state).map { [$0.account.description] } ?? []
            },
            "private-ip-address": { address, _ in
                address.association.map { [$0.privateAddress.description] } ?? []
            },
            "public-ip": { address, _ in [address.publicAddress.description] },
            "public-ipv4-pool": { _, _ in [PublicPool.name] },
        ], tags: \.tags)
}
