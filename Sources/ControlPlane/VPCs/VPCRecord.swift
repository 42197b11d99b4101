// VPCs, subnets, gateways, route tables, network ACLs and DHCP options as the store keeps them.

package import CloudTypes

package struct VPCRecord: TaggedRecord {
    package static let kind = "vpc"
    package static let table: TablePath<Self> = \.vpcs

    package var id: VPCID
    package var account: AccountID
    package var cidrBlock: CIDRBlock
    package var cidrAssociation: VPCAssociationID
    package var isDefault: Bool
    /// Of instances that are launched into it, whatever they say themselves if it is `dedicated`.
    package var tenancy = Tenancy.default
    /// nil: the option set `default`, which names no servers of its own and gives nothing by DHCP.
    package var dhcpOptions: DHCPOptionsID?
    package var mainRouteTable: RouteTableID
    package var defaultGroup: SecurityGroupID
    package var defaultACL: NetworkACLID
    package var enableDNSSupport = true
    package var enableDNSHostnames: Bool
    package var enableAddressUsageMetrics = false
    package var tags: [String: String] = [:]

    package init(
        id: VPCID, account: AccountID, cidrBlock: CIDRBlock, cidrAssociation: VPCAssociationID, isDefault: Bool,
        dhcpOptions: DHCPOptionsID?, mainRouteTable: RouteTableID, defaultGroup: SecurityGroupID,
        defaultACL: NetworkACLID
    ) {
        (self.id, self.account, self.cidrBlock) = (id, account, cidrBlock)
        (self.cidrAssociation, self.isDefault, self.dhcpOptions) = (cidrAssociation, isDefault, dhcpOptions)
        (self.mainRouteTable, self.defaultGroup, self.defaultACL) = (mainRouteTable, defaultGroup, defaultACL)
        enableDNSHostnames = isDefault
    }

    package var indexKeys: [IndexKey] { dhcpOptions.map { [IndexKey(.dhcpOptions, $0)] } ?? [] }
}

package struct SubnetRecord: TaggedRecord {
    package static let kind = "subnet"
    package static let table: TablePath<Self> = \.subnets

    package var id: SubnetID
    package var account: AccountID
    package var vpc: VPCID
    package var cidrBlock: CIDRBlock
    package var availabilityZone: String
    package var isDefaultForZone: Bool
    package var mapsPublicAddress: Bool
    package var hostNameType = "ip-name"
    package var resourceNameDNSA = false
    package var resourceNameDNSAAAA = false
    package var aclAssociation: NetworkACLAssociationID
    package var acl: NetworkACLID
    package var tags: [String: String] = [:]

    package init(
        id: SubnetID, account: AccountID, vpc: VPCID, cidrBlock: CIDRBlock, availabilityZone: String,
        isDefaultForZone: Bool, acl: NetworkACLID, aclAssociation: NetworkACLAssociationID
    ) {
        (self.id, self.account, self.vpc, self.cidrBlock) = (id, account, vpc, cidrBlock)
        (self.availabilityZone, self.isDefaultForZone) = (availabilityZone, isDefaultForZone)
        (self.acl, self.aclAssociation) = (acl, aclAssociation)
        mapsPublicAddress = isDefaultForZone
    }

    package var indexKeys: [IndexKey] { [IndexKey(.vpc, vpc)] }
}

package struct InternetGatewayRecord: TaggedRecord {
    package static let kind = "internet-gateway"
    package static let table: TablePath<Self> = \.internetGateways

    package var id: InternetGatewayID
    package var account: AccountID
    package var vpc: VPCID?
    package var tags: [String: String] = [:]

    package init(id: InternetGatewayID, account: AccountID, vpc: VPCID?) {
        (self.id, self.account, self.vpc) = (id, account, vpc)
    }

    package var indexKeys: [IndexKey] { vpc.map { [IndexKey(.vpc, $0)] } ?? [] }
}

package struct RouteTableRecord: TaggedRecord {
    package static let kind = "route-table"
    package static let table: TablePath<Self> = \.routeTables

    package var id: RouteTableID
    package var account: AccountID
    package var vpc: VPCID
    /// Without the local route, which every table has.
    package var routes: [Route] = []
    package var associations: [Association] = []
    package var tags: [String: String] = [:]

    package struct Route: Sendable, Codable, Equatable {
        package var destination: CIDRBlock
        package var target: Target
        package enum Target: Sendable, Codable, Equatable {
            case internetGateway(InternetGatewayID)
            case networkInterface(NetworkInterfaceID)
        }
        /// `CreateRouteTable` (main table's default) or `CreateRoute`.
        package var origin = "CreateRoute"
        package init(destination: CIDRBlock, target: Target) {
            (self.destination, self.target) = (destination, target)
        }
    }

    package struct Association: Sendable, Codable, Equatable {
        package var id: RouteTableAssociationID
        /// nil: the VPC's main table.
        package var subnet: SubnetID?
        package init(id: RouteTableAssociationID, subnet: SubnetID?) { (self.id, self.subnet) = (id, subnet) }
    }

    package init(id: RouteTableID, account: AccountID, vpc: VPCID) {
        (self.id, self.account, self.vpc) = (id, account, vpc)
    }

    package var indexKeys: [IndexKey] {
        [IndexKey(.vpc, vpc)] + associations.compactMap { $0.subnet.map { IndexKey(.subnet, $0) } }
    }
}

/// The default network ACL of a VPC, which lets everything through.
package struct NetworkACLRecord: TaggedRecord {
    package static let kind = "network-acl"
    package static let table: TablePath<Self> = \.networkACLs

    package var id: NetworkACLID
    package var account: AccountID
    package var vpc: VPCID
    package var isDefault: Bool
    package var tags: [String: String] = [:]

    package init(id: NetworkACLID, account: AccountID, vpc: VPCID, isDefault: Bool) {
        (self.id, self.account, self.vpc, self.isDefault) = (id, account, vpc, isDefault)
    }

    package var indexKeys: [IndexKey] { [IndexKey(.vpc, vpc)] }
}

package struct DHCPOptionsRecord: TaggedRecord {
    package static let kind = "dhcp-options"
    package static let table: TablePath<Self> = \.dhcpOptions

    package var id: DHCPOptionsID
    package var account: AccountID
    /// By EC2's keys: `domain-name`, `domain-name-servers`, `ntp-servers`, `netbios-name-servers`, `netbios-node-type`.
    package var options: [String: [String]]
    package var tags: [String: String] = [:]

    package init(id: DHCPOptionsID, account: AccountID, options: [String: [String]]) {
        (self.id, self.account, self.options) = (id, account, options)
    }
}
