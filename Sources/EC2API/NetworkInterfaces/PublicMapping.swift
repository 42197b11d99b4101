// What stands for a private address outside its VPC, as EC2 shows it with interfaces and instances.

import AWSWire
import CloudTypes
import ControlPlane

/// A public address and whose it is.
struct PublicMapping {
    let publicAddress: IPv4Address
    /// nil for an auto-assigned address.
    let elastic: AddressRecord?
    /// Where the VPC gives public names to its interfaces.
    let dnsName: String?

    /// nil where no public address stands for the private one.
    init?(
        of address: NetworkInterfaceRecord.Address, on interface: NetworkInterfaceRecord, in state: CloudState,
        _ settings: CloudSettings
    ) {
        elastic = state.elasticAddress(for: address.privateAddress, on: interface.id)
        guard let publicAddress = elastic?.publicAddress ?? address.autoPublicAddress else { return nil }
        self.publicAddress = publicAddress
        let isNamed = state.vpcs[interface.vpc]?.enableDNSHostnames == true
        dnsName = isNamed ? settings.publicDNSName(of: publicAddress) : nil
    }

    /// As `IpOwnerId` prints it.
    var owner: String { elastic?.account.description ?? "amazon" }
}

extension EC2.NetworkInterfaceAssociation {
    init(_ mapping: PublicMapping) {
        self.init(
            allocationID: mapping.elastic?.id.description,
            associationID: mapping.elastic?.association?.id.description, ipOwnerID: mapping.owner,
            publicDNSName: mapping.dnsName ?? "", publicIP: mapping.publicAddress.description)
    }
}
