import APIGateway

extension EC2Actions {
    static let encryption: [Action] = [
        Action(DisableEbsEncryptionByDefault.self),
        Action(EnableEbsEncryptionByDefault.self),
        Action(GetEbsDefaultKmsKeyId.self),
        Action(GetEbsEncryptionByDefault.self),
        Action(ModifyEbsDefaultKmsKeyId.self),
        Action(ResetEbsDefaultKmsKeyId.self),
    ]
}
