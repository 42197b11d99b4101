import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ReplaceRouteTableAssociation`: of a subnet, or of the VPC, which makes another table the main one.
enum ReplaceRouteTableAssociation: RecordAction {
    typealias Operation = EC2.Operation.ReplaceRouteTableAssociation

    static func perform(
        _ input: EC2.ReplaceRouteTableAssociationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ReplaceRouteTableAssociationResult {
        let association = try Lookup.id(input.associationID, RouteTableAssociationKind.self)
        let new = try transaction.replaceAssociation(association, with: try Lookup.id(input.routeTableID))
        return EC2.ReplaceRouteTableAssociationResult(
            newAssociationID: new.description,
            associationState: EC2.RouteTableAssociationState(state: .associated))
    }
}
