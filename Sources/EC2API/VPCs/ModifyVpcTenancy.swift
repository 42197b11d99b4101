import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyVpcTenancy`: to `default`, the one value that AWS takes; instances that are there stay what they are.
enum ModifyVpcTenancy: RecordAction {
    typealias Operation = EC2.Operation.ModifyVpcTenancy

    static func perform(
        _ input: EC2.ModifyVpcTenancyRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyVpcTenancyResult {
        let vpc: VPCRecord = try transaction.owned(try Lookup.id(input.vpcID))
        transaction.update(vpc.id) { (vpc: inout VPCRecord) in vpc.tenancy = .default }
        return EC2.ModifyVpcTenancyResult(returnValue: true)
    }
}
