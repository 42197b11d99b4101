import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeAccountAttributes`: VPCs alone, which of them is the default one, and quotas.
enum DescribeAccountAttributes: RecordAction {
    typealias Operation = EC2.Operation.DescribeAccountAttributes

    static func perform(
        _ input: EC2.DescribeAccountAttributesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeAccountAttributesResult {
        let quotas = transaction.settings.quotas
        let attributes = [
            ("supported-platforms", "VPC"),
            ("vpc-max-security-groups-per-interface", String(quotas.groupsPerInterface)),
            ("max-elastic-ips", String(quotas.elasticAddresses)),
            ("max-instances", String(quotas.instances)),
            ("vpc-max-elastic-ips", String(quotas.elasticAddresses)),
            ("default-vpc", transaction.state.defaultVPC(of: transaction.account)?.id.description ?? "none"),
        ]
        if let unknown = input.attributeNames.first(where: { name in !attributes.contains { $0.0 == name } }) {
            throw .invalidParameterValue("Invalid value '\(unknown)' for accountAttributeName.")
        }
        let wanted = Set(input.attributeNames)
        return EC2.DescribeAccountAttributesResult(
            accountAttributes: attributes.filter { wanted.isEmpty || wanted.contains($0.0) }.map { name, value in
                EC2.AccountAttribute(
                    attributeName: name, attributeValues: [EC2.AccountAttributeValue(attributeValue: value)])
            })
    }
}
