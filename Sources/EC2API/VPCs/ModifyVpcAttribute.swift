import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyVpcAttribute`: one attribute a call.
enum ModifyVpcAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifyVpcAttribute

    static func perform(
        _ input: EC2.ModifyVpcAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let vpc: VPCRecord = try transaction.owned(try Lookup.id(input.vpcID))
        let given = [input.enableDNSHostnames, input.enableDNSSupport, input.enableNetworkAddressUsageMetrics]
        guard given.contains(where: { $0 != nil }) else { throw .missingParameter("EnableDnsSupport") }
        guard given.filter({ $0 != nil }).count == 1 else {
            throw .invalidParameterCombination("Only one attribute of a VPC can be modified in one request.")
        }
        try UnservedMembers.refuse(
            ["EnableNetworkAddressUsageMetrics": input.enableNetworkAddressUsageMetrics?.value == true],
            because: "it keeps no address usage metrics.")
        transaction.update(vpc.id) { (vpc: inout VPCRecord) in
            if let value = input.enableDNSHostnames?.value { vpc.enableDNSHostnames = value }
            if let value = input.enableDNSSupport?.value { vpc.enableDNSSupport = value }
        }
        return Operation.Output()
    }
}
