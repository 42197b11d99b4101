import APIGateway

extension EC2Actions {
    static let cpuCredits: [Action] = [
        Action(DescribeInstanceCreditSpecifications.self), Action(ModifyInstanceCreditSpecification.self),
        Action(GetDefaultCreditSpecification.self), Action(ModifyDefaultCreditSpecification.self),
    ]
}
