import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateSecurityGroup`: in the VPC that is named, else in the default one.
enum CreateSecurityGroup: RecordAction {
    typealias Operation = EC2.Operation.CreateSecurityGroup

    static func perform(
        _ input: EC2.CreateSecurityGroupRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateSecurityGroupResult {
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: SecurityGroupRecord.resourceType, in: transaction)
        let vpc: VPCID? = if let text = input.vpcID { try Lookup.id(text) } else { nil }
        let group = try transaction.createSecurityGroup(
            name: input.groupName, description: input.description, vpc: vpc, tags: tags)
        return EC2.CreateSecurityGroupResult(
            groupID: group.id.description, tags: EC2.Tag.list(group.tags),
            securityGroupARN: transaction.arn(of: group))
    }
}
