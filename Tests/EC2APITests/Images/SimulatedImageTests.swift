import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Images of a simulated cloud")
struct SimulatedImageTests {
    private var cloud: TestCloud

    init() throws {
        cloud = try TestCloud()
        cloud.transaction.addSimulatedImages()
    }

    @Test(
        "are found by the patterns that scripts and modules use",
        arguments: [
            ("amazon", "al2023-ami-2023.*-x86_64", "x86_64"), ("amazon", "al2023-ami-2023*-arm64", "arm64"),
            ("amazon", "al2023-ami-*-kernel-6.1-x86_64", "x86_64"), ("amazon", "amzn2-ami-hvm-*-x86_64-gp2", "x86_64"),
            ("amazon", "amzn2-ami-hvm*", "x86_64"), ("amazon", "Windows_Server-2022-English-Full-Base-*", "x86_64"),
            ("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", "x86_64"),
            ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "x86_64"),
            ("amazon", "ubuntu/images/*ubuntu-noble-24.04-arm64-server-*", "arm64"),
            ("136693071363", "debian-12-amd64-*", "x86_64"), ("amazon", "debian-12-arm64-*", "arm64"),
        ])
    mutating func found(owner: String, pattern: String, architecture: String) throws {
        let filters = [
            EC2.Filter(name: "name", values: [pattern]), EC2.Filter(name: "architecture", values: [architecture]),
            EC2.Filter(name: "root-device-type", values: ["ebs"]), EC2.Filter(name: "state", values: ["available"]),
            EC2.Filter(name: "virtualization-type", values: ["hvm"]),
        ]
        let images = try cloud.perform(DescribeImages.self, .init(owners: [owner], filters: filters)).images
        #expect(!images.isEmpty)
        for image in images {
            let root = image.blockDeviceMappings.first { $0.deviceName == image.rootDeviceName }?.ebs
            #expect(root?.snapshotID != nil && (root?.volumeSize ?? 0) > 0, "\(image.name ?? "")")
            #expect(image.public == true && image.imageOwnerAlias == "amazon")
        }
    }

    @Test("have platforms, and one has its root in instance store")
    mutating func kinds() throws {
        let windows = EC2.Filter(name: "platform", values: ["windows"])
        let found = try cloud.perform(DescribeImages.self, .init(filters: [windows])).images
        #expect(found.map(\.platform) == ["windows", "windows", "windows"])
        let store = EC2.Filter(name: "root-device-type", values: ["instance-store"])
        #expect(try cloud.perform(DescribeImages.self, .init(filters: [store])).images.count == 1)
    }

    @Test("are made once, with ids that are always the same")
    mutating func stable() throws {
        let before = Set(cloud.state.images.all.map(\.id))
        let accounts = cloud.state.accounts.count
        cloud.transaction.addSimulatedImages()
        #expect(Set(cloud.state.images.all.map(\.id)) == before && cloud.state.accounts.count == accounts)
        var other = try TestCloud()
        other.transaction.addSimulatedImages()
        #expect(Set(other.state.images.all.map(\.id)) == before)
        #expect(Set(cloud.state.images.all.map(\.name)).count == before.count)
    }

    @Test("come in pages")
    mutating func pages() throws {
        var input = EC2.DescribeImagesRequest(maxResults: 5)
        var ids: [String] = []
        repeat {
            let page = try cloud.perform(DescribeImages.self, input)
            ids += page.images.compactMap(\.imageID)
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        #expect(ids == cloud.state.images.all.map(\.id.description).sorted())
    }
}
