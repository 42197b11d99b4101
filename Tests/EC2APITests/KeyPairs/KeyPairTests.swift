import AWSWire
import CloudTypes
import ControlPlane
import Logging
import NodeContract
import Simulation
import Testing

@testable import EC2API

@Suite("Key pairs")
struct KeyPairTests {
    private var cloud: TestCloud
    private static let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINqxt0M7HlAzyn5uxQzKUYzBv7L4sGkL3cVQ4b1kE0nV ann@home"

    init() throws { cloud = try TestCloud() }

    private func importing(_ name: String, _ material: String = line) -> EC2.ImportKeyPairRequest {
        EC2.ImportKeyPairRequest(keyName: name, publicKeyMaterial: Array(material.utf8))
    }

    @Test("are imported, described with and without the key, and found by filters")
    mutating func imported() throws {
        var input = importing("mine")
        input.tagSpecifications = [.init(resourceType: "key-pair", tags: [.init(key: "a", value: "b")])]
        let made = try cloud.perform(ImportKeyPair.self, input)
        #expect(made.keyName == "mine" && made.tags == [.init(key: "a", value: "b")])
        let plain = try cloud.perform(DescribeKeyPairs.self, .init(keyNames: ["mine"])).keyPairs
        #expect(plain.map(\.keyPairID) == [made.keyPairID] && plain.map(\.publicKey) == [nil])
        #expect(plain[0].keyType == .ed25519 && plain[0].keyFingerprint == made.keyFingerprint)
        for (name, value) in [
            ("key-name", "m*"), ("fingerprint", made.keyFingerprint!), ("key-pair-id", made.keyPairID!), ("tag:a", "b"),
        ] {
            let filter = EC2.Filter(name: name, values: [value])
            let found = try cloud.perform(
                DescribeKeyPairs.self, .init(includePublicKey: true, filters: [filter])
            ).keyPairs
            #expect(found.map { $0.publicKey?.hasSuffix(" mine") } == [true], "\(name)")
        }
    }

    @Test("are refused for names that may not be one and for what is no key")
    mutating func refused() throws {
        try cloud.perform(ImportKeyPair.self, importing("mine"))
        #expect(cloud.refusal(of: ImportKeyPair.self, importing("mine")) == "InvalidKeyPair.Duplicate")
        for name in ["", " a", "a ", "ü", String(repeating: "a", count: 256)] {
            #expect(cloud.refusal(of: ImportKeyPair.self, importing(name)) == "InvalidParameterValue")
        }
        #expect(cloud.refusal(of: ImportKeyPair.self, importing("x", "ssh-rsa AAAA")) == "InvalidKey.Format")
    }

    @Test("are refused beyond the quota")
    func quota() throws {
        var small = try TestCloud { $0.quotas.keyPairs = 1 }
        try small.perform(ImportKeyPair.self, importing("one"))
        #expect(small.refusal(of: ImportKeyPair.self, importing("two")) == "KeyPairLimitExceeded")
    }

    @Test("belong to one account")
    mutating func strangers() throws {
        let id = try #require(try cloud.perform(ImportKeyPair.self, importing("mine")).keyPairID)
        cloud.become(TestCloud.stranger)
        #expect(cloud.refusal(of: DescribeKeyPairs.self, .init(keyNames: ["mine"])) == "InvalidKeyPair.NotFound")
        #expect(cloud.refusal(of: DescribeKeyPairs.self, .init(keyPairIDs: [id])) == "InvalidKeyPair.NotFound")
        #expect(try cloud.perform(DeleteKeyPair.self, .init(keyPairID: id)).keyPairID == nil)
        #expect(cloud.refusal(of: ImportKeyPair.self, importing("mine")) == nil)
    }

    @Test("are deleted by name or id, as often as one likes")
    mutating func deleted() throws {
        let id = try cloud.perform(ImportKeyPair.self, importing("mine")).keyPairID
        #expect(try cloud.perform(DeleteKeyPair.self, .init(keyName: "mine")) == .init(return: true, keyPairID: id))
        #expect(try cloud.perform(DeleteKeyPair.self, .init(keyName: "mine")) == .init(return: true))
        let second = try cloud.perform(ImportKeyPair.self, importing("mine")).keyPairID
        #expect(try cloud.perform(DeleteKeyPair.self, .init(keyPairID: second)).keyPairID == second)
        #expect(cloud.refusal(of: DeleteKeyPair.self, .init()) == "MissingParameter")
    }

    @Test("are made with a private half that is shown once")
    func made() async throws {
        let settings = cloud.transaction.settings
        let open = try await Cloud.open(
            MemoryStore(), settings: settings, log: Logger(label: "test"), time: SystemTime())
        let caller = cloud.transaction.caller
        func create(_ input: EC2.CreateKeyPairRequest) async throws -> EC2.KeyPair {
            try await CreateKeyPair.perform(input, for: caller, in: open, on: SimulatedNode())
        }
        let rsa = try await create(.init(keyName: "web"))
        #expect(rsa.keyMaterial?.hasPrefix("-----BEGIN RSA PRIVATE KEY-----") == true)
        #expect(rsa.keyFingerprint?.split(separator: ":").count == 20)
        let putty = try await create(.init(keyName: "win", keyType: .ed25519, keyFormat: .ppk))
        #expect(putty.keyMaterial?.hasPrefix("PuTTY-User-Key-File-2: ssh-ed25519\n") == true)
        #expect(open.records.keyPairs.count == 2)
        await #expect(throws: EC2Error("InvalidKeyPair.Duplicate", "The keypair already exists")) {
            try await create(.init(keyName: "web"))
        }
        await open.close()
    }
}
