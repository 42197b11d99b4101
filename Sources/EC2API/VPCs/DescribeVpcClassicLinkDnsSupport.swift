import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVpcClassicLinkDnsSupport`: no VPC has it.
enum DescribeVpcClassicLinkDnsSupport: RecordAction {
    typealias Operation = EC2.Operation.DescribeVpcClassicLinkDnsSupport

    static func perform(
        _ input: EC2.DescribeVpcClassicLinkDnsSupportRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVpcClassicLinkDnsSupportResult {
        let named: [VPCRecord] = try Lookup.owned(input.vpcIDs, in: transaction)
        let page = try Pagination.page(named, for: input) {
            $0.id.description
        }
        return EC2.DescribeVpcClassicLinkDnsSupportResult(
            nextToken: page.nextToken,
            vpcs: page.items.map {
                EC2.ClassicLinkDnsSupport(classicLinkDNSSupported: false, vpcID: $0.id.description)
            })
    }
}
