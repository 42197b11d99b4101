import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeIamInstanceProfileAssociations`: there are none, since there are no instance profiles.
enum DescribeIamInstanceProfileAssociations: RecordAction {
    typealias Operation = EC2.Operation.DescribeIamInstanceProfileAssociations

    private static let filters = FilterTable<EC2.IamInstanceProfileAssociation>(
        [
            "instance-id": { association, _ in association.instanceID.map { [$0] } ?? [] },
            "state": { association, _ in association.state.map { [$0.rawValue] } ?? [] },
        ])

    static func perform(
        _ input: EC2.DescribeIamInstanceProfileAssociationsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeIamInstanceProfileAssociationsResult {
        if let id = input.associationIDs.first {
            throw EC2Error("InvalidAssociationID.NotFound", "The association ID '\(id)' does not exist")
        }
        let none = try filters.select([], by: input.filters, in: transaction.state)
        let page = try Pagination.page(none, for: input) { $0.associationID ?? "" }
        return EC2.DescribeIamInstanceProfileAssociationsResult(
            iamInstanceProfileAssociations: page.items, nextToken: page.nextToken)
    }
}
