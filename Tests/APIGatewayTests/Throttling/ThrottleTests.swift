import APIGateway
import AWSWire
import CloudTypes
import Testing

@Suite("Throttling")
struct ThrottleTests {
    private let start = Timestamp(milliseconds: 1_000_000)
    private let account: AccountID
    private let other: AccountID

    init() throws {
        account = try #require(AccountID("111111111111"))
        other = try #require(AccountID("222222222222"))
    }

    private func costs(_ action: String, _ form: String = "") throws -> [RequestCost] {
        RequestCost.all(of: action, try QueryRequest(body: Array("Action=\(action)&\(form)".utf8)))
    }

    /// How many of the requests in a row are let through at one moment.
    private func admitted(
        _ costs: [RequestCost], by throttle: Throttle, of account: AccountID, at now: Timestamp
    ) -> Int {
        var count = 0
        while count < 20_000, (try? throttle.admit(costs, of: account, at: now)) != nil { count += 1 }
        return count
    }

    @Test(
        "lets an account ask as often as AWS does, by class of action",
        arguments: [
            ("DescribeVpcs", "", 100), ("DescribeInstances", "", 50), ("DescribeInstances", "MaxResults=5", 100),
            ("DescribeInstances", "Filter.1.Name=x&Filter.1.Value.1=y", 100), ("DescribeVolumes", "", 50),
            ("CreateVpc", "", 50), ("CreateKeyPair", "", 50), ("CreateTags", "", 100),
            ("RunInstances", "MaxCount=1", 5), ("EnableImageBlockPublicAccess", "", 1), ("GetConsoleOutput", "", 100),
        ])
    func sizes(action: String, form: String, most: Int) throws {
        let throttle = Throttle(factor: 1)
        #expect(try admitted(costs(action, form), by: throttle, of: account, at: start) == most)
        #expect(try admitted(costs(action, form), by: Throttle(factor: 3), of: account, at: start) == 3 * most)
    }

    @Test("refuses with RequestLimitExceeded, which is a server's fault, and admits again as time goes by")
    func refusal() throws {
        let throttle = Throttle(factor: 1)
        let cost = try costs("DescribeVpcs")
        #expect(admitted(cost, by: throttle, of: account, at: start) == 100)
        let refusal = #expect(throws: EC2Error.self) { try throttle.admit(cost, of: account, at: start) }
        #expect(refusal?.code == "RequestLimitExceeded" && refusal?.httpStatus == 503)
        #expect(admitted(cost, by: throttle, of: account, at: start.adding(seconds: 1)) == 20)
    }

    @Test("counts each account and each action by itself")
    func apart() throws {
        let throttle = Throttle(factor: 1)
        _ = try admitted(costs("DescribeVpcs"), by: throttle, of: account, at: start)
        #expect(try admitted(costs("DescribeVpcs"), by: throttle, of: other, at: start) == 100)
        #expect(try admitted(costs("DescribeSubnets"), by: throttle, of: account, at: start) == 100)
    }

    @Test("counts instances beside requests, and takes from neither what the other lacks")
    func instances() throws {
        let throttle = Throttle(factor: 1)
        func launch(_ count: Int) throws {
            try throttle.admit(costs("RunInstances", "MaxCount=\(count)"), of: account, at: start)
        }
        #expect(throws: EC2Error.self) { try launch(1_001) }
        try launch(999)
        #expect(throws: EC2Error.self) { try launch(2) }
        #expect(try admitted(costs("RunInstances", "MaxCount=1"), by: throttle, of: account, at: start) == 1)
        let ids = (1...600).map { "InstanceId.\($0)=i-1" }.joined(separator: "&")
        #expect(try admitted(costs("TerminateInstances", ids), by: throttle, of: account, at: start) == 1)
    }

    @Test("forgets buckets that are full again, and no others")
    func forgetting() throws {
        let throttle = Throttle(factor: 1)
        let emptied = try costs("EnableImageBlockPublicAccess")
        try throttle.admit(emptied, of: account, at: start)
        for number in 0..<10_100 {
            let crowd = RequestCost(bucket: "\(number)", rate: RequestRate(1, 1))
            try throttle.admit([crowd], of: account, at: start.adding(seconds: Double(number) / 10_000))
        }
        #expect(throws: EC2Error.self) { try throttle.admit(emptied, of: account, at: start.adding(seconds: 5)) }
    }

    private func blockCosts(_ action: String, _ snapshot: String? = nil) -> [RequestCost] {
        RequestCost.all(of: action, in: EBS.service, snapshot: snapshot)
    }

    @Test(
        "lets an account ask the EBS direct APIs as often a second as its quotas say",
        arguments: [
            ("StartSnapshot", 10), ("CompleteSnapshot", 10), ("ListSnapshotBlocks", 50), ("ListChangedBlocks", 50),
            ("GetSnapshotBlock", 1_000), ("PutSnapshotBlock", 1_000),
        ])
    func blocks(action: String, most: Int) {
        let throttle = Throttle(factor: 1)
        let costs = blockCosts(action, "snap-1")
        #expect(admitted(costs, by: throttle, of: account, at: start) == most)
        #expect(admitted(costs, by: throttle, of: account, at: start.adding(seconds: 1)) == most)
    }

    @Test("refuses as the EBS direct APIs do, and tells whether account or snapshot has had too much")
    func blockRefusals() throws {
        let throttle = Throttle(factor: 1)
        // The account's tokens come back as fast as a snapshot's, and go to two snapshots here.
        for _ in 0..<500 { try throttle.admit(blockCosts("GetSnapshotBlock", "snap-1"), of: account, at: start) }
        for _ in 0..<500 { try throttle.admit(blockCosts("GetSnapshotBlock", "snap-2"), of: account, at: start) }
        let ofAccount = #expect(throws: EC2Error.self) {
            try throttle.admit(blockCosts("GetSnapshotBlock", "snap-3"), of: account, at: start)
        }
        #expect(ofAccount?.code == "RequestThrottledException" && ofAccount?.httpStatus == 400)
        #expect(ofAccount?.reason == "ACCOUNT_THROTTLED")
        let snapshotAlone = Array(blockCosts("PutSnapshotBlock", "snap-1").dropFirst())
        _ = admitted(snapshotAlone, by: throttle, of: account, at: start)
        let ofSnapshot = #expect(throws: EC2Error.self) {
            try throttle.admit(blockCosts("PutSnapshotBlock", "snap-1"), of: account, at: start)
        }
        #expect(ofSnapshot?.reason == "RESOURCE_LEVEL_THROTTLE")
    }

    @Test(
        "refuses with the code that services share where theirs has none of its own",
        arguments: [("CreateRule", RecycleBin.service), ("SendSSHPublicKey", InstanceConnect.service)])
    func shared(action: String, service: RESTService) {
        let throttle = Throttle(factor: 1)
        let costs = RequestCost.all(of: action, in: service, snapshot: nil)
        #expect(admitted(costs, by: throttle, of: account, at: start) == 50)
        let refusal = #expect(throws: EC2Error.self) { try throttle.admit(costs, of: account, at: start) }
        #expect(refusal?.code == "ThrottlingException" && refusal?.httpStatus == 400)
    }
}
