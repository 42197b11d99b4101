import CloudTypes
import HTTPListener
import Logging
import NodeAgent
import NodeContract
import Testing

@Suite("The instance metadata service")
struct MetadataServiceTests {
    private let service = MetadataService(time: FixedTime(), identity: nil, log: Logger(label: "test"))

    @Test("a token opens what lies behind it")
    func withToken() async throws {
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        let token = try #require(await service.token(for: guest))
        let page = await service.answer(guest.get("/latest/meta-data/instance-id", token: token), in: guest.vpc)
        #expect(page.status == 200)
        #expect(String(decoding: page.body, as: UTF8.self) == "\(guest.metadata.instance)")
    }

    @Test("without a token nothing is told where tokens are required")
    func tokenRequired() async throws {
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await service.answer(guest.get("/latest/meta-data/"), in: guest.vpc).status == 401)
    }

    @Test("without a token all is told where tokens are optional")
    func tokenOptional() async throws {
        var guest = try Sample()
        guest.metadata.options.requiresToken = false
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await service.answer(guest.get("/latest/meta-data/"), in: guest.vpc).status == 200)
    }

    @Test("another guest's token opens nothing")
    func foreignToken() async throws {
        let (one, other) = (try Sample(), try Sample(instance: "i-0000000000000000b", address: "10.0.0.5"))
        await service.set(one.metadata, of: one.metadata.instance)
        await service.set(other.metadata, of: other.metadata.instance)
        let token = try #require(await service.token(for: one))
        #expect(await service.answer(other.get("/latest/user-data", token: token), in: other.vpc).status == 401)
    }

    @Test("a token lives from one second to six hours", arguments: ["0", "21601", "x", ""])
    func lifetimes(text: String) async throws {
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await service.answer(guest.put(seconds: text), in: guest.vpc).status == 400)
    }

    @Test("the same address in another VPC is another guest, or none")
    func otherVPC() async throws {
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        let elsewhere = try #require(VPCID("vpc-0000000b"))
        #expect(await service.answer(guest.put(seconds: "60"), in: elsewhere).status == 404)
    }

    @Test("switched off, it answers 403")
    func off() async throws {
        var guest = try Sample()
        guest.metadata.options.isEnabled = false
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await service.answer(guest.put(seconds: "60"), in: guest.vpc).status == 403)
    }

    @Test("answers travel as many hops as the instance's options say")
    func hopLimit() async throws {
        var guest = try Sample()
        guest.metadata.options.hopLimit = 1
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await service.answer(guest.put(seconds: "60"), in: guest.vpc).ipTTL == 1)
    }

    @Test("a proxy's request for a token is refused")
    func forwarded() async throws {
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        var headers = guest.put(seconds: "60").headers
        headers.append(("X-Forwarded-For", "10.0.0.9"))
        let request = HTTPRequest(
            method: "PUT", target: "/latest/api/token", headers: headers, peerAddress: guest.address)
        #expect(await service.answer(request, in: guest.vpc).status == 403)
    }

    @Test("what changes is told at once, and a guest that is gone is told nothing")
    func changes() async throws {
        var guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        let token = try #require(await service.token(for: guest))
        guest.metadata.userData = Array("second".utf8)
        await service.set(guest.metadata, of: guest.metadata.instance)
        let page = await service.answer(guest.get("/latest/user-data", token: token), in: guest.vpc)
        #expect(page.body == Array("second".utf8))
        await service.set(nil, of: guest.metadata.instance)
        #expect(await service.answer(guest.get("/latest/user-data", token: token), in: guest.vpc).status == 404)
    }
}

/// A clock that stands still.
struct FixedTime: Timekeeper {
    let now = Timestamp(milliseconds: 1_795_478_400_000)
    func sleep(until moment: Timestamp) async throws {}
}

extension MetadataService {
    func token(for guest: Sample) async -> String? {
        let answer = await answer(guest.put(seconds: "60"), in: guest.vpc)
        return answer.status == 200 ? String(decoding: answer.body, as: UTF8.self) : nil
    }
}

/// One guest and the requests that it sends.
struct Sample {
    var metadata: InstanceMetadata
    let vpc: VPCID
    let address: String

    init(instance: String = "i-0000000000000000a", address: String = "10.0.0.4") throws {
        vpc = try #require(VPCID("vpc-0000000a"))
        self.address = address
        let interface = InstanceMetadata.Interface(
            id: try #require(NetworkInterfaceID("eni-0000000a")),
            macAddress: try #require(MACAddress("02:00:00:00:00:0a")),
            deviceIndex: 0, vpc: vpc, vpcBlocks: [try #require(CIDRBlock("10.0.0.0/16"))],
            subnet: try #require(SubnetID("subnet-0000000a")), subnetBlock: try #require(CIDRBlock("10.0.0.0/24")),
            addresses: [
                VPCNetwork.Address(
                    privateAddress: try #require(IPv4Address(address)), publicAddress: IPv4Address("198.18.0.9"))
            ], groupNames: ["web"], groups: [try #require(SecurityGroupID("sg-0000000a"))],
            hostName: "ip-10-0-0-4.ec2.internal", publicHostName: nil)
        metadata = InstanceMetadata(
            instance: try #require(InstanceID(instance)), account: try #require(AccountID("123456789012")),
            region: "us-east-1", availabilityZone: "us-east-1a", availabilityZoneID: "use1-az1",
            image: try #require(ImageID("ami-0000000a")), instanceType: "t3.micro", architecture: .x86_64,
            reservation: try #require(ReservationID("r-0000000a")), launchIndex: 0,
            launchTime: Timestamp(milliseconds: 0), hostName: interface.hostName, domain: "ec2.internal",
            interfaces: [interface])
        metadata.userData = Array("first".utf8)
    }

    func get(_ path: String, token: String? = nil) -> HTTPRequest {
        let headers = token.map { [(name: "X-aws-ec2-metadata-token", value: $0)] } ?? []
        return HTTPRequest(method: "GET", target: path, headers: headers, peerAddress: address)
    }

    func put(seconds: String) -> HTTPRequest {
        HTTPRequest(
            method: "PUT", target: "/latest/api/token",
            headers: [("X-aws-ec2-metadata-token-ttl-seconds", seconds)], peerAddress: address)
    }
}
