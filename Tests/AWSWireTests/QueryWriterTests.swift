import AWSWire
import CloudTypes
import Testing

@Suite("A request written down")
struct QueryWriterTests {
    @Test("is read again as it was")
    func roundTrip() throws {
        let request = EC2.RunInstancesRequest(
            blockDeviceMappings: [.init(ebs: .init(volumeSize: 9, volumeType: .gp3), deviceName: "/dev/xvda")],
            imageID: "ami-1", maxCount: 2, minCount: 1, monitoring: .init(enabled: true),
            securityGroupIDs: ["sg-1", "sg-2"], userData: Array("hi".utf8),
            instanceMarketOptions: .init(
                spotOptions: .init(validUntil: Timestamp(milliseconds: 1_795_000_000_123))))
        let parameters = request.parameters
        #expect(parameters["SecurityGroupId.2"] == "sg-2" && parameters["UserData"] == "aGk=")
        #expect(parameters["BlockDeviceMapping.1.Ebs.VolumeType"] == "gp3" && parameters["ImageId"] == "ami-1")
        #expect(try EC2.RunInstancesRequest(parameters: parameters) == request)
    }

    @Test("is read as the answer that repeats it, under the request's names")
    func repeated() throws {
        let data = EC2.RequestLaunchTemplateData(
            networkInterfaces: [.init(deviceIndex: 0, groups: ["sg-1"])], imageID: "ami-1",
            tagSpecifications: [.init(resourceType: "instance", tags: [.init(key: "a", value: "b")])],
            metadataOptions: .init(httpTokens: .required))
        let answer = try EC2.ResponseLaunchTemplateData(parameters: data.parameters)
        #expect(answer.imageID == "ami-1" && answer.metadataOptions?.httpTokens == .required)
        #expect(answer.networkInterfaces.first?.groups == ["sg-1"])
        #expect(answer.tagSpecifications.first?.tags == [.init(key: "a", value: "b")])
    }

    @Test("is refused by a structure that lacks one of its members")
    func surplus() {
        #expect(throws: WireError.unknownParameter("Surplus")) {
            try EC2.RunInstancesRequest(parameters: ["MinCount": "1", "MaxCount": "1", "Surplus": "x"])
        }
    }
}
