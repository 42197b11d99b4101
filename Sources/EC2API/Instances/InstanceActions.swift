import APIGateway

extension EC2Actions {
    static let instances: [Action] = [
        Action(RunInstances.self), Action(DescribeInstances.self), Action(TerminateInstances.self),
        Action(StartInstances.self), Action(StopInstances.self), Action(RebootInstances.self),
        Action(DescribeInstanceStatus.self), Action(ReportInstanceStatus.self),
        Action(DescribeInstanceAttribute.self),
        Action(ModifyInstanceEventStartTime.self),
        Action(ModifyInstanceAttribute.self), Action(ResetInstanceAttribute.self),
        Action(ModifyInstanceMetadataOptions.self), Action(MonitorInstances.self), Action(UnmonitorInstances.self),
        Action(ModifyInstanceMetadataDefaults.self), Action(GetInstanceMetadataDefaults.self),
        Action(EnableSerialConsoleAccess.self), Action(DisableSerialConsoleAccess.self),
        Action(GetSerialConsoleAccessStatus.self),
        Action(GetConsoleScreenshot.self),
        Action(GetConsoleOutput.self), Action(GetPasswordData.self), Action(GetInstanceUefiData.self),
        Action(ModifyInstanceMaintenanceOptions.self),
        Action(ModifyInstanceCapacityReservationAttributes.self),
        Action(ModifyPrivateDnsNameOptions.self), Action(ModifyInstancePlacement.self),
        Action(DescribeIamInstanceProfileAssociations.self),
    ]
}
