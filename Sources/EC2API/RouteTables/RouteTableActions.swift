import APIGateway

extension EC2Actions {
    static let routeTables: [Action] = [
        Action(CreateRouteTable.self), Action(DeleteRouteTable.self), Action(DescribeRouteTables.self),
        Action(AssociateRouteTable.self), Action(DisassociateRouteTable.self),
        Action(ReplaceRouteTableAssociation.self), Action(CreateRoute.self), Action(ReplaceRoute.self),
        Action(DeleteRoute.self),
    ]
}
