// What an operator chose for the whole cloud; fixed while it runs.

package import CloudTypes
package import InstanceTypeCatalogue
package import NodeContract

package struct CloudSettings: Sendable {
    package var region: String
    package var zones: [Zone]
    /// Elastic and auto-assigned public addresses come from here.
    package var publicPool: CIDRBlock
    /// Addresses of the pool that stand for the host itself and are never given out.
    package var reservedPublicAddresses: Set<IPv4Address>
    package var quotas: Quotas
    package var capabilities: NodeCapabilities
    /// Instance store volumes have so much of the size that AWS gives them: 1 to 100.
    package var instanceStorePercent = 100
    /// How many racks the host counts as in each zone, seven at most: a spread group takes an instance for each, and who has
    /// dedicated instances keeps one to itself.
    package var racks = 7
    /// Seconds from the notice that a spot instance is taken away to its interruption.
    package var spotNotice = 120.0
    package var overcommit = Overcommit()
    package var prices = PriceTable.standard

    package struct Zone: Sendable, Equatable {
        /// `us-east-1a`
        package var name: String
        /// `use1-az1`
        package var id: String
        package init(name: String, id: String) { (self.name, self.id) = (name, id) }
    }

    /// AWS's default quotas for a new account. Source: Service Quotas, Amazon VPC and Amazon EC2.
    package struct Quotas: Sendable {
        package var vpcs = 5
        package var subnetsPerVPC = 200
        package var internetGateways = 5
        package var routeTablesPerVPC = 200
        package var routesPerTable = 50
        package var elasticAddresses = 5
        package var securityGroups = 2_500
        package var rulesPerGroupAndDirection = 60
        package var groupsPerInterface = 5
        package var keyPairs = 5_000
        package var snapshots = 100_000
        package var fastRestoredSnapshots = 5
        /// Copies of volumes that are not initialized yet.
        package var volumeCopies = 5
        package var placementGroups = 500
        /// Of KMS, for one account.
        package var encryptionKeys = 100_000
        package var networkInterfaces = 5_000
        package var tagsPerResource = 50
        package var launchTemplates = 5_000
        package var versionsPerLaunchTemplate = 10_000
        /// Instances of one account that are not terminated; bounds what one caller can ask of a host.
        package var instances = 100_000
        private var counted: [CountedUse: Int] = [:]
        package init() {}

        /// Of instances that run, by the class of their types.
        package subscript(vCPUs kind: VCPUClass) -> Int {
            get { counted[.vCPUs(kind)] ?? 400_000 }
            set { counted[.vCPUs(kind)] = newValue }
        }

        package subscript(storageGiB volumeType: String) -> Int {
            get { counted[.storageGiB(volumeType)] ?? 2_048_000 }
            set { counted[.storageGiB(volumeType)] = newValue }
        }

        package subscript(iops volumeType: String) -> Int {
            get { counted[.iops(volumeType)] ?? 300_000 }
            set { counted[.iops(volumeType)] = newValue }
        }
    }

    package init(region: String, capabilities: NodeCapabilities) {
        self.region = region
        zones = CloudSettings.zones(of: region)
        publicPool = CIDRBlock(IPv4Address(0xC612_0000), prefix: 16)
        reservedPublicAddresses = []
        quotas = Quotas()
        self.capabilities = capabilities
    }

    /// `ec2.internal` in us-east-1, elsewhere the region comes first.
    package var internalDomain: String { region == "us-east-1" ? "ec2.internal" : "\(region).compute.internal" }
    package var publicDomain: String {
        region == "us-east-1" ? "compute-1.amazonaws.com" : "\(region).compute.amazonaws.com"
    }

    /// Three zones a, b, c, with ids as AWS forms them: `use1-az1`.
    private static func zones(of region: String) -> [Zone] {
        let parts = region.split(separator: "-")
        let direction = parts.dropFirst().dropLast().map(abbreviation).joined()
        let short = (parts.first.map(String.init) ?? "") + direction + (parts.last.map(String.init) ?? "")
        return ["a", "b", "c"].enumerated().map { Zone(name: region + $1, id: "\(short)-az\($0 + 1)") }
    }

    private static func abbreviation(of word: Substring) -> String {
        switch word {
        case "northeast": "ne"
        case "northwest": "nw"
        case "southeast": "se"
        case "southwest": "sw"
        default: String(word.prefix(1))
        }
    }
}
