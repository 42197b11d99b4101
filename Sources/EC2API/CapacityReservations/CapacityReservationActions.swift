package import APIGateway

extension EC2Actions {
    package static let capacityReservations: [Action] = [
        Action(CreateCapacityReservation.self),
        Action(DescribeCapacityReservations.self),
        Action(ModifyCapacityReservation.self),
        Action(CancelCapacityReservation.self),
        Action(GetCapacityReservationUsage.self),
    ]
}
