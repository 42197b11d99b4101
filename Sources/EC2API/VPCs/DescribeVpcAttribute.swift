import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVpcAttribute`: the one attribute that was asked for.
enum DescribeVpcAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeVpcAttribute

    static func perform(
        _ input: EC2.DescribeVpcAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVpcAttributeResult {
        let vpc: VPCRecord = try transaction.owned(try Lookup.id(input.vpcID))
        var result = EC2.DescribeVpcAttributeResult(vpcID: vpc.id.description)
        switch input.attribute {
        case .enableDNSSupport:
            result.enableDNSSupport = EC2.AttributeBooleanValue(value: vpc.enableDNSSupport)
        case .enableDNSHostnames:
            result.enableDNSHostnames = EC2.AttributeBooleanValue(value: vpc.enableDNSHostnames)
        case .enableNetworkAddressUsageMetrics:
            result.enableNetworkAddressUsageMetrics = EC2.AttributeBooleanValue(value: vpc.enableAddressUsageMetrics)
        }
        return result
    }
}
