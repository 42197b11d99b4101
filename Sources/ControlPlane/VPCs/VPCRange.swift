// Which blocks may be a VPC or a subnet, and how a block is cut into equal ones.
// Source: Amazon VPC User Guide, "VPC CIDR blocks", "Subnet CIDR blocks".

package import CloudTypes

package enum VPCRange {
    package static let defaultVPC = CIDRBlock(IPv4Address(0xAC1F_0000), prefix: 16)
    package static let defaultSubnetPrefix = 20
    /// Prefix lengths of VPCs and subnets.
    package static let prefixes = 16...28
    /// The network, the router, the DNS server, one for later use, and the broadcast address.
    package static let reservedAddressCount = 5

    /// This host, loopback, link-local and multicast: no network of a VPC can be there.
    private static let unusable = [
        CIDRBlock(IPv4Address(0), prefix: 8), CIDRBlock(IPv4Address(0x7F00_0000), prefix: 8),
        CIDRBlock(IPv4Address(0xA9FE_0000), prefix: 16), CIDRBlock(IPv4Address(0xE000_0000), prefix: 3),
    ]

    static func mayBeVPC(_ block: CIDRBlock) -> Bool {
        prefixes.contains(block.prefix) && !unusable.contains { $0.overlaps(block) }
    }

    /// The blocks of the length that make up `block`, from its beginning.
    static func blocks(ofPrefix prefix: Int, in block: CIDRBlock) -> some Sequence<CIDRBlock> {
        let count = prefix < block.prefix ? 0 : 1 << (prefix - block.prefix)
        return (0..<count).lazy.map { number in
            CIDRBlock(block.address.advanced(by: number << (32 - prefix)), prefix: prefix)
        }
    }

    /// Whether the subnet may give the address to an interface.
    static func isUsable(_ address: IPv4Address, in subnet: CIDRBlock) -> Bool {
        subnet.contains(address) && address.number - subnet.address.number >= 4 && address != subnet.last
    }
}
