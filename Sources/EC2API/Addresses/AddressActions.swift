import APIGateway

extension EC2Actions {
    static let addresses: [Action] = [
        Action(AllocateAddress.self), Action(AssociateAddress.self), Action(DisassociateAddress.self),
        Action(ReleaseAddress.self), Action(DescribeAddresses.self), Action(DescribeAddressesAttribute.self),
    ]
}
