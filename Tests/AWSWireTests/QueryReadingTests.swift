import AWSWire
import CloudTypes
import Testing

/// Reads an operation's input from a form body.
func read<Operation: QueryOperation>(
    _ operation: Operation.Type, _ form: String
) throws(WireError) -> Operation.Input {
    let request = try QueryRequest(body: Array("Action=\(operation.name)&Version=2016-11-15&\(form)".utf8))
    return try Operation.Input(from: request.parameters)
}

@Suite("Reading a query request")
struct QueryReadingTests {
    @Test("scalars, lists and structures find their places")
    func everything() throws {
        let input = try read(
            EC2.Operation.RunInstances.self,
            "ImageId=ami-1&MinCount=1&MaxCount=2&InstanceType=t3.micro&UserData=aGk%3D&SecurityGroupId.1=sg-1"
                + "&SecurityGroupId.2=sg-2&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda"
                + "&BlockDeviceMapping.1.Ebs.VolumeSize=9&BlockDeviceMapping.1.Ebs.VolumeType=gp3&Monitoring.Enabled=true")
        let mapping = EC2.BlockDeviceMapping(
            ebs: EC2.EbsBlockDevice(volumeSize: 9, volumeType: .gp3), deviceName: "/dev/xvda")
        #expect(
            input
                == EC2.RunInstancesRequest(
                    blockDeviceMappings: [mapping], imageID: "ami-1", instanceType: "t3.micro", maxCount: 2, minCount: 1,
                    monitoring: EC2.RunInstancesMonitoringEnabled(enabled: true), securityGroupIDs: ["sg-1", "sg-2"],
                    userData: Array("hi".utf8)))
    }

    @Test("lists are in the order of their numbers, which may begin at 0 and have gaps")
    func sparse() throws {
        let input = try read(
            EC2.Operation.DescribeInstances.self, "InstanceId.10=c&InstanceId.0=a&InstanceId.2=b")
        #expect(input.instanceIDs == ["a", "b", "c"])
    }
}
