import Testing

@testable import EC2API

@Suite("A call laid over a launch template")
struct LaunchParametersTests {
    private func laid(_ above: [String: String], over template: [String: String]) -> [String: String] {
        LaunchParameters(template).overlaid(with: LaunchParameters(above)).parameters
    }

    @Test("wins where it speaks, and leaves the rest")
    func scalars() {
        let template = ["ImageId": "ami-1", "InstanceType": "t3.micro", "MetadataOptions.HttpTokens": "required"]
        #expect(laid([:], over: template) == template)
        let above = ["InstanceType": "t3.large", "MetadataOptions.HttpEndpoint": "disabled"]
        #expect(laid(above, over: template) == template.merging(above) { $1 })
    }

    @Test("changes block devices of its own names alone")
    func blockDevices() {
        let template = [
            "BlockDeviceMapping.1.DeviceName": "/dev/xvda", "BlockDeviceMapping.1.Ebs.VolumeSize": "8",
            "BlockDeviceMapping.1.Ebs.VolumeType": "gp3", "BlockDeviceMapping.2.DeviceName": "/dev/sdf",
            "BlockDeviceMapping.2.Ebs.VolumeSize": "1",
        ]
        let above = [
            "BlockDeviceMapping.1.DeviceName": "/dev/sdf", "BlockDeviceMapping.1.NoDevice": "",
            "BlockDeviceMapping.2.DeviceName": "/dev/xvda", "BlockDeviceMapping.2.Ebs.VolumeSize": "20",
            "BlockDeviceMapping.3.DeviceName": "/dev/sdg", "BlockDeviceMapping.3.VirtualName": "ephemeral0",
        ]
        #expect(
            laid(above, over: template) == [
                "BlockDeviceMapping.1.DeviceName": "/dev/xvda", "BlockDeviceMapping.1.Ebs.VolumeSize": "20",
                "BlockDeviceMapping.1.Ebs.VolumeType": "gp3", "BlockDeviceMapping.2.DeviceName": "/dev/sdf",
                "BlockDeviceMapping.2.NoDevice": "", "BlockDeviceMapping.3.DeviceName": "/dev/sdg",
                "BlockDeviceMapping.3.VirtualName": "ephemeral0",
            ])
    }

    @Test("changes network interfaces of its own device indexes alone, and their lists as a whole")
    func interfaces() {
        let template = [
            "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.SecurityGroupId.1": "sg-1",
            "NetworkInterface.1.SecurityGroupId.2": "sg-2", "NetworkInterface.2.DeviceIndex": "1",
        ]
        let above = [
            "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.SubnetId": "subnet-1",
            "NetworkInterface.1.SecurityGroupId.1": "sg-3",
        ]
        #expect(
            laid(above, over: template) == [
                "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.SubnetId": "subnet-1",
                "NetworkInterface.1.SecurityGroupId.1": "sg-3", "NetworkInterface.2.DeviceIndex": "1",
            ])
    }

    @Test("joins tags by resource type and key")
    func tags() {
        let template = [
            "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "a",
            "TagSpecification.1.Tag.1.Value": "1", "TagSpecification.1.Tag.2.Key": "b",
            "TagSpecification.1.Tag.2.Value": "2",
        ]
        let above = [
            "TagSpecification.1.ResourceType": "volume", "TagSpecification.1.Tag.1.Key": "a",
            "TagSpecification.2.ResourceType": "instance", "TagSpecification.2.Tag.1.Key": "b",
            "TagSpecification.2.Tag.1.Value": "3",
        ]
        #expect(
            laid(above, over: template) == [
                "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "a",
                "TagSpecification.1.Tag.1.Value": "1", "TagSpecification.1.Tag.2.Key": "b",
                "TagSpecification.1.Tag.2.Value": "3", "TagSpecification.2.ResourceType": "volume",
                "TagSpecification.2.Tag.1.Key": "a",
            ])
    }

    @Test("takes the place of what it is an alternative to")
    func alternatives() {
        #expect(
            laid(["SecurityGroupId.1": "sg-1"], over: ["SecurityGroup.1": "web"]) == ["SecurityGroupId.1": "sg-1"])
        #expect(
            laid(["Placement.AvailabilityZoneId": "use1-az1"], over: ["Placement.AvailabilityZone": "us-east-1a"])
                == ["Placement.AvailabilityZoneId": "use1-az1"])
    }

    @Test("replaces whole members where a new version follows another")
    func replacement() {
        let source = LaunchParameters(["ImageId": "ami-1", "MetadataOptions.HttpTokens": "required"])
        let above = LaunchParameters(["MetadataOptions.HttpEndpoint": "disabled"])
        #expect(
            source.replaced(by: above).parameters == [
                "ImageId": "ami-1", "MetadataOptions.HttpEndpoint": "disabled",
            ])
    }
}
