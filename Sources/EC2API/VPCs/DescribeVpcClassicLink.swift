import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVpcClassicLink`: no VPC has it, since there is no EC2-Classic to link to.
enum DescribeVpcClassicLink: RecordAction {
    typealias Operation = EC2.Operation.DescribeVpcClassicLink

    private static let filters = FilterTable<VPCRecord>(
        ["is-classic-link-enabled": { _, _ in ["false"] }], tags: \.tags)

    static func perform(
        _ input: EC2.DescribeVpcClassicLinkRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVpcClassicLinkResult {
        let named: [VPCRecord] = try Lookup.owned(input.vpcIDs, in: transaction)
        let selected = try filters.select(named, by: input.filters, in: transaction.state)
        return EC2.DescribeVpcClassicLinkResult(
            vpcs: selected.map { vpc in
                EC2.VpcClassicLink(
                    classicLinkEnabled: false, tags: EC2.Tag.list(vpc.tags), vpcID: vpc.id.description)
            })
    }
}
