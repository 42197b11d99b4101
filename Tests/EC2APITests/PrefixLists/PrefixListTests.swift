import AWSWire
import Testing

@testable import EC2API

@Suite("Prefix lists")
struct PrefixListTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("are none, and may be asked for")
    mutating func none() throws {
        let filter = EC2.Filter(name: "prefix-list-name", values: ["com.amazonaws.us-east-1.s3"])
        #expect(try cloud.perform(DescribePrefixLists.self, .init(filters: [filter])).prefixLists.isEmpty)
        #expect(try cloud.perform(DescribeManagedPrefixLists.self, .init(filters: [filter])).prefixLists.isEmpty)
    }

    @Test("are refused by id, and by filters they do not have")
    mutating func refusals() {
        let unknown = EC2.Filter(name: "colour", values: ["red"])
        #expect(
            cloud.refusal(of: DescribePrefixLists.self, .init(prefixListIDs: ["pl-12345678"]))
                == "InvalidPrefixListID.NotFound")
        #expect(
            cloud.refusal(of: DescribeManagedPrefixLists.self, .init(prefixListIDs: ["x"]))
                == "InvalidPrefixListId.Malformed")
        #expect(cloud.refusal(of: DescribePrefixLists.self, .init(filters: [unknown])) == "InvalidParameterValue")
    }
}
