import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// `GetInstanceTypesFromInstanceRequirements`: the types that have the attributes, in the order of names. Prices leave types
/// out only where the caller names a threshold.
enum GetInstanceTypesFromInstanceRequirements: RecordAction {
    typealias Operation = EC2.Operation.GetInstanceTypesFromInstanceRequirements

    static func perform(
        _ input: EC2.GetInstanceTypesFromInstanceRequirementsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetInstanceTypesFromInstanceRequirementsResult {
        try UnservedMembers.refuse(
            ["Context": input.context?.isEmpty == false], because: "AWS reserves it for its own use.")
        try Pagination.check(input, atLeast: 1, atMost: 1_000)
        var wanted = try InstanceRequirements(input.instanceRequirements)
        wanted.architectures = Set(input.architectureTypes.map(\.rawValue))
        wanted.virtualizationTypes = Set(input.virtualizationTypes.map(\.rawValue))
        let page = try Pagination.page(
            wanted.select(pricedBy: transaction.settings.prices), for: input
        ) { $0.name }
        return EC2.GetInstanceTypesFromInstanceRequirementsResult(
            instanceTypes: page.items.map { .init(instanceType: $0.name) }, nextToken: page.nextToken)
    }
}
