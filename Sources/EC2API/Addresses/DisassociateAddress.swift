import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DisassociateAddress`: by the association, or by the address, of which it may be said again.
enum DisassociateAddress: RecordAction {
    typealias Operation = EC2.Operation.DisassociateAddress

    static func perform(
        _ input: EC2.DisassociateAddressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        if input.associationID != nil, input.publicIP != nil {
            throw .invalidParameterCombination(
                "You may specify public IP or association id, but not both in the same call")
        }
        if let text = input.publicIP {
            transaction.disassociate(try AddressChoice.address(text, in: transaction).id)
            return Operation.Output()
        }
        let id = try Lookup.id(input.associationID, named: "AssociationId", AddressAssociationKind.self)
        let owned = transaction.state.addresses.all(of: transaction.account)
        guard let address = owned.first(where: { $0.association?.id == id }) else { throw .notFound(id) }
        transaction.disassociate(address.id)
        return Operation.Output()
    }
}
