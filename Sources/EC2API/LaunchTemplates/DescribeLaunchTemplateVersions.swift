import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeLaunchTemplateVersions`: of one template, newest first; or the latest and default ones of all templates.
enum DescribeLaunchTemplateVersions: RecordAction {
    typealias Operation = EC2.Operation.DescribeLaunchTemplateVersions

    private typealias Item = (version: LaunchTemplateVersionRecord, template: LaunchTemplateRecord)

    static func perform(
        _ input: EC2.DescribeLaunchTemplateVersionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeLaunchTemplateVersionsResult {
        try Pagination.check(input, atLeast: 1, atMost: 200)
        guard input.versions.isEmpty || (input.minVersion == nil && input.maxVersion == nil) else {
            throw .invalidParameterCombination("Versions cannot be used together with MinVersion or MaxVersion.")
        }
        let candidates = try items(input, transaction)
            .sorted { ($0.template.id, $1.version.number) < ($1.template.id, $0.version.number) }
        let selected = try filters.select(candidates, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { item in
            "\(item.template.id) \(highest - item.version.number)"
        }
        var versions: [EC2.LaunchTemplateVersion] = []
        for item in page.items { versions.append(try EC2.LaunchTemplateVersion(item.version, of: item.template)) }
        return EC2.DescribeLaunchTemplateVersionsResult(launchTemplateVersions: versions, nextToken: page.nextToken)
    }

    /// Above every version's number, so that differences to it have one length.
    private static let highest = 9_999_999_999

    private static func items(
        _ input: EC2.DescribeLaunchTemplateVersionsRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [Item] {
        var wanted: [LaunchTemplateVersion] = []
        for text in input.versions { wanted.append(try LaunchTemplateText.version(text)) }
        guard input.launchTemplateID != nil || input.launchTemplateName != nil else {
            return try ofAllTemplates(wanted, transaction)
        }
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        let template = try transaction.launchTemplate(name)
        guard wanted.isEmpty else { return try items(wanted, of: template, transaction) }
        let least = try input.minVersion.map { text throws(EC2Error) in
            try LaunchTemplateText.number(text, named: "MinVersion")
        }
        let most = try input.maxVersion.map { text throws(EC2Error) in
            try LaunchTemplateText.number(text, named: "MaxVersion")
        }
        return transaction.versions(of: template.id)
            .filter { $0.number >= least ?? 1 && $0.number <= most ?? .max }.map { ($0, template) }
    }

    private static func ofAllTemplates(
        _ wanted: [LaunchTemplateVersion], _ transaction: Transaction
    ) throws(EC2Error) -> [Item] {
        guard !wanted.isEmpty, wanted.allSatisfy({ $0 == .latest || $0 == .standard }) else {
            throw .missingParameter("LaunchTemplateId or LaunchTemplateName")
        }
        var found: [Item] = []
        for template in transaction.state.launchTemplates.all(of: transaction.account) {
            found += try items(wanted, of: template, transaction)
        }
        return found
    }

    /// Two names of one version give it once.
    private static func items(
        _ wanted: [LaunchTemplateVersion], of template: LaunchTemplateRecord, _ transaction: Transaction
    ) throws(EC2Error) -> [Item] {
        var found: [Int: LaunchTemplateVersionRecord] = [:]
        for version in wanted {
            let record = try transaction.version(version, of: template)
            found[record.number] = record
        }
        return found.values.map { ($0, template) }
    }

    private static let filters = FilterTable<Item>(
        [
            "create-time": { item, _ in [item.version.createdAt.description] },
            "is-default-version": { item, _ in ["\(item.version.number == item.template.defaultVersion)"] },
            "ebs-optimized": data("EbsOptimized"),
            "http-endpoint": data("MetadataOptions.HttpEndpoint"),
            // The IPv4 endpoint is on wherever the endpoint is.
            "http-protocol-ipv4": data("MetadataOptions.HttpEndpoint"),
            "http-tokens": data("MetadataOptions.HttpTokens"),
            "host-resource-group-arn": data("Placement.HostResourceGroupArn"),
            "iam-instance-profile": data("IamInstanceProfile.Arn"),
            "image-id": data("ImageId"),
            "instance-type": data("InstanceType"),
            "kernel-id": data("KernelId"),
            "license-configuration-arn": elements("LicenseSpecification", "LicenseConfigurationArn"),
            "network-card-index": elements("NetworkInterface", "NetworkCardIndex"),
            "ram-disk-id": data("RamDiskId"),
        ])

    private static func data(_ name: String) -> FilterTable<Item>.Values {
        { item, _ in item.version.data[name].map { [$0] } ?? [] }
    }

    private static func elements(_ list: String, _ name: String) -> FilterTable<Item>.Values {
        { item, _ in
            item.version.data.filter { $0.key.hasPrefix(list + ".") && $0.key.hasSuffix("." + name) }.map(\.value)
        }
    }
}
