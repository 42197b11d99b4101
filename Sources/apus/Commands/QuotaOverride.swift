// `--quota NAME=COUNT`: the operator's own bounds in place of AWS's defaults for new accounts.

import ArgumentParser
import ControlPlane

struct QuotaOverride: ExpressibleByArgument, Sendable {
    private typealias Path = any (WritableKeyPath<CloudSettings.Quotas, Int> & Sendable)

    let name: String
    let count: Int

    private static let paths: [(name: String, path: Path)] =
        [
            ("vpcs", \.vpcs), ("subnets-per-vpc", \.subnetsPerVPC), ("internet-gateways", \.internetGateways),
            ("route-tables-per-vpc", \.routeTablesPerVPC), ("routes-per-table", \.routesPerTable),
            ("elastic-addresses", \.elasticAddresses), ("security-groups", \.securityGroups),
            ("rules-per-group", \.rulesPerGroupAndDirection), ("groups-per-interface", \.groupsPerInterface),
            ("key-pairs", \.keyPairs), ("network-interfaces", \.networkInterfaces),
            ("tags-per-resource", \.tagsPerResource), ("instances", \.instances), ("snapshots", \.snapshots),
            ("launch-templates", \.launchTemplates), ("versions-per-launch-template", \.versionsPerLaunchTemplate),
            ("fast-restored-snapshots", \.fastRestoredSnapshots), ("volume-copies", \.volumeCopies),
            ("encryption-keys", \.encryptionKeys),
            ("placement-groups", \.placementGroups),
        ] + VCPUClass.allCases.map { ("vcpus-\($0.rawValue)", \.[vCPUs: $0]) }
        + VolumeTypeRules.all.keys.sorted().map { ("storage-gib-\($0)", \.[storageGiB: $0]) }
        + [("iops-io1", \.[iops: "io1"]), ("iops-io2", \.[iops: "io2"])]

    static var names: String { paths.map(\.name).joined(separator: ", ") }

    /// nil for an unknown name or what is no count from 0 to 10,000,000.
    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[1]), (0...10_000_000).contains(count) else { return nil }
        let name = String(parts[0])
        guard QuotaOverride.paths.contains(where: { $0.name == name }) else { return nil }
        (self.name, self.count) = (name, count)
    }

    func apply(to quotas: inout CloudSettings.Quotas) {
        for (name, path) in QuotaOverride.paths where name == self.name { quotas[keyPath: path] = count }
    }
}
