import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Pages and filters of a Describe")
struct PageTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private var subnets: [String] { cloud.state.subnets.all(of: TestCloud.account).map(\.id.description).sorted() }

    @Test("are refused beside ids, before the ids are looked up, where the reference says so")
    mutating func besideIDs() {
        let none = "i-0123456789abcdef0"
        let code = "InvalidParameterCombination"
        #expect(cloud.refusal(of: DescribeInstances.self, .init(instanceIDs: [none], maxResults: 5)) == code)
        #expect(cloud.refusal(of: DescribeInstanceStatus.self, .init(instanceIDs: ["x"], maxResults: 5)) == code)
        #expect(
            cloud.refusal(of: DescribeInstanceCreditSpecifications.self, .init(instanceIDs: [none], maxResults: 5))
                == code)
        #expect(
            cloud.refusal(of: DescribeNetworkInterfaces.self, .init(maxResults: 5, networkInterfaceIDs: ["x"])) == code)
        #expect(cloud.refusal(of: DescribeVolumes.self, .init(volumeIDs: ["x"], maxResults: 5)) == code)
        #expect(throws: EC2Error.self) {
            try DescribeVolumeStatus.rehearse(.init(maxResults: 5, volumeIDs: ["x"]), &cloud.transaction)
        }
    }

    @Test("are given of named resources elsewhere")
    mutating func named() throws {
        let first = try cloud.perform(DescribeSubnets.self, .init(subnetIDs: subnets, maxResults: 2))
        #expect(first.subnets.map(\.subnetID) == subnets.prefix(2).map { $0 })
        let rest = try cloud.perform(
            DescribeSubnets.self, .init(subnetIDs: subnets, nextToken: first.nextToken, maxResults: 2))
        #expect(rest.subnets.map(\.subnetID) == [subnets[2]] && rest.nextToken == nil)
    }

    @Test("know a token of another action from their own")
    mutating func foreignToken() throws {
        let token = try cloud.perform(DescribeSubnets.self, .init(maxResults: 2)).nextToken
        #expect(cloud.refusal(of: DescribeVpcs.self, .init(nextToken: token)) == "InvalidNextToken")
        #expect(cloud.refusal(of: DescribePrefixLists.self, .init(nextToken: token)) == "InvalidNextToken")
        #expect(cloud.refusal(of: DescribeManagedPrefixLists.self, .init(nextToken: token)) == "InvalidNextToken")
    }

    @Test("have bounds where the model names none")
    mutating func bounds() {
        #expect(cloud.refusal(of: DescribeInstances.self, .init(maxResults: 4)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: DescribeInstances.self, .init(maxResults: 1_001)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: DescribeVolumes.self, .init(maxResults: 4)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: DescribeVolumes.self, .init(maxResults: 5_000)) == nil)
        #expect(cloud.refusal(of: DescribeTags.self, .init(maxResults: 0)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: DescribeImages.self, .init(maxResults: 0)) == "InvalidParameterValue")
    }

    @Test("hold no more than the action says, whatever is asked for, and name the rest")
    mutating func largest() throws {
        for number in 0..<501 {
            var volume = VolumeRecord(
                id: try #require(VolumeID("vol-\(String(0x1000_0000 + number, radix: 16))")),
                account: TestCloud.account, availabilityZone: "us-east-1a", sizeGiB: 1, volumeType: "gp3",
                snapshot: nil, createdAt: cloud.transaction.now)
            volume.modification = VolumeModification(
                from: volume.figures, to: volume.figures, at: cloud.transaction.now)
            cloud.transaction.put(volume)
        }
        let first = try cloud.perform(DescribeVolumesModifications.self, .init(maxResults: 900))
        #expect(first.volumesModifications.count == 500)
        let rest = try cloud.perform(DescribeVolumesModifications.self, .init(nextToken: first.nextToken))
        #expect(rest.volumesModifications.count == 1 && rest.nextToken == nil)
    }

    @Test("take 200 values of filters and no more")
    mutating func manyValues() {
        func filters(_ count: Int) -> [EC2.Filter] {
            [
                EC2.Filter(name: "state", values: ["available"]),
                EC2.Filter(name: "subnet-id", values: (1..<count).map { "subnet-\($0)" }),
            ]
        }
        #expect(cloud.refusal(of: DescribeSubnets.self, .init(filters: filters(200))) == nil)
        #expect(cloud.refusal(of: DescribeSubnets.self, .init(filters: filters(201))) == "FilterLimitExceeded")
    }
}
