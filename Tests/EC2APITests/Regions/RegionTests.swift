import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Regions, zones and accounts")
struct RegionTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("show the one region that is served, and the others when asked")
    mutating func regions() throws {
        let own = try cloud.perform(DescribeRegions.self, .init()).regions
        #expect(own.map(\.regionName) == ["us-east-1"])
        #expect(own[0].endpoint == "ec2.us-east-1.amazonaws.com" && own[0].optInStatus == "opt-in-not-required")
        let all = try cloud.perform(DescribeRegions.self, .init(allRegions: true)).regions
        #expect(all.count > 30)
        #expect(all.count { $0.optInStatus == "not-opted-in" } == all.count - 1)
        let named = try cloud.perform(DescribeRegions.self, .init(regionNames: ["eu-west-1"])).regions
        #expect(named.map(\.optInStatus) == ["not-opted-in"])
        #expect(cloud.refusal(of: DescribeRegions.self, .init(regionNames: ["mars-1"])) == "InvalidParameterValue")
        let filter = EC2.Filter(name: "region-name", values: ["eu-*"])
        #expect(try cloud.perform(DescribeRegions.self, .init(filters: [filter])).regions.isEmpty)
    }

    @Test("may be of a region with a name of its own")
    func ownRegion() throws {
        var home = try TestCloud { $0 = CloudSettings(region: "home-north-1", capabilities: $0.capabilities) }
        #expect(try home.perform(DescribeRegions.self, .init()).regions.map(\.regionName) == ["home-north-1"])
        let zones = try home.perform(DescribeAvailabilityZones.self, .init()).availabilityZones
        #expect(zones.map(\.zoneName) == ["home-north-1a", "home-north-1b", "home-north-1c"])
    }

    @Test("show the zones, by name, id or filter")
    mutating func zones() throws {
        let zones = try cloud.perform(DescribeAvailabilityZones.self, .init()).availabilityZones
        #expect(zones.map(\.zoneName) == ["us-east-1a", "us-east-1b", "us-east-1c"])
        #expect(zones.allSatisfy { $0.state == .available && $0.zoneType == "availability-zone" })
        #expect(zones[0].zoneID == "use1-az1" && zones[0].groupName == "us-east-1-zg-1")
        let byID = try cloud.perform(DescribeAvailabilityZones.self, .init(zoneIDs: ["use1-az2"])).availabilityZones
        #expect(byID.map(\.zoneName) == ["us-east-1b"])
        for (name, value, count) in [
            ("zone-name", "*c", 1), ("opt-in-status", "opt-in-not-required", 3), ("zone-type", "local-zone", 0),
            ("region-name", "us-east-1", 3), ("state", "available", 3), ("message", "*", 0),
        ] {
            let filter = EC2.Filter(name: name, values: [value])
            let found = try cloud.perform(
                DescribeAvailabilityZones.self, .init(allAvailabilityZones: true, filters: [filter]))
            #expect(found.availabilityZones.count == count, "\(name)")
        }
        #expect(
            cloud.refusal(of: DescribeAvailabilityZones.self, .init(zoneNames: ["us-east-1z"]))
                == "InvalidParameterValue")
    }

    @Test("show an account's attributes")
    mutating func attributes() throws {
        let all = try cloud.perform(DescribeAccountAttributes.self, .init()).accountAttributes
        #expect(all.count == 6)
        let one = try cloud.perform(DescribeAccountAttributes.self, .init(attributeNames: ["default-vpc"]))
        #expect(one.accountAttributes.map(\.attributeName) == ["default-vpc"])
        #expect(
            one.accountAttributes[0].attributeValues.map(\.attributeValue) == [cloud.defaultVPC.id.description])
    }
}
