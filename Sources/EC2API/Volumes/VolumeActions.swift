import APIGateway

extension EC2Actions {
    static let volumes: [Action] = [
        Action(CreateVolume.self), Action(DeleteVolume.self), Action(DescribeVolumes.self),
        Action(DescribeVolumeStatus.self), Action(DescribeVolumeAttribute.self),
        Action(DescribeVolumesModifications.self), Action(ModifyVolume.self), Action(ModifyVolumeAttribute.self),
        Action(EnableVolumeIO.self), Action(AttachVolume.self), Action(DetachVolume.self), Action(CopyVolumes.self),
    ]
}
