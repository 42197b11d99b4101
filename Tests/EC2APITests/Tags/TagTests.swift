import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Tags")
struct TagTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("are not given twice under one key")
    mutating func twice() {
        let vpc = cloud.defaultVPC.id.description
        let tags = [EC2.Tag(key: "a", value: "1"), EC2.Tag(key: "a", value: "2")]
        #expect(cloud.refusal(of: CreateTags.self, .init(resources: [vpc], tags: tags)) == "InvalidParameterValue")
        #expect(cloud.state.vpcs[cloud.defaultVPC.id]?.tags.isEmpty == true)
        let specification = EC2.TagSpecification(resourceType: "vpc", tags: tags)
        #expect(
            cloud.refusal(of: CreateVpc.self, .init(cidrBlock: "10.0.0.0/16", tagSpecifications: [specification]))
                == "InvalidParameterValue")
    }

    @Test("are at least one where they are specified")
    mutating func none() {
        let specification = EC2.TagSpecification(resourceType: "vpc", tags: [])
        #expect(
            cloud.refusal(of: CreateVpc.self, .init(cidrBlock: "10.0.0.0/16", tagSpecifications: [specification]))
                == "InvalidParameterValue")
    }

    @Test("of an image, and when it was last launched, are its owner's to see")
    mutating func ofImages() throws {
        let image = cloud.image { image in
            image.isPublic = true
            image.tags = ["Team": "kernel"]
        }
        var launch = cloud.request()
        launch.imageID = image.id.description
        _ = try cloud.running(launch)
        let input = EC2.DescribeImagesRequest(imageIDs: [image.id.description])
        let own = try cloud.perform(DescribeImages.self, input).images.first
        #expect(own?.tags == [EC2.Tag(key: "Team", value: "kernel")] && own?.lastLaunchedTime != nil)
        cloud.become(TestCloud.stranger)
        let foreign = try #require(try cloud.perform(DescribeImages.self, input).images.first)
        #expect(foreign.tags.isEmpty && foreign.lastLaunchedTime == nil)
        let filter = EC2.Filter(name: "tag:Team", values: ["kernel"])
        #expect(try cloud.perform(DescribeImages.self, .init(filters: [filter])).images.isEmpty)
    }
}
