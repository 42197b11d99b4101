import AWSWire
import CloudTypes
import Testing

@Suite("Reading a query request")
struct QueryReadingTests {
    @Test("scalars, lists and structures find their places")
    func everything() throws {
        let input = try read(
            EC2.Operation.RunInstances.self,
            "ImageId=ami-1&MinCount=1&MaxCount=2&InstanceType=t3.micro&UserData=aGk%3D&SecurityGroupId.1=sg-1"
                + "&SecurityGroupId.2=sg-2&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda"
                + "&BlockDeviceMapping.1.Ebs.VolumeSize=9&BlockDeviceMapping.1.Ebs.VolumeType=gp3&Monitoring.Enabled=true"
        )
        let mapping = EC2.BlockDeviceMapping(
            ebs: EC2.EbsBlockDevice(volumeSize: 9, volumeType: .gp3), deviceName: "/dev/xvda")
        #expect(
            input
                == EC2.RunInstancesRequest(
                    blockDeviceMappings: [mapping], imageID: "ami-1", instanceType: "t3.micro", maxCount: 2,
                    minCount: 1,
                    monitoring: EC2.RunInstancesMonitoringEnabled(enabled: true), securityGroupIDs: ["sg-1", "sg-2"],
                    userData: Array("hi".utf8)))
    }

    @Test("lists are in the order of their numbers, which may begin at 0 and have gaps")
    func sparse() throws {
        let input = try read(EC2.Operation.DescribeInstances.self, "InstanceId.10=c&InstanceId.0=a&InstanceId.2=b")
        #expect(input.instanceIDs == ["a", "b", "c"])
    }

    @Test("query string and body are one request")
    func both() throws {
        let request = try QueryRequest(query: Array("Action=DescribeVpcs".utf8), body: Array("VpcId.1=vpc-1".utf8))
        #expect(request.action == "DescribeVpcs")
        #expect(try EC2.DescribeVpcsRequest(from: request.parameters).vpcIDs == ["vpc-1"])
    }

    @Test("what belongs to the protocol and to signatures is no parameter")
    func reserved() throws {
        let input = try read(
            EC2.Operation.DescribeRegions.self,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb&X-Amz-Date=1&X-Amz-Expires=60&X-Amz-SignedHeaders=h"
                + "&X-Amz-Signature=0&X-Amz-Security-Token=t&AWSAccessKeyId=k&Signature=s&SignatureVersion=2"
                + "&SignatureMethod=HmacSHA256&Timestamp=2026-01-01T00%3A00%3A00Z&SecurityToken=t")
        #expect(input == EC2.DescribeRegionsRequest())
    }

    @Test("Booleans are read in any case", arguments: ["true", "True", "TRUE"])
    func booleans(text: String) throws {
        #expect(try read(EC2.Operation.DescribeRegions.self, "AllRegions=\(text)").allRegions == true)
    }

    @Test("user data may be wrapped over several lines")
    func wrapped() throws {
        let input = try read(
            EC2.Operation.RunInstances.self, "MinCount=1&MaxCount=1&UserData=IyEv%0AYmlu%0D%0AL3No%0A")
        #expect(input.userData == Array("#!/bin/sh".utf8))
    }

    @Test("two requests for the same have the same canonical parameters, whatever their order, token and signature")
    func canonical() throws {
        func canonical(_ form: String) throws -> String {
            try QueryRequest(body: Array(form.utf8)).canonicalParameters(ignoring: ["ClientToken"])
        }
        let first = try canonical("Action=A&ImageId=ami-1&MinCount=1&ClientToken=a&X-Amz-Date=1")
        #expect(try canonical("MinCount=1&ImageId=ami-1&ClientToken=b&Action=A") == first)
        #expect(try canonical("MinCount=2&ImageId=ami-1") != first)
        #expect(try canonical("ImageId=ami-1%26MinCount%3D1") != first)
    }
}
